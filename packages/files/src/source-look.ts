import { lstat as lstatCallback, type Stats } from "node:fs";
import { access, constants, readlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeUtf8, PalmTreeError } from "@palmtree/wire";
import type { ManifestEntry } from "./core/manifest-entries.js";
import { escapeForTerminal } from "./core/safe-path.js";
import { isMissing, sourceError } from "./disk-error.js";

/** What is there. Node's own object for this is ten times as large. */
export interface FoundSource {
  readonly kind: ManifestEntry["kind"];
  readonly sizeBytes: number;
  readonly mode: number;
  readonly modifiedMs: number;
  /**
   * Where a link leads, its components separated by "/", without `.` and empty ones; undefined when
   * that is not UTF-8.
   */
  readonly target?: string | undefined;
}

const lstat = promisify(lstatCallback);

/**
 * Looks at what is there, without following links, and checks that it can be read.
 *
 * @throws source-unsupported for what cannot be sent, source-unreadable, or `whenMissing`
 */
export async function look(
  path: string,
  whenMissing: "source-missing" | "source-changed",
): Promise<FoundSource> {
  try {
    const stats = await lstat(path);
    const { size: sizeBytes, mode, mtimeMs: modifiedMs } = stats;
    if (stats.isSymbolicLink()) {
      const target = await readTarget(path);
      return { kind: "link", sizeBytes: 0, mode, modifiedMs, target };
    }
    const kind = kindOf(path, stats);
    const isEverybodys = (mode & 0o444) === 0o444;
    if (!isEverybodys) await access(path, constants.R_OK);
    return { kind, sizeBytes, mode, modifiedMs };
  } catch (error) {
    throw sourceError(error, path, whenMissing);
  }
}

/** Looks at something that a directory says it has. */
export async function lookInside(directory: string, name: string): Promise<FoundSource> {
  const path = join(directory, name);
  try {
    return await look(path, "source-changed");
  } catch (error) {
    // Node puts U+FFFD where a name is not UTF-8; there is no file of that name.
    if (!name.includes("\ufffd") || !isMissing((error as Error).cause)) throw error;
    throw unsafe(path, "its name is not UTF-8");
  }
}

/** The error for something that has a name that cannot be sent. */
export function unsafe(path: string, problem: string): PalmTreeError {
  return new PalmTreeError("name-unsafe", `${escapeForTerminal(path)} cannot be sent: ${problem}`, {
    facts: { path, problem },
  });
}

/** The error for a link that cannot be sent as one. */
export function unsendable(path: string, problem: string): PalmTreeError {
  const message = `The symbolic link ${escapeForTerminal(path)} cannot be sent: ${problem}`;
  return new PalmTreeError("source-unsupported", message, { facts: { path, problem } });
}

async function readTarget(path: string): Promise<string | undefined> {
  const bytes = await readlink(path, { encoding: "buffer" });
  const text = decodeUtf8(bytes, 0, bytes.length);
  if (text === undefined) return undefined;
  const given = process.platform === "win32" ? text.replaceAll("\\", "/") : text;
  // The first part of an absolute one is empty, and stays.
  const parts = given.split("/").filter((part, place) => place === 0 || !isIdle(part));
  if (parts.length > 1 && parts[0] === ".") parts.shift();
  return parts.join("/");
}

/** A component that changes nothing. */
function isIdle(part: string): boolean {
  return part === "" || part === ".";
}

function kindOf(path: string, stats: Stats): "file" | "directory" {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  const what = stats.isFIFO() ? "a pipe" : stats.isSocket() ? "a socket" : "a device";
  const message = `${escapeForTerminal(path)} is ${what}: only files, directories and links are sent`;
  throw new PalmTreeError("source-unsupported", message, { facts: { path } });
}
