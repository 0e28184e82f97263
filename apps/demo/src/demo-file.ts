import { createHash, randomFillSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

const mebibyte = 1024 * 1024;

/** Writes a file that nobody can guess or compress. */
export async function makeFile(
  path: string,
  mebibytes: number,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path, "wx");
  try {
    const block = Buffer.alloc(mebibyte);
    for (let count = 0; count < mebibytes; count += 1) {
      signal.throwIfAborted();
      await file.write(randomFillSync(block));
    }
  } finally {
    await file.close();
  }
}

/** @throws Error when there is no such file, or it is something else */
export async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path}: no such file`, { cause });
  });
  if (!found.isFile()) throw new Error(`${path} is not a file`);
  return found.size;
}

/** SHA-256 in hexadecimal digits. */
export async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: mebibyte }), hash, { signal });
  return hash.digest("hex");
}
