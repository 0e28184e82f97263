import { lstat, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { DirectoryPin } from "../directory-pin.js";
import { systemCode } from "../disk-error.js";
import { emptyDirectory } from "../remove-tree.js";
import { readJournalHead } from "./journal-reading.js";
import { useOf } from "./owner.js";

/** A staging directory's name: `.palmtree-` and a session's id. */
const stagingName = /^\.palmtree-[0-9a-f]{32}$/;

/**
 * For so long a directory that says neither what it is for nor whose it is may be one that is just
 * being made, in milliseconds.
 */
const makingMs = 60_000;

/** A staging directory that nobody uses any more. */
export interface UnusedStaging {
  readonly path: string;
  /** What its journal is about; undefined when it has none: then it is of no use. */
  readonly manifestHash: Uint8Array | undefined;
  /** When its journal, or else the directory, was last written, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** One that a later session may be able to use. */
export interface LeftStaging extends UnusedStaging {
  readonly manifestHash: Uint8Array;
}

/** The staging directories in a destination that nobody uses, and that have a journal. */
export async function findLeftStaging(directory: string): Promise<LeftStaging[]> {
  const unused = await findUnusedStaging(directory);
  return unused.filter((one): one is LeftStaging => one.manifestHash !== undefined);
}

/** The staging directories in a destination that nobody uses. */
export async function findUnusedStaging(directory: string): Promise<UnusedStaging[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => stagingName.test(name));
  const found: UnusedStaging[] = [];
  for (const name of names) {
    const unused = await checkUnused(join(directory, name));
    if (unused !== undefined) found.push(unused);
  }
  return found;
}

/**
 * Looks whether a staging directory is this user's, and nobody uses it. One that holds what it was
 * replacing is left alone: that is somebody's.
 *
 * @returns undefined when it is not there, or has to be left alone
 */
export async function checkUnused(path: string): Promise<UnusedStaging | undefined> {
  if (!(await isPrivate(path))) return undefined;
  const use = await useOf(path);
  if (use === "used" || !(await isEmpty(join(path, "replaced")))) return undefined;
  const journal = join(path, "journal");
  const manifestHash = (await readJournalHead(journal))?.manifestHash;
  const stat = await lstat(manifestHash === undefined ? path : journal).catch(() => undefined);
  if (stat === undefined) return undefined;
  const isNew = stat.mtimeMs > Date.now() - makingMs;
  if (manifestHash === undefined && use === "unknown" && isNew) return undefined;
  return { path, manifestHash, modifiedMs: stat.mtimeMs };
}

/**
 * Takes a staging directory over, by giving it another name: of several that try, one succeeds.
 *
 * @returns it, held, if it is ours now
 */
export async function takeOver(
  { path }: LeftStaging,
  to: string,
): Promise<DirectoryPin | undefined> {
  try {
    await rename(path, to);
  } catch {
    return undefined;
  }
  return await openPrivate(to);
}

/** Removes a staging directory that nobody uses. What cannot be removed stays; never rejects. */
export async function removeLeftStaging({ path }: UnusedStaging): Promise<void> {
  const pin = await openPrivate(path);
  if (pin === undefined) return;
  try {
    // Without its journal it is no staging directory that anybody would take over meanwhile.
    await unlink(join(pin.path, "journal")).catch(() => undefined);
    await emptyDirectory(pin.path);
    await rmdir(path);
  } catch {
    // It stays.
  } finally {
    await pin.close();
  }
}

/** A real directory that only this user may enter, held; undefined when it is something else. */
async function openPrivate(path: string): Promise<DirectoryPin | undefined> {
  const pin = await DirectoryPin.open(path).catch(() => undefined);
  if (pin === undefined || pin.isPrivate) return pin;
  await pin.close();
  return undefined;
}

async function isPrivate(path: string): Promise<boolean> {
  const pin = await openPrivate(path);
  await pin?.close();
  return pin !== undefined;
}

/** Whether nothing is in a directory, or it is not there. */
async function isEmpty(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0;
  } catch (error) {
    return systemCode(error) === "ENOENT";
  }
}
