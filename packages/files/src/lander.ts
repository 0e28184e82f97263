import type { ChunkStoreOptions, Landed } from "./chunk-store-options.js";
import { closeFile, syncDirectory } from "./descriptor.js";
import { destinationError } from "./disk-error.js";
import type { EntryFiles } from "./entry-files.js";
import {
  countLanded,
  type LandedNames,
  moveIntoPlace,
  type TopEntry,
  topEntries,
} from "./landing.js";
import type { FoundFiles } from "./resume/found-files.js";
import type { StagedTree } from "./staged-tree.js";
import type { Staging } from "./staging.js";

/** What a {@link Lander} lands. */
export interface LanderOptions
  extends Pick<ChunkStoreOptions, "manifest" | "layout" | "onConflict" | "sync"> {
  readonly staging: Staging;
  readonly tree: StagedTree;
  readonly files: EntryFiles;
  readonly found: FoundFiles;
}

/**
 * The last step of a store whose chunks are all there: finishes what is not finished yet, and moves
 * everything to its final name; all of it or nothing.
 */
export class Lander {
  readonly #options: LanderOptions;
  #hasLanded = false;
  #landedAs: LandedNames = new Map();

  constructor(options: LanderOptions) {
    this.#options = options;
  }

  /** Whether everything was moved, also if something failed afterwards. */
  get hasLanded(): boolean {
    return this.#hasLanded;
  }

  /**
   * Lands everything; chunks cannot be loaded while it is moved. Can be called again when it failed:
   * what was moved stays where it is.
   *
   * @throws as `ChunkStore.land`
   */
  async land(): Promise<Landed> {
    const { manifest, layout, tree, sync } = this.#options;
    if (!this.#hasLanded) await this.#finishAndMove();
    const landed = countLanded(manifest, this.#landedAs);
    await tree.restrictDirectories();
    if (sync) await this.#syncDestination();
    return { ...landed, bytes: layout.totalBytes };
  }

  async #finishAndMove(): Promise<void> {
    const { manifest, layout, staging, tree, found, sync } = this.#options;
    if (manifest.isStream === true && layout.chunkCount > 0) await this.#finishCopy(0);
    await staging.pin.check();
    await staging.destination.check();
    for (const entry of found.copied) await this.#finishCopy(entry);
    await tree.gatherStanding((path) => found.isInPlace(path));
    await tree.finishTree(sync);
    await this.#move(topEntries(manifest).filter(({ name }) => !found.isInPlace(name)));
  }

  /**
   * Finishes a file that nothing is written to any more: a copy, or a stream, of which it is known
   * later than it is written whether a chunk was its last.
   */
  async #finishCopy(entry: number): Promise<void> {
    const { tree, files } = this.#options;
    const file = await tree.openToWrite(entry);
    try {
      await files.finishOpen(entry, file);
    } finally {
      await closeFile(file);
    }
  }

  async #move(entries: readonly TopEntry[]): Promise<void> {
    const { staging, tree, files, onConflict } = this.#options;
    await files.whileClosed(async () => {
      this.#landedAs = await moveIntoPlace(staging, entries, onConflict);
      tree.setLanded(this.#landedAs);
      this.#hasLanded = true;
    });
  }

  async #syncDestination(): Promise<void> {
    const { path, directory } = this.#options.staging.destination;
    try {
      await syncDirectory(path);
    } catch (error) {
      throw destinationError(error, "sync", directory);
    }
  }
}
