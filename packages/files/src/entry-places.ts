import { constants } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Bitmap } from "./core/bitmap.js";
import type { ManifestEntries, ManifestEntry } from "./core/manifest-entries.js";
import { topOf } from "./core/path-order.js";
import { type Descriptor, openFile } from "./descriptor.js";
import { inParent } from "./directory-pin.js";
import type { LandedNames } from "./landing.js";
import type { Staging } from "./staging.js";

/** Not on Windows. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;

/**
 * Where each entry of a manifest is: in the staged content, where nobody else can do anything, or in
 * the destination, where others may put links in place of what was there. There every way is gone
 * directory by directory, and no link on it is followed.
 */
export class EntryPlaces {
  readonly #entries: ManifestEntries;
  readonly #staging: Staging;
  /** Entries that were in the destination before, and are used there. */
  readonly #standing: Bitmap;
  #landed: LandedNames = new Map();

  /** @param standing - owned from then on */
  constructor(entries: ManifestEntries, staging: Staging, standing: Bitmap) {
    this.#entries = entries;
    this.#staging = staging;
    this.#standing = standing;
  }

  /** How many entries are in the destination from before. */
  get standingCount(): number {
    return this.#standing.count;
  }

  isStanding(entry: number): boolean {
    return this.#standing.has(entry);
  }

  /** An entry that was in the destination is not used there any more. */
  forgetStanding(entry: number): void {
    this.#standing.clear(entry);
  }

  /** Top entries were moved to the destination. */
  setLanded(names: LandedNames): void {
    this.#landed = names;
  }

  /** Where an entry is in the staged content, or would be. */
  staged(entry: number): string {
    return join(this.#staging.content, this.entry(entry).path);
  }

  /** Where an entry is, for people. */
  name(entry: number): string {
    const inDestination = this.#inDestination(entry);
    const { destination, pin } = this.#staging;
    if (inDestination === undefined) return pin.show(this.staged(entry));
    return join(destination.directory, inDestination);
  }

  /** Opens an entry, which is no link. */
  async open(entry: number, flags: number): Promise<Descriptor> {
    // A pipe that somebody put there is not waited for.
    const all = flags | O_NOFOLLOW | O_NONBLOCK;
    return await this.reach(entry, (parent, name) => openFile(join(parent, name), all));
  }

  /** Does something in the directory that an entry is in. */
  async reach<T>(entry: number, work: (parent: string, name: string) => Promise<T>): Promise<T> {
    const inDestination = this.#inDestination(entry);
    if (inDestination !== undefined)
      return await inParent(this.#staging.destination, inDestination, work);
    const staged = this.staged(entry);
    return await work(dirname(staged), basename(staged));
  }

  entry(index: number): ManifestEntry {
    const entry = this.#entries.at(index);
    if (entry === undefined) throw new RangeError(`There is no entry ${index}`);
    return entry;
  }

  /** The path in the destination, undefined for what is staged. */
  #inDestination(index: number): string | undefined {
    const { path } = this.entry(index);
    if (this.#standing.has(index)) return path;
    const top = topOf(path);
    const landedAs = this.#landed.get(top);
    return landedAs === undefined ? undefined : landedAs + path.slice(top.length);
  }
}
