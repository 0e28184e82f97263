import { escapeForTerminal } from "@palmtree/files";

/** The caller's mistake, in a sentence that says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** `usage`, or the code of the failure behind it, such as `key-invalid`. */
  readonly code: string;

  constructor(message: string, options: { readonly code?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? "usage";
  }
}

/**
 * A value that an option does not take.
 *
 * @param name - where the value was given: `--fanout`, `hosts.txt, line 3`
 * @param expected - what may be given, with its range: `an integer from 1 to 64`
 */
export function badValue(name: string, got: string, expected: string): UsageError {
  return new UsageError(`${name}: got ${quote(got)}, expected ${expected}`);
}

/** A caller's text, safe to print, in quotes. */
export function quote(text: string): string {
  return `"${escapeForTerminal(text)}"`;
}

/** A file that an option names and that cannot be read. */
export function unreadable(option: string, path: string, cause: unknown): UsageError {
  const system = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const why = { ENOENT: "no such file", EACCES: "permission denied", EISDIR: "is a directory" };
  const said = why[system as keyof typeof why] ?? system;
  return new UsageError(`${option}: cannot read ${quote(path)}: ${said}`, { cause });
}
