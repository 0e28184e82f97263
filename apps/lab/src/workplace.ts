import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, statfs } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { formatBytes, mebibyte } from "./units.js";

/** A file system in memory, where Linux has one that everybody may use. */
const memoryDirectory = "/dev/shm";

/** What `statfs` calls a file system that lives in memory. */
const tmpfsType = 0x01021994;

/** Left free for everything else on the machine. */
const spareBytes = 512 * mebibyte;

/** Where the files of the benchmarks are kept while they run. */
export interface Workplace {
  readonly directory: string;
  /** What is measured beside the program: memory, or a disk. */
  readonly storage: "memory" | "disk";
}

/**
 * A fresh directory: in `chosen` if it is given, else in memory if that has room, else where the
 * system keeps temporary files.
 *
 * @param wantedBytes - what the largest scenario takes
 */
export async function makeWorkplace(
  chosen: string | undefined,
  wantedBytes: number,
): Promise<Workplace> {
  const parent = chosen ?? (await choosePlace(wantedBytes));
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, "palmtree-bench-"));
  return { directory, storage: (await isInMemory(directory)) ? "memory" : "disk" };
}

/** Why so many bytes cannot be kept in a directory; undefined when they can. */
export async function lackOfRoom(
  directory: string,
  neededBytes: number,
): Promise<string | undefined> {
  const freeBytes = await freeBytesOf(directory);
  if (freeBytes >= neededBytes + spareBytes) return undefined;
  const needed = `${formatBytes(neededBytes)} and ${formatBytes(spareBytes)} to spare`;
  return `it needs ${needed}, and ${formatBytes(freeBytes)} are free`;
}

/** Removes it with all in it. */
export async function removeWorkplace({ directory }: Workplace): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** The same at once, for a process that is ending. */
export function removeWorkplaceNow({ directory }: Workplace): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

async function choosePlace(wantedBytes: number): Promise<string> {
  const hasMemory = await isInMemory(memoryDirectory).catch(() => false);
  if (!hasMemory) return tmpdir();
  const lack = await lackOfRoom(memoryDirectory, wantedBytes);
  return lack === undefined ? memoryDirectory : tmpdir();
}

async function isInMemory(directory: string): Promise<boolean> {
  return (await statfs(directory)).type === tmpfsType;
}

/** What a file system has free; one in memory has at most what the machine has free. */
async function freeBytesOf(directory: string): Promise<number> {
  const { type, bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  return type === tmpfsType ? Math.min(free, freemem()) : free;
}
