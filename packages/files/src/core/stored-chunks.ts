import { Bitmap } from "./bitmap.js";
import type { ChunkLayout } from "./chunk-layout.js";

/** Which chunks of a session are stored, and how many each of its entries still lacks. */
export class StoredChunks {
  readonly #layout: ChunkLayout;
  readonly #stored: Bitmap;
  /** Per entry the chunks that are not stored yet. */
  readonly #missing: Uint32Array;

  /** @param layout - kept; of a stream it may be open */
  constructor(layout: ChunkLayout) {
    this.#layout = layout;
    this.#stored = new Bitmap(layout.chunkCount);
    this.#missing = Uint32Array.from(
      { length: layout.entryCount },
      (_, entry) => layout.chunksOf(entry).count,
    );
  }

  /** How many chunks are not stored; of a stream that has not ended, of the most there may be. */
  get missingCount(): number {
    return this.#layout.chunkCount - this.#stored.count;
  }

  /** The first chunk that is not stored, or -1. */
  get firstMissing(): number {
    return this.#stored.firstClear(0);
  }

  /** Whether a chunk is stored; false for an index that is no chunk's. */
  has(index: number): boolean {
    return this.#stored.has(index);
  }

  /** How many chunks of an entry are not stored. */
  missingOf(entry: number): number {
    return this.#missing[entry] as number;
  }

  /** Whether every chunk of an entry is stored; so it is where there are none. */
  isComplete(entry: number): boolean {
    return this.#missing[entry] === 0;
  }

  /**
   * Chunks of one entry, side by side, are stored; some of them may have been before.
   *
   * @returns whether the entry is complete now
   * @throws RangeError when there are no such chunks
   */
  add(entry: number, firstChunk: number, count: number): boolean {
    const missing = (this.#missing[entry] as number) - this.#stored.setRun(firstChunk, count);
    this.#missing[entry] = missing;
    return missing === 0;
  }

  /** The layout has learnt where its stream ends: there are fewer chunks than there might have been. */
  endStream(): void {
    const { chunkCount } = this.#layout;
    this.#missing[0] = (this.#missing[0] as number) - (this.#stored.size - chunkCount);
    this.#stored.truncate(chunkCount);
  }
}
