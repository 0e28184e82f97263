import type { Bitmap } from "../core/bitmap.js";
import type { ChunkLayout } from "../core/chunk-layout.js";
import type { Manifest } from "../core/manifest.js";
import type { StagedTree } from "../staged-tree.js";
import { nameExists, type OnConflict } from "../staging.js";
import type { FoundContent } from "./found-content.js";
import { topOf } from "./standing-files.js";

/** What {@link FoundFiles} belong to. */
export interface FoundFilesOptions {
  readonly manifest: Manifest;
  readonly layout: ChunkLayout;
  readonly onConflict: OnConflict;
  readonly tree: StagedTree;
  /** Closes what is open of an entry's file: it will be another. */
  readonly retire: (entry: number) => void;
}

/** What was here before anything was received, for as long as nothing better has come. */
export class FoundFiles {
  /** Chunks that may be here: on no account believed. */
  readonly chunks: Bitmap;
  readonly #options: FoundFilesOptions;
  readonly #destination: string;
  readonly #inPlace: Set<string>;
  readonly #replacing = new Map<number, Promise<void>>();

  constructor(found: FoundContent, options: FoundFilesOptions) {
    this.chunks = found.chunks;
    this.#options = options;
    this.#destination = found.destination;
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
   * stays as it is, and goes on as a copy. Nothing of it may be written before that.
   *
   * @param isOfUse - whether some of its chunks are what they should be; asked when it cannot be
   *   copied
   * @throws name-exists when it may not be replaced
   */
  async replace(entry: number, isOfUse: () => boolean): Promise<void> {
    const replacing = this.#replacing.get(entry) ?? this.#replace(entry, isOfUse);
    this.#replacing.set(entry, replacing);
    await replacing;
  }

  /** Waits while a file is being replaced, whether that succeeds or not. */
  async settled(entry: number): Promise<void> {
    await this.#replacing.get(entry)?.catch(() => undefined);
  }

  async #replace(entry: number, isOfUse: () => boolean): Promise<void> {
    const { manifest, layout, onConflict, tree, retire } = this.#options;
    const name = topOf(manifest.entries.at(entry)?.path ?? "");
    if (onConflict === "fail") throw nameExists(this.#destination, name);
    this.#inPlace.delete(name);
    retire(entry);
    try {
      await tree.copyStanding(entry);
    } catch (error) {
      if (isOfUse()) throw error;
      tree.forgetStanding(entry);
      const { first, count } = layout.chunksOf(entry);
      this.forget(first, count);
    }
  }
}
