import { link, lstat, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isPalmTreeError, PalmTreeError } from "@palmtree/wire";
import { forEachBounded } from "./bounded.js";
import type { Landed, RenamedEntry } from "./chunk-store-options.js";
import type { Manifest } from "./core/manifest.js";
import type { ManifestEntry } from "./core/manifest-entries.js";
import { comparePaths, topOf } from "./core/path-order.js";
import { checkComponent, escapeForTerminal, NameSet } from "./core/safe-path.js";
import { destinationError, systemCode } from "./disk-error.js";
import { checkFree, isExisting, nameExists, type OnConflict, type Staging } from "./staging.js";

/** Something at the top of the staged content, and so of the destination. */
export interface TopEntry {
  readonly name: string;
  readonly kind: ManifestEntry["kind"];
}

/** By the name that was sent, the name in the destination; undefined for what stays in staging. */
export type LandedNames = ReadonlyMap<string, string | undefined>;

/** Steps back, in the order in which the steps forward were done. */
type Undo = (() => Promise<void>)[];

const MOVES_AT_ONCE = 4;
/** `NAME (1)` to `NAME (9999)` are tried. */
const MOST_NAMES = 9_999;

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
): Promise<LandedNames> {
  const landed = new Map<string, string | undefined>();
  const mover = new Mover(staging, entries);
  try {
    await forEachBounded(entries.length, MOVES_AT_ONCE, async (index) => {
      const entry = entries[index] as TopEntry;
      landed.set(entry.name, await mover.place(entry, onConflict));
    });
    return landed;
  } catch (error) {
    const failures = await undoAll(mover.undo);
    const cause = destinationError(error, "move into", staging.destination.directory);
    if (failures.length === 0) throw cause;
    const path = staging.pin.show(staging.replaced);
    const kept = escapeForTerminal(path);
    throw new PalmTreeError(
      "store-failed",
      `${cause.message}; and not all could be put back: what was replaced is in ${kept}`,
      { facts: { path }, cause: new AggregateError([cause, ...failures]) },
    );
  }
}

/** What is at the top of a manifest. */
export function topEntries(manifest: Manifest): TopEntry[] {
  const top: TopEntry[] = [];
  for (const { path, kind } of manifest.entries) {
    if (!path.includes("/")) top.push({ name: path, kind });
  }
  return top;
}

/** What has landed where, of a manifest. */
export function countLanded(manifest: Manifest, names: LandedNames): Omit<Landed, "bytes"> {
  const skipped = new Set<string>();
  const renamed: RenamedEntry[] = [];
  for (const [name, landedAs] of names) {
    if (landedAs === undefined) skipped.add(name);
    else if (landedAs !== name) renamed.push({ name, landedAs });
  }
  let files = 0;
  for (const { path, kind } of manifest.entries) {
    if (kind === "file" && !skipped.has(topOf(path))) files += 1;
  }
  return { files, skipped: [...skipped].sort(comparePaths), renamed: renamed.sort(byName) };
}

function byName(a: RenamedEntry, b: RenamedEntry): number {
  return comparePaths(a.name, b.name);
}

/** Moves one entry after the other, and keeps note of how to undo it. */
class Mover {
  readonly undo: Undo = [];
  readonly #staging: Staging;
  /** Names that are sent, or were chosen for what is sent. */
  readonly #names = new NameSet();

  constructor(staging: Staging, entries: readonly TopEntry[]) {
    this.#staging = staging;
    for (const { name } of entries) this.#names.add(name);
  }

  /** @returns the name that it has in the destination, undefined when it stays */
  async place(entry: TopEntry, onConflict: OnConflict): Promise<string | undefined> {
    switch (onConflict) {
      case "fail":
        return await this.#placeBeside(entry, entry.name);
      case "skip":
        return await this.#placeBeside(entry, entry.name).catch(undefinedIfTaken);
      case "rename":
        return await this.#placeUnderFreeName(entry);
      case "overwrite":
        return await this.#placeOver(entry);
    }
  }

  async #placeUnderFreeName(entry: TopEntry): Promise<string> {
    let placed = await this.#placeBeside(entry, entry.name).catch(undefinedIfTaken);
    for (let number = 1; placed === undefined && number <= MOST_NAMES; number += 1) {
      const name = `${entry.name} (${number})`;
      if (checkComponent(name) !== undefined) break; // too long, by now
      if (this.#names.add(name) !== undefined) continue;
      placed = await this.#placeBeside(entry, name).catch(undefinedIfTaken);
    }
    if (placed === undefined) throw nameExists(this.#staging.destination.directory, entry.name);
    return placed;
  }

  /** Places an entry under a name where nothing may be. */
  async #placeBeside({ name, kind }: TopEntry, as: string): Promise<string> {
    const { content, destination } = this.#staging;
    const from = join(content, name);
    const to = join(destination.path, as);
    const taken = (): PalmTreeError => nameExists(destination.directory, as);
    if (kind === "file" && (await tryLink(from, to, taken))) {
      // A second name for the same file: unlike a rename it never replaces anything. The first
      // name goes with the staging directory.
      this.undo.push(() => unlink(to));
      return as;
    }
    await checkFree(destination, as);
    try {
      await rename(from, to); // refuses to replace anything but an empty directory
    } catch (error) {
      const isTaken = ["EEXIST", "ENOTEMPTY", "ENOTDIR", "EISDIR"].includes(
        systemCode(error) ?? "",
      );
      throw isTaken ? taken() : error;
    }
    this.undo.push(() => rename(to, from));
    return as;
  }

  /** Places an entry, and keeps aside what it replaces. */
  async #placeOver({ name, kind }: TopEntry): Promise<string> {
    const { content, destination, replaced } = this.#staging;
    const from = join(content, name);
    const to = join(destination.path, name);
    const aside = join(replaced, name);
    const existing = await lstat(to).catch(() => undefined);
    const isFileForFile = kind === "file" && existing?.isFile() === true;
    if (isFileForFile && (await tryLink(to, aside))) {
      this.undo.push(() => rename(aside, to)); // the rename below replaces it: there always is one
    } else if (existing !== undefined) {
      await rename(to, aside);
      this.undo.push(() => rename(aside, to));
    }
    await rename(from, to);
    this.undo.push(() => rename(to, from));
    return name;
  }
}

function undefinedIfTaken(error: unknown): undefined {
  if (isPalmTreeError(error) && error.code === "name-exists") return undefined;
  throw error;
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
