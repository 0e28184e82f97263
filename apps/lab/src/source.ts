import { randomFillSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { fingerprint } from "./fingerprint.js";
import type { SourceShape } from "./scenario.js";
import { mebibyte } from "./units.js";

/** Something to send. */
export interface Source {
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
  /** What every copy must have too. */
  readonly fingerprint: string;
}

/** Its last component, the name under which it lands. */
export const sourceName = "payload";

/** Bytes of a file that are written at once. */
const blockBytes = mebibyte;
/** Every so many bytes of a file hold their own place: a chunk in a wrong place is noticed. */
const stampDistanceBytes = 65_536;
/** In a sparse file there are few of them, so that it stays sparse. */
const sparseStampDistanceBytes = 64 * mebibyte;
const filesPerDirectory = 1_000;

/**
 * Makes what is sent, in `directory`.
 *
 * @throws the signal's reason when it aborts
 */
export async function makeSource(
  directory: string,
  shape: SourceShape,
  signal: AbortSignal,
): Promise<Source> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, sourceName);
  const made =
    shape.type === "files"
      ? await writeFiles(path, shape, signal)
      : { files: 1, bytes: await writeOne(path, shape, signal) };
  return { path, ...made, fingerprint: await fingerprint(path, signal) };
}

async function writeOne(
  path: string,
  { sizeBytes, isSparse }: Extract<SourceShape, { readonly type: "file" }>,
  signal: AbortSignal,
): Promise<number> {
  await using file = await open(path, "wx");
  if (isSparse) {
    await file.truncate(sizeBytes);
    for (let at = 0; at < sizeBytes; at += sparseStampDistanceBytes)
      await file.write(stamped(Buffer.alloc(8), at), 0, 8, at);
    return sizeBytes;
  }
  const block = randomFillSync(Buffer.allocUnsafe(blockBytes));
  for (let offset = 0; offset < sizeBytes; offset += blockBytes) {
    signal.throwIfAborted();
    for (let at = 0; at < blockBytes; at += stampDistanceBytes)
      stamped(block.subarray(at, at + 8), offset + at);
    await file.write(block, 0, Math.min(blockBytes, sizeBytes - offset), offset);
  }
  return sizeBytes;
}

async function writeFiles(
  path: string,
  { fileCount, fileSizeBytesMax }: Extract<SourceShape, { readonly type: "files" }>,
  signal: AbortSignal,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const noise = randomFillSync(Buffer.allocUnsafe(fileSizeBytesMax + 8));
  let bytes = 0;
  for (let index = 0; index < fileCount; index += 1) {
    const folder = join(path, `folder-${Math.floor(index / filesPerDirectory)}`);
    if (index % filesPerDirectory === 0) {
      mkdirSync(folder, { recursive: true });
      await pauseForOthers(signal);
    }
    const size = (index * 7) % (fileSizeBytesMax + 1);
    writeFileSync(join(folder, `file-${index}`), stamped(noise, index).subarray(0, size));
    bytes += size;
  }
  return { files: fileCount, bytes };
}

function stamped(buffer: Buffer, value: number): Buffer {
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

async function pauseForOthers(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  signal.throwIfAborted();
}
