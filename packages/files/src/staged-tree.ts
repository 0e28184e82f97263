import { constants } from "node:fs";
import { link, lstat, lutimes, mkdir, symlink, unlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { PalmTreeError } from "@palmtree/wire";
import { forEachBounded } from "./bounded.js";
import { copyOpenFile } from "./copy-file.js";
import { Bitmap } from "./core/bitmap.js";
import { EntryTree } from "./core/entry-tree.js";
import type { Manifest } from "./core/manifest.js";
import type { ManifestEntry } from "./core/manifest-entries.js";
import { escapeForTerminal } from "./core/safe-path.js";
import {
  closeFile,
  type Descriptor,
  openFile,
  setMode,
  setModified,
  statFile,
  syncAndClose,
  syncDirectory,
  withUmask,
} from "./descriptor.js";
import { destinationError, systemCode } from "./disk-error.js";
import { EntryPlaces } from "./entry-places.js";
import type { LandedNames } from "./landing.js";
import type { Staging } from "./staging.js";

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants;
/** Not on Windows. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/** Below libuv's four threads, so that others get a turn. */
const OPERATIONS_AT_ONCE = 3;

/** What of a manifest's entries exists before anything is received. */
export interface FoundEntries {
  /** In the staged content; owned by the tree from then on. */
  readonly made?: Bitmap | undefined;
  /** In the destination, to be used there; owned by the tree from then on. */
  readonly standing?: Bitmap | undefined;
}

/**
 * The files, directories and links of a manifest, on disk below one directory: made when they are
 * needed, with the permissions and times that the manifest says. The umask applies.
 *
 * Every method throws not-writable, disk-full or store-failed, with the `path`.
 */
export class StagedTree {
  readonly #entries: EntryTree;
  readonly #places: EntryPlaces;
  readonly #staging: Staging;
  /** Entries that exist. */
  readonly #made: Bitmap;

  /**
   * @param staging - where they are made
   * @param found - what exists
   */
  constructor(manifest: Manifest, staging: Staging, found: FoundEntries) {
    this.#entries = new EntryTree(manifest.entries);
    this.#made = found.made ?? new Bitmap(manifest.entries.length);
    const standing = found.standing ?? new Bitmap(manifest.entries.length);
    this.#places = new EntryPlaces(manifest.entries, staging, standing);
    this.#staging = staging;
  }

  /** Top entries were moved to their final names. */
  setLanded(names: LandedNames): void {
    this.#places.setLanded(names);
  }

  /** Where an entry is, for people. */
  pathOf(entry: number): string {
    return this.#places.name(entry);
  }

  /** Whether the entry is in the destination already, and is used there. */
  isStanding(entry: number): boolean {
    return this.#places.isStanding(entry);
  }

  /**
   * A file that stands in the destination is not used there any more, but a copy of it, once that
   * is whole. When it cannot be copied all stays as it is.
   */
  async copyStanding(entry: number): Promise<void> {
    const { mode } = this.#places.entry(entry);
    const copy = this.#places.staged(entry);
    try {
      await this.#makeParent(entry);
      const file = await this.#places.open(entry, O_RDONLY);
      try {
        await copyOpenFile(file, copy, withUmask(mode) | 0o600);
      } finally {
        await closeFile(file);
      }
    } catch (error) {
      await unlink(copy).catch(() => undefined);
      this.#made.clear(entry);
      throw destinationError(error, "write", this.#staging.pin.show(copy));
    }
    this.#places.forgetStanding(entry);
    this.#made.set(entry);
  }

  /** A file that stands in the destination is not used any more: it is made anew when needed. */
  forgetStanding(entry: number): void {
    this.#places.forgetStanding(entry);
  }

  /** Files that stand in the destination, and will not stay there, get a second name here. */
  async gatherStanding(isStaying: (path: string) => boolean): Promise<void> {
    if (this.#places.standingCount === 0) return;
    await this.#forEachFile(async (entry) => {
      if (!this.isStanding(entry) || isStaying(this.#places.entry(entry).path)) return;
      await this.#makeParent(entry);
      if (await this.#linkStanding(entry)) {
        this.#places.forgetStanding(entry);
        this.#made.set(entry);
      } else {
        await this.copyStanding(entry);
        const file = await this.openToWrite(entry);
        try {
          await this.finishFile(entry, file);
        } finally {
          await closeFile(file);
        }
      }
    });
  }

  /** @returns false when it cannot be done: not every file system has second names */
  async #linkStanding(entry: number): Promise<boolean> {
    const staged = this.#places.staged(entry);
    const made = await this.#places
      .reach(entry, (parent, name) => link(join(parent, name), staged))
      .then(() => lstat(staged))
      .catch(() => undefined);
    if (made?.isFile() === true) return true;
    if (made !== undefined) await unlink(staged); // a link that somebody put there meanwhile
    return false;
  }

  /** Opens a file to read and write; makes it, and the directories around it, the first time. */
  async openToWrite(entry: number): Promise<Descriptor> {
    return await this.#try("write", entry, async (path, { mode }) => {
      if (this.#made.has(entry)) return await openFile(path, O_RDWR | O_NOFOLLOW);
      await this.#makeParent(entry);
      const flags = O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW;
      await this.#staging.pin.check();
      const file = await openFile(path, flags, mode | 0o600); // whatever it is to be, we write it
      this.#made.set(entry);
      return file;
    });
  }

  /** Opens a finished file. */
  async openToRead(entry: number): Promise<Descriptor> {
    return await this.#try("read", entry, () => this.#places.open(entry, O_RDONLY));
  }

  /** Checks that a file has the size that it should have. */
  async checkSize(entry: number, file: Descriptor, sizeBytes: number): Promise<void> {
    await this.#try("finish", entry, async () => {
      const { size } = await statFile(file);
      if (size !== sizeBytes) throw wrongSize(this.pathOf(entry), size, sizeBytes);
    });
  }

  /** Gives a file that is written its permissions and time. */
  async finishFile(entry: number, file: Descriptor): Promise<void> {
    await this.#try("finish", entry, async (_, { mode, modifiedMs }) => {
      if ((mode & 0o600) !== 0o600) {
        // Readable for us in any case, to relay it. What the umask took away stays away.
        await setMode(file, (await statFile(file)).mode & (mode | 0o400));
      }
      await setModified(file, modifiedMs);
    });
  }

  /** Makes what no chunk belongs to, and gives the directories their times. */
  async finishTree(sync: boolean): Promise<void> {
    await this.#forEachFile(async (entry) => {
      if (this.#made.has(entry) || this.isStanding(entry)) return;
      const file = await this.openToWrite(entry);
      try {
        await this.finishFile(entry, file);
      } finally {
        await closeFile(file);
      }
    });
    if (sync) await this.#forEachFile((entry) => this.#syncFile(entry));
    // Innermost first: making something in a directory changes the directory's time.
    for (let entry = this.#entries.count - 1; entry >= 0; entry -= 1) {
      if (this.#isStagedDirectory(entry)) await this.#makeDirectory(entry);
    }
    // After everything that is written: nothing is ever written through a link.
    for (const entry of this.#entries.links.indexes()) await this.#makeLink(entry);
    for (let entry = this.#entries.count - 1; entry >= 0; entry -= 1) {
      if (this.#isStagedDirectory(entry)) await this.#finishDirectory(entry, sync);
    }
  }

  /**
   * Takes away the permissions that directories are not to have for their owner. The last step: a
   * directory that may not be written can be neither filled nor moved.
   */
  async restrictDirectories(): Promise<void> {
    for (let entry = this.#entries.count - 1; entry >= 0; entry -= 1) {
      if (!this.#isStagedDirectory(entry)) continue;
      const { mode } = this.#places.entry(entry);
      if ((mode & 0o700) === 0o700) continue;
      await this.#try("finish", entry, () => this.#restrict(entry, mode | 0o500));
    }
  }

  async #restrict(entry: number, mode: number): Promise<void> {
    if (process.platform === "win32") return; // it has no such permissions
    const directory = await this.#places.open(entry, O_RDONLY);
    try {
      const stats = await statFile(directory);
      if (stats.isDirectory()) await setMode(directory, stats.mode & 0o777 & mode);
    } finally {
      await closeFile(directory);
    }
  }

  async #makeParent(entry: number): Promise<void> {
    const parent = this.#entries.parentOf(entry);
    if (parent >= 0) await this.#makeDirectory(parent);
  }

  async #makeDirectory(entry: number): Promise<void> {
    if (this.#made.has(entry)) return;
    await this.#makeParent(entry);
    await this.#try("make the directory", entry, async (path, { mode }) => {
      try {
        await mkdir(path, { mode: mode | 0o700 });
      } catch (error) {
        if (systemCode(error) !== "EEXIST") throw error; // two files of it came at once
      }
      this.#made.set(entry);
    });
  }

  async #makeLink(entry: number): Promise<void> {
    if (this.#made.has(entry) || this.isStanding(entry)) return;
    await this.#makeParent(entry);
    await this.#try("make the link", entry, async (path, { target = "", modifiedMs }) => {
      await symlink(target, path);
      this.#made.set(entry);
      // Some systems keep no time for links.
      await lutimes(path, modifiedMs / 1000, modifiedMs / 1000).catch(() => undefined);
    });
  }

  async #finishDirectory(entry: number, sync: boolean): Promise<void> {
    await this.#try("finish", entry, async (path, { modifiedMs }) => {
      await utimes(path, modifiedMs / 1000, modifiedMs / 1000);
      if (sync) await syncDirectory(path);
    });
  }

  async #syncFile(entry: number): Promise<void> {
    await this.#try("sync", entry, async (_, { mode }) => {
      // Windows syncs only what is open for writing. Elsewhere what was here already may be
      // read-only, whatever the manifest says.
      const isWritable = process.platform === "win32" && (mode & 0o200) !== 0;
      const file = await this.#places.open(entry, isWritable ? O_RDWR : O_RDONLY);
      await syncAndClose(file);
    });
  }

  async #forEachFile(work: (entry: number) => Promise<void>): Promise<void> {
    await forEachBounded(this.#entries.count, OPERATIONS_AT_ONCE, async (entry) => {
      if (this.#entries.isFile(entry)) await work(entry);
    });
  }

  async #try<T>(
    doing: string,
    index: number,
    /** Is given where the entry is in the staged content. */
    work: (path: string, entry: ManifestEntry) => Promise<T>,
  ): Promise<T> {
    try {
      return await work(this.#places.staged(index), this.#places.entry(index));
    } catch (error) {
      throw destinationError(error, doing, this.pathOf(index));
    }
  }

  #isStagedDirectory(index: number): boolean {
    return this.#entries.isDirectory(index) && !this.isStanding(index);
  }
}

function wrongSize(path: string, got: number, expected: number): PalmTreeError {
  const message = `${escapeForTerminal(path)} has ${got} bytes, not ${expected}`;
  return new PalmTreeError("store-failed", message, { facts: { path, got, expected } });
}
