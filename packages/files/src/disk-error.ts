import { type ErrorCode, isPalmTreeError, PalmTreeError } from "@palmtree/wire";
import { escapeForTerminal } from "./core/safe-path.js";

/** The operating system's name of a failure (`ENOSPC`), undefined when it is something else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether something failed because nothing is there, or a link where none was expected. */
export function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error) ?? "");
}

/** What the operating system's failures at the destination mean; the rest is `store-failed`. */
const destinationCodes: ReadonlyMap<string, ErrorCode> = new Map([
  ["ENOSPC", "disk-full"],
  ["EDQUOT", "disk-full"],
  ["EACCES", "not-writable"],
  ["EPERM", "not-writable"],
  ["EROFS", "not-writable"],
]);

/**
 * The error for something that failed at the destination.
 *
 * @param error - what was thrown; a {@link PalmTreeError} is returned as it is
 * @param doing - what failed, to follow "cannot": `write`, `make the directory`
 * @param path - what it was done to
 */
export function destinationError(error: unknown, doing: string, path: string): PalmTreeError {
  if (isPalmTreeError(error)) return error;
  const system = systemCode(error);
  const code = destinationCodes.get(system ?? "") ?? "store-failed";
  return failure(code, { error, doing, path, system });
}

/**
 * The error for something that failed at the source.
 *
 * @param error - what was thrown; a {@link PalmTreeError} is returned as it is
 * @param path - what could not be read
 * @param whenMissing - what it means that nothing is there: it never was, or it went away
 */
export function sourceError(
  error: unknown,
  path: string,
  whenMissing: "source-missing" | "source-changed",
): PalmTreeError {
  if (isPalmTreeError(error)) return error;
  const system = systemCode(error);
  const code = isMissing(error) ? whenMissing : "source-unreadable";
  return failure(code, { error, doing: "read", path, system });
}

interface Failure {
  readonly error: unknown;
  readonly doing: string;
  readonly path: string;
  readonly system: string | undefined;
}

function failure(code: ErrorCode, { error, doing, path, system }: Failure): PalmTreeError {
  const why = system ?? (error instanceof Error ? error.message : String(error));
  const message = `Cannot ${doing} ${escapeForTerminal(path)}: ${why}`;
  return new PalmTreeError(code, message, { facts: { path, system }, cause: error });
}
