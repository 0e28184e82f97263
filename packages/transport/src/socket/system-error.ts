import { type ErrorCode, type Fault, PalmTreeError } from "@palmtree/wire";

/** What the operating system lacks here, whoever is at the other end. */
const localCodes: ReadonlySet<string> = new Set([
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EADDRNOTAVAIL",
  "EACCES",
  "EPERM",
]);

/** The operating system's name for what went wrong, or "unknown". */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "unknown";
}

/** Why a connection to `address` did not open, or was lost. */
export function connectionError(address: string, cause: unknown): PalmTreeError {
  const reason = systemCode(cause);
  const isForbidden = reason === "EACCES" || reason === "EPERM";
  const code: ErrorCode = isForbidden ? "not-permitted" : "link-lost";
  const fault: Fault = localCodes.has(reason) ? "local" : "remote";
  return new PalmTreeError(code, `${address}: ${reason}`, {
    fault,
    facts: { address, reason },
    cause,
  });
}

/** Why host and port cannot be listened on. */
export function listenError(host: string, port: number, cause: unknown): PalmTreeError {
  const reason = systemCode(cause);
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const options = { facts: { address, reason }, cause };
  if (reason === "EADDRINUSE") {
    return new PalmTreeError("port-taken", `${address}: the port is taken`, options);
  }
  if (reason === "EACCES" || reason === "EPERM") {
    return new PalmTreeError("not-permitted", `${address}: listening is not permitted`, options);
  }
  const message = `${address}: this machine cannot listen there (${reason})`;
  return new PalmTreeError("address-invalid", message, options);
}

/** Nothing came, or nothing moved, for too long. */
export function timeoutError(address: string, what: string, timeoutMs: number): PalmTreeError {
  return new PalmTreeError("timed-out", `${address}: ${what} took more than ${timeoutMs} ms`, {
    fault: "remote",
    facts: { address, what, timeoutMs },
  });
}
