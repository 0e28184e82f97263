import {
  close,
  constants,
  fchmod,
  fstat,
  fsync,
  futimes,
  open,
  read,
  type Stats,
  writev,
} from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * Files by their descriptors. Many small files cost four operations each, and a `FileHandle` makes
 * each of them a third dearer.
 */
export type Descriptor = number;

const openNow: (path: string, flags: number, mode?: number) => Promise<Descriptor> =
  promisify(open);

/** How long a descriptor is waited for: longer than strangers may keep a connection (10 s). */
const patienceMs = 15_000;
const firstPauseMs = 10;
const mostPauseMs = 250;

/**
 * Opens a file; rejects as `fs.open` does. When there are no descriptors left, it waits until others
 * are closed: connections that were refused or said nothing, files that are written. So who takes
 * all descriptors for a moment does not fail a transfer that runs.
 */
export function openFile(path: string, flags: number, mode?: number): Promise<Descriptor> {
  return openNow(path, flags, mode).catch((error: unknown) => {
    if (!isExhausted(error)) throw error;
    return openPatiently(path, flags, mode);
  });
}

async function openPatiently(path: string, flags: number, mode?: number): Promise<Descriptor> {
  const end = performance.now() + patienceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, mostPauseMs)) {
    await sleep(pauseMs);
    try {
      return await openNow(path, flags, mode);
    } catch (error) {
      if (!isExhausted(error) || performance.now() > end) throw error;
    }
  }
}

function isExhausted(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EMFILE" || code === "ENFILE";
}

/** Closes a file; the descriptor must not be used afterwards, whatever the outcome. */
export const closeFile: (file: Descriptor) => Promise<void> = promisify(close);

const syncFile: (file: Descriptor) => Promise<void> = promisify(fsync);

/** Waits until a file would survive a loss of power, and closes it, whatever the outcome. */
export async function syncAndClose(file: Descriptor): Promise<void> {
  try {
    await syncFile(file);
  } finally {
    await closeFile(file);
  }
}

/** Makes the names in a directory survive a loss of power. Windows has no such call. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await openFile(path, constants.O_RDONLY);
  await syncAndClose(directory);
}

/** Sets a file's permissions. */
export const setMode: (file: Descriptor, mode: number) => Promise<void> = promisify(fchmod);

/** Tells a file's size, permissions and time. */
export const statFile: (file: Descriptor) => Promise<Stats> = promisify(fstat);

/** Permissions as something new would get them: without those that the umask takes away. */
export function withUmask(mode: number): number {
  return mode & ~process.umask();
}

const setTimes = promisify(futimes);

/** Sets when a file was last changed, in milliseconds since 1970. */
export async function setModified(file: Descriptor, modifiedMs: number): Promise<void> {
  await setTimes(file, modifiedMs / 1000, modifiedMs / 1000);
}

/** Less was there than was asked for. */
export class ShortReadError extends Error {
  override readonly name = "ShortReadError";
  /** Bytes from the beginning of the file to its end. */
  readonly sizeBytes: number;

  constructor(sizeBytes: number) {
    super(`the file ends after ${sizeBytes} bytes`);
    this.sizeBytes = sizeBytes;
  }
}

/** Memory of its own, not a piece of Node's pool, and not cleared: it is read into. */
export function allocate(sizeBytes: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(sizeBytes).buffer);
}

/**
 * Fills `target` with what a file has from `offset` on.
 *
 * @throws ShortReadError when the file ends before
 */
export async function readInto(
  file: Descriptor,
  target: Uint8Array,
  offset: number,
): Promise<void> {
  let done = 0;
  while (done < target.length) {
    const count = await readOnce(file, done === 0 ? target : target.subarray(done), offset + done);
    if (count === 0) throw new ShortReadError(offset + done);
    done += count;
  }
}

/** Writes all payloads, one after the other, from `offset` of the file on. */
export async function writeAll(
  file: Descriptor,
  payloads: readonly Uint8Array[],
  offset: number,
): Promise<void> {
  let rest = payloads;
  let at = offset;
  while (rest.length > 0) {
    const count = await writeOnce(file, rest, at);
    if (count === 0) throw new Error("nothing was written");
    at += count;
    rest = withoutFirst(rest, count);
  }
}

function readOnce(file: Descriptor, target: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, target, 0, target.length, offset, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

function writeOnce(
  file: Descriptor,
  payloads: readonly Uint8Array[],
  offset: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(file, payloads, offset, (error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}

function withoutFirst(payloads: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  const rest: Uint8Array[] = [];
  for (const payload of payloads) {
    if (payload.length > left) rest.push(left > 0 ? payload.subarray(left) : payload);
    left = Math.max(0, left - payload.length);
  }
  return rest;
}
