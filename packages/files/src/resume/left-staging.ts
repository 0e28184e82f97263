import type { Stats } from "node:fs";
import { lstat, readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "../remove-tree.js";
import { readJournalHead } from "./journal-reading.js";
import { isOwned } from "./owner.js";

/** A staging directory's name: `.palmtree-` and a session's id. */
const stagingName = /^\.palmtree-[0-9a-f]{32}$/;

/** A staging directory that nobody uses any more. */
export interface LeftStaging {
  readonly path: string;
  readonly manifestHash: Uint8Array;
  /** When its journal was last written, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/**
 * The staging directories in a destination that nobody uses: those that are ours, with a journal.
 * One that holds what it was replacing is left alone: that is somebody's.
 */
export async function findLeftStaging(directory: string): Promise<LeftStaging[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => stagingName.test(name));
  const found: LeftStaging[] = [];
  for (const name of names) {
    const path = join(directory, name);
    if (!(await isPrivate(path)) || (await isOwned(path))) continue;
    const journal = join(path, "journal");
    const head = await readJournalHead(journal);
    const stat = await lstat(journal).catch(() => undefined);
    if (head === undefined || stat === undefined) continue;
    const replaced = await readdir(join(path, "replaced")).catch(() => []);
    if (replaced.length > 0) continue;
    found.push({ path, manifestHash: head.manifestHash, modifiedMs: stat.mtimeMs });
  }
  return found;
}

/**
 * Takes a staging directory over, by giving it another name: of several that try, one succeeds.
 *
 * @returns whether it is ours now
 */
export async function takeOver({ path }: LeftStaging, to: string): Promise<boolean> {
  try {
    await rename(path, to);
    return await isPrivate(to);
  } catch {
    return false;
  }
}

/** Removes a staging directory that nobody uses. What cannot be removed stays; never rejects. */
export async function removeLeftStaging({ path }: LeftStaging): Promise<void> {
  // Without its journal it is no staging directory that anybody would take over meanwhile.
  await unlink(join(path, "journal")).catch(() => undefined);
  await removeTree(path).catch(() => undefined);
}

/** Whether that is a real directory that only this user may enter. */
async function isPrivate(path: string): Promise<boolean> {
  const stat = await lstat(path).catch(() => undefined);
  return stat?.isDirectory() === true && isOurs(stat) && hasNoOthers(stat);
}

function isOurs({ uid }: Stats): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

function hasNoOthers({ mode }: Stats): boolean {
  return process.platform === "win32" || (mode & 0o077) === 0;
}
