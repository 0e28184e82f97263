import type { SlabPool } from "./slab-pool.js";

/** A new slab begins where less than this would be left to read into. */
const leastReadBytes = 64 * 1_024;

/** What is read at once, at most: more leaves the processor's cache before it is hashed. */
const mostReadBytes = 256 * 1_024;

const leastSlabBytes = 128 * 1_024;
const mostSlabBytes = 1_024 * 1_024;

/** A payload smaller than this share of a slab does not keep the slab alive: it is copied out. */
const leastShare = 1 / 16;
/** A payload larger than this share has storage of its own. */
const mostShare = 1 / 2;

/**
 * Memory into which a stream is read, one slab after the other, and in which payloads stay where
 * they arrived: each is a view of its slab, and nothing is read into its place until all payloads
 * of that slab were released. A slab lives as long as any of its payloads, and as none of these is
 * small, at most 16 times as much memory is kept alive as payloads are.
 */
export class ReadSlab {
  readonly #pool: SlabPool;
  #size = mostSlabBytes;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the next bytes of the stream go. */
  #end = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** The slabs from the next one on have room for 16 chunks of that size, 1 MiB at most. */
  suit(maxChunkBytes: number): void {
    const wanted = Math.min(maxChunkBytes, mostSlabBytes) / leastShare;
    this.#size = Math.min(Math.max(wanted, leastSlabBytes), mostSlabBytes);
  }

  /** Whether payloads of that size stay where they arrived. */
  keeps(length: number): boolean {
    return length >= this.#size * leastShare && length <= this.#size * mostShare;
  }

  /**
   * Where the next bytes of the stream are to be put; the same until {@link fill}.
   *
   * @param isReserved - whether they belong to what was reserved, and so must stay beside it
   */
  room(isReserved: boolean): Uint8Array {
    const left = this.#bytes.length - this.#end;
    if (!isReserved && left < leastReadBytes) {
      this.#pool.retire(this.#bytes);
      this.#bytes = this.#pool.take(this.#size);
      this.#end = 0;
    }
    return this.#bytes.subarray(this.#end, this.#end + mostReadBytes);
  }

  /** So many bytes were put into {@link room}: these. */
  fill(count: number): Uint8Array {
    this.#end += count;
    return this.#bytes.subarray(this.#end - count, this.#end);
  }

  /**
   * The place of a payload, handed out, of which the last `arrived` bytes of the stream are the beginning, or
   * begin with all of it. What does not fit any more moves to the beginning of a new slab.
   */
  reserve(arrived: number, length: number): Uint8Array {
    let start = this.#end - arrived;
    if (start + length > this.#bytes.length) {
      const slab = this.#pool.take(this.#size);
      slab.set(this.#bytes.subarray(start, this.#end));
      this.#pool.retire(this.#bytes);
      this.#bytes = slab;
      this.#end = arrived;
      start = 0;
    }
    const place = this.#bytes.subarray(start, start + length);
    this.#pool.lend(place);
    return place;
  }
}
