import type { Bitmap } from "../core/bitmap.js";
import type { ChunkLayout } from "../core/chunk-layout.js";
import type { Manifest } from "../core/manifest.js";
import { topOf } from "../core/path-order.js";
import type { StagedTree } from "../staged-tree.js";
import { nameExists, type OnConflict } from "../staging.js";
import type { FoundContent } from "./found-content.js";

/** What {@link FoundFiles} belong to. */
export interface FoundFilesOptions {
  readonly manifest: Manifest;
  readonly layout: ChunkLayout;
  readonly onConflict: OnConflict;
  readonly tree: StagedTree;
  /** The destination, for people. */
  readonly destination: string;
  /** Closes what is open of an entry's file: it will be another. */
  readonly retire: (entry: number) => void;
  /** How many chunks of an entry are not what they should be, or not known to be. */
  readonly missingOf: (entry: number) => number;
}

/** What was here before anything was received, for as long as nothing better has come. */
export class FoundFiles {
  /** Chunks that may be here: on no account believed. */
  readonly chunks: Bitmap;
  /** Files that were complete in the destination, and are copies now: to be finished. */
  readonly copied: Set<number> = new Set();
  readonly #options: FoundFilesOptions;
  readonly #inPlace: Set<string>;
  /** By entry, or by name for a top entry that is replaced as a whole. */
  readonly #replacing = new Map<number | string, Promise<void>>();

  constructor(found: FoundContent, options: FoundFilesOptions) {
    this.chunks = found.chunks;
    this.#options = options;
    this.#inPlace = new Set(found.inPlace);
  }

  /** Whether the path is below a name in the destination that is not touched. */
  isInPlace(path: string): boolean {
    return this.#inPlace.has(topOf(path));
  }

  /** Chunks are something else now. @returns whether one of them had been found */
  forget(firstChunk: number, count: number): boolean {
    let wasFound = false;
    for (let index = firstChunk; index < firstChunk + count; index += 1) {
      if (this.chunks.clear(index)) wasFound = true;
    }
    return wasFound;
  }

  /**
   * A file in the destination is not what it should be, and a chunk of it is to be written: it
   * stays as it is, and goes on as a copy. Nothing of it may be written before that. Where nothing
   * may be replaced, all of its top entry goes on as a copy: it is another than the one there.
   *
   * @throws name-exists when it should have been there, or nowhere
   */
  async replace(entry: number): Promise<void> {
    const { onConflict, destination } = this.#options;
    const name = this.#topOf(entry);
    if (onConflict === "fail") throw nameExists(destination, name);
    const key = onConflict === "overwrite" ? entry : name;
    const replace = (): Promise<void> =>
      onConflict === "overwrite" ? this.#replaceFile(entry) : this.#replaceTop(name);
    const replacing = this.#replacing.get(key) ?? replace();
    this.#replacing.set(key, replacing);
    await replacing;
  }

  /** Waits while a file is being replaced, whether that succeeds or not. */
  async settled(entry: number): Promise<void> {
    if (this.#replacing.size === 0) return;
    await this.#replacing.get(entry)?.catch(() => undefined);
    await this.#replacing.get(this.#topOf(entry))?.catch(() => undefined);
  }

  async #replaceFile(entry: number): Promise<void> {
    const { layout, tree, retire, missingOf } = this.#options;
    this.#inPlace.delete(this.#topOf(entry));
    retire(entry);
    try {
      await tree.copyStanding(entry);
    } catch (error) {
      const { first, count } = layout.chunksOf(entry);
      if (missingOf(entry) < count) throw error; // some of it is of use
      tree.forgetStanding(entry);
      this.forget(first, count);
    }
  }

  async #replaceTop(name: string): Promise<void> {
    const { manifest, tree, retire, missingOf } = this.#options;
    this.#inPlace.delete(name);
    let entry = -1;
    for (const { path, kind } of manifest.entries) {
      entry += 1;
      if (topOf(path) !== name || !tree.isStanding(entry)) continue;
      if (kind !== "file") {
        tree.forgetStanding(entry); // made anew
        continue;
      }
      retire(entry);
      await tree.copyStanding(entry);
      if (missingOf(entry) === 0) this.copied.add(entry);
    }
  }

  #topOf(entry: number): string {
    return topOf(this.#options.manifest.entries.at(entry)?.path ?? "");
  }
}
