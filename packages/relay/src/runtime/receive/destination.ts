import { access, constants, lstat, mkdir, readdir, stat, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import { escapeForTerminal } from "@palmtree/files";
import { PalmTreeError } from "@palmtree/wire";
import type { Refusal } from "./relay-options.js";

/**
 * Makes the directory, if it is not there, and checks that it can be written.
 *
 * @returns its absolute path
 * @throws not-writable
 */
export async function prepareDirectory(directory: string): Promise<string> {
  const path = resolve(directory);
  try {
    await mkdir(path, { recursive: true });
    await checkWritable(path);
    return path;
  } catch (cause) {
    const shown = escapeForTerminal(path);
    throw new PalmTreeError(
      "not-writable",
      `Cannot write to the directory ${shown}: ${why(cause)}`,
      {
        facts: { path },
        cause,
      },
    );
  }
}

/**
 * Why a session of that size should not be tried here; undefined when it may. Where there is too
 * little space it may still, if files stand there that could be what is sent.
 *
 * @param reserved - bytes that other sessions will still write
 */
export async function refuseForDisk(
  directory: string,
  totalBytes: number,
  reserved: number,
): Promise<Refusal | undefined> {
  try {
    await checkWritable(directory);
  } catch (error) {
    return { reason: "not-writable", detail: `the directory cannot be written: ${why(error)}` };
  }
  // Some file systems do not tell, or say that they have no blocks at all: then writing will show.
  const space = await statfs(directory).catch(() => undefined);
  if (space === undefined || space.blocks === 0) return undefined;
  const available = Math.max(0, space.bavail * space.bsize - reserved);
  if (available >= totalBytes) return undefined;
  // What stands there already needs no room. The manifest will tell, before anything is written.
  if (await holds(directory, totalBytes - available)) return undefined;
  return { reason: "no-space", detail: `${available} bytes are left, ${totalBytes} are needed` };
}

/** More files than this are not looked at: about a second's work. */
const mostLooks = 50_000;

/** Whether the files in a directory have so many bytes together, those of transfers left out. */
async function holds(directory: string, bytes: number): Promise<boolean> {
  const waiting = [directory];
  let found = 0;
  let looks = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const child of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      const path = join(next, child.name);
      if (child.isDirectory() && !child.name.startsWith(".palmtree-")) waiting.push(path);
      if (!child.isFile()) continue;
      found += (await lstat(path).catch(() => undefined))?.size ?? 0;
      looks += 1;
      if (found >= bytes) return true;
      if (looks >= mostLooks) return false;
    }
  }
  return false;
}

async function checkWritable(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) throw new Error("not a directory");
  await access(path, constants.W_OK | constants.X_OK);
}

function why(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
