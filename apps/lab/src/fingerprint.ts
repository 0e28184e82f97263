import { createHash, type Hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { mebibyte } from "./units.js";

/**
 * A SHA-256 of everything in a file or directory: names, kinds and contents, in order.
 *
 * @throws the signal's reason when it aborts
 */
export async function fingerprint(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  if ((await stat(path)).isDirectory()) await addDirectory(hash, path, signal);
  else await addFile(hash, path, signal);
  return hash.digest("hex");
}

async function addFile(hash: Hash, path: string, signal: AbortSignal): Promise<void> {
  await using file = await open(path);
  const buffer = Buffer.allocUnsafeSlow(mebibyte);
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    hash.update(buffer.subarray(0, bytesRead));
  }
}

/** Files in directories are small ones here: synchronous calls are several times faster. */
async function addDirectory(hash: Hash, path: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
  const entries = readdirSync(path, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const kind = entry.isDirectory() ? "directory" : "file";
    hash.update(`${kind} ${entry.name}\0`);
    const below = join(path, entry.name);
    if (kind === "directory") await addDirectory(hash, below, signal);
    else {
      const content = readFileSync(below);
      hash.update(`${content.length}\0`).update(content);
    }
  }
  hash.update("end\0");
}
