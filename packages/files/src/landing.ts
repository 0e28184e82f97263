import { link, lstat, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { PalmTreeError } from "@palmtree/wire";
import { forEachBounded } from "./bounded.js";
import type { ManifestEntry } from "./core/manifest-entries.js";
import { escapeForTerminal } from "./core/safe-path.js";
import { destinationError, systemCode } from "./disk-error.js";
import { checkFree, isExisting, nameExists, type OnConflict, type Staging } from "./staging.js";

/** Something at the top of the staged content, and so of the destination. */
export interface TopEntry {
  readonly name: string;
  readonly kind: ManifestEntry["kind"];
}

/** Steps back, in the order in which the steps forward were done. */
type Undo = (() => Promise<void>)[];

const MOVES_AT_ONCE = 4;

/**
 * Moves what was received from the staging directory to the destination, each entry by one rename,
 * so that nothing is there under its final name that is not whole. When one entry fails, those
 * that were moved go back, and what they replaced returns.
 *
 * @throws name-exists when something has the name of an entry and `onConflict` is `fail`
 * @throws not-writable, disk-full or store-failed when the operating system refuses
 */
export async function moveIntoPlace(
  staging: Staging,
  entries: readonly TopEntry[],
  onConflict: OnConflict,
): Promise<void> {
  const undo: Undo = [];
  const place = onConflict === "fail" ? placeBesideOthers : placeOverOthers;
  try {
    await forEachBounded(entries.length, MOVES_AT_ONCE, async (index) => {
      await place(staging, entries[index] as TopEntry, undo);
    });
  } catch (error) {
    const failures = await undoAll(undo);
    const cause = destinationError(error, "move into", staging.directory);
    if (failures.length === 0) throw cause;
    const kept = escapeForTerminal(staging.replaced);
    throw new PalmTreeError(
      "store-failed",
      `${cause.message}; and not all could be put back: what was replaced is in ${kept}`,
      { facts: { path: staging.replaced }, cause: new AggregateError([cause, ...failures]) },
    );
  }
}

/** Places an entry where nothing may be. */
async function placeBesideOthers(staging: Staging, entry: TopEntry, undo: Undo): Promise<void> {
  const { name, kind } = entry;
  const from = join(staging.content, name);
  const to = join(staging.directory, name);
  if (kind === "file" && (await tryLink(from, to, () => nameExists(staging.directory, name)))) {
    // A second name for the same file: unlike a rename it never replaces anything. The first
    // name goes with the staging directory.
    undo.push(() => unlink(to));
    return;
  }
  await checkFree(staging.directory, name);
  try {
    await rename(from, to); // refuses to replace anything but an empty directory
  } catch (error) {
    const isTaken = ["EEXIST", "ENOTEMPTY", "ENOTDIR", "EISDIR"].includes(systemCode(error) ?? "");
    throw isTaken ? nameExists(staging.directory, name) : error;
  }
  undo.push(() => rename(to, from));
}

/** Places an entry, and keeps aside what it replaces. */
async function placeOverOthers(staging: Staging, entry: TopEntry, undo: Undo): Promise<void> {
  const { name, kind } = entry;
  const from = join(staging.content, name);
  const to = join(staging.directory, name);
  const aside = join(staging.replaced, name);
  const existing = await lstat(to).catch(() => undefined);
  const isFileForFile = kind === "file" && existing?.isDirectory() === false;
  if (isFileForFile && (await tryLink(to, aside))) {
    undo.push(() => rename(aside, to)); // the rename below replaces it: there always is a file
  } else if (existing !== undefined) {
    await rename(to, aside);
    undo.push(() => rename(aside, to));
  }
  await rename(from, to);
  undo.push(() => rename(to, from));
}

/**
 * Gives a file a second name.
 *
 * @param whenTaken - the error to throw when the second name is taken
 * @returns false when that is not possible, as on file systems without hard links
 */
async function tryLink(from: string, to: string, whenTaken?: () => Error): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (whenTaken !== undefined && isExisting(error)) throw whenTaken();
    return false;
  }
}

async function undoAll(undo: Undo): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const step of undo.reverse()) {
    await step().catch((error: unknown) => failures.push(error));
  }
  return failures;
}
