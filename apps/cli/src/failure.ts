import { escapeForTerminal } from "@palmtree/files";
import { isPalmTreeError, type PalmTreeError } from "@palmtree/wire";
import { UsageError } from "./usage-error.js";

/** Why something failed, as the JSON events have it. */
export interface Failure {
  /** A code of `PalmTreeError`; `usage`; or `internal` for what should not happen. */
  readonly code: string;
  /** A sentence for people. It may quote what a peer said: escape it before printing. */
  readonly message: string;
}

/** What is told of an error that was thrown. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof UsageError) return { code: error.code, message: error.message };
  if (isPalmTreeError(error)) return { code: error.code, message: explain(error) };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "internal", message };
}

const systemReasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTDIR: "a part of the path is not a directory",
  EEXIST: "it is not a directory",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the name is too long",
};

/** The operating system's words where it has some, and what to do where that is known. */
function explain(error: PalmTreeError): string {
  const { code, facts, message } = error;
  const path = escapeForTerminal(String(facts.path ?? ""));
  switch (code) {
    case "source-missing":
      return `${path}: no such file or directory`;
    case "source-unreadable":
      return `cannot read ${path}: ${reasonOf(error)}`;
    case "not-writable":
      return `cannot write to ${path}: ${reasonOf(error)}`;
    case "port-taken":
      return `${message}: another process listens there; choose another with --listen, or port 0`;
    default:
      return message;
  }
}

function reasonOf({ facts, cause, message }: PalmTreeError): string {
  const thrown = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const system = facts.system ?? thrown;
  if (typeof system === "string") return systemReasons[system] ?? system;
  return cause instanceof Error ? cause.message : message;
}
