/** Every way in which Palm Tree fails, a sentence each. */
export const errorSentences = {
  "address-invalid": "An address is not HOST or HOST:PORT.",
  "host-unknown": "A host name does not resolve.",
  "port-taken": "The port is used by another process.",
  "not-permitted": "The operating system refuses the operation.",
  "datagram-malformed": "A datagram does not follow the protocol.",
  "frame-malformed": "A frame does not follow the protocol.",
  "protocol-violation": "A peer said something that it may not say now.",
  "link-lost": "The TCP side of a link went away.",
  "not-answering": "An invited peer did not answer.",
  declined: "An invited peer does not take part.",
  "timed-out": "A peer stood still for longer than the time-out.",
  "root-lost": "The root went away before the session's end.",
  left: "A peer left before the session's end.",
  "session-over": "No session runs that could be joined.",
  "no-peers": "No peer takes part.",
  aborted: "The caller stopped the session.",
  "source-missing": "A file or directory to send does not exist.",
  "source-unreadable": "A file or directory to send cannot be read.",
  "source-changed": "A file changed while it was being sent.",
  "source-unsupported": "Something to send is neither a file nor a directory.",
  "manifest-invalid": "A manifest breaks the rules.",
  "name-unsafe": "A name could leave the destination or mean something else on another system.",
  "name-exists": "Something with that name is already at the destination.",
  "not-writable": "The destination cannot be written.",
  "disk-full": "The destination has no space left.",
  "store-failed": "Writing to the destination failed.",
  "chunk-corrupt": "A chunk does not have the hash that it should have.",
  "content-mismatch": "The received content does not have the session's hash.",
  "limit-exceeded": "A size or count is beyond its limit.",
  "key-invalid": "A key is missing or malformed.",
} as const;

/** The code by which a failure is recognised. */
export type ErrorCode = keyof typeof errorSentences;

/** Whose fault a failure is: something on this machine, or what a peer did. */
export type Fault = "local" | "remote";

/** Facts about a failure: what, where, got and expected. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The one error type of all packages. Recognise it by `code`, never by its text.
 *
 * @example
 * ```ts
 * try { ... } catch (error) {
 *   if (isPalmTreeError(error) && error.code === "disk-full") ...
 * }
 * ```
 */
export class PalmTreeError extends Error {
  override readonly name = "PalmTreeError";
  readonly code: ErrorCode;
  readonly fault: Fault;
  readonly facts: ErrorFacts;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly fault?: Fault; readonly facts?: ErrorFacts; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fault = options.fault ?? "local";
    this.facts = options.facts ?? {};
  }
}

/** Whether `error` is a {@link PalmTreeError}, from this copy of the package or another. */
export function isPalmTreeError(error: unknown): error is PalmTreeError {
  return error instanceof Error && error.name === "PalmTreeError" && "code" in error;
}
