import { PalmTreeError } from "@palmtree/wire";
import { manifestLimits } from "./limits.js";
import type { Manifest } from "./manifest.js";

/** Where a chunk's bytes are. */
export interface ChunkPlace {
  /** The file: its index in the manifest's entries. */
  readonly entry: number;
  /** Bytes of the file before the chunk. */
  readonly offset: number;
  /** Bytes in the chunk, from 1 to the chunk size. */
  readonly length: number;
}

/** The chunks of one file: those from `first` to `first + count - 1`. */
export interface ChunkRange {
  readonly first: number;
  readonly count: number;
}

/**
 * How a manifest's files are cut into chunks, and where each chunk is.
 *
 * Each file is cut on its own, from its beginning, into chunks of `chunkSizeBytes`, the last one
 * short; empty files and directories have none. Chunks are numbered from 0 through all files in
 * the manifest's order. Memory: 20 bytes per entry, none per chunk.
 *
 * A stream is laid out as the longest file that there may be, until its end is known
 * ({@link ChunkLayout.endStream}): where chunks are does not depend on it, only which one is short.
 */
export class ChunkLayout {
  readonly chunkSizeBytes: number;
  #chunkCount: number;
  #totalBytes: number;
  #isOpen: boolean;
  /** Per entry its first chunk (an entry without chunks: that of the next), and a last one more. */
  readonly #firstChunk: Uint32Array;
  /** Per entry the bytes of the files before it. */
  readonly #bytesBefore: Float64Array;
  readonly #sizeBytes: Float64Array;

  /**
   * @param manifest - its `chunkSizeBytes` and the sizes of its entries are read, and not kept
   * @throws limit-exceeded when there are more than 2^24 chunks
   * @throws RangeError when a size is not an integer in its range
   */
  constructor(manifest: Pick<Manifest, "chunkSizeBytes" | "entries" | "isStream">) {
    const { chunkSizeBytes, entries, isStream = false } = manifest;
    const { chunkSizeBytesMin, chunkSizeBytesMax } = manifestLimits;
    checkSize(chunkSizeBytes, chunkSizeBytesMin, chunkSizeBytesMax);
    this.chunkSizeBytes = chunkSizeBytes;
    this.#firstChunk = new Uint32Array(entries.length + 1);
    this.#bytesBefore = new Float64Array(entries.length);
    this.#sizeBytes = new Float64Array(entries.length);
    let chunkCount = 0;
    let totalBytes = 0;
    let index = 0;
    for (const { sizeBytes } of entries) {
      checkSize(sizeBytes, 0, Number.MAX_SAFE_INTEGER);
      this.#bytesBefore[index] = totalBytes;
      this.#sizeBytes[index] = sizeBytes;
      totalBytes += sizeBytes;
      chunkCount += Math.ceil(sizeBytes / chunkSizeBytes);
      if (chunkCount > manifestLimits.chunkCount) throw tooManyChunks(chunkSizeBytes);
      index += 1;
      this.#firstChunk[index] = chunkCount;
    }
    this.#chunkCount = chunkCount;
    this.#totalBytes = totalBytes;
    this.#isOpen = isStream;
    if (isStream) this.#resize(chunkSizeBytes * manifestLimits.chunkCount);
  }

  /** Chunks of all files together; of a stream that has not ended 2^24, the most there may be. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  /** Bytes of all files together, 0 to 2^48; of a stream that has not ended the most there may be. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Whether this is a stream whose length is not known yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * A stream has ended: its length is known from now on.
   *
   * @throws RangeError when this is no stream, or one that has ended, or the length is not 0 to 2^24
   *   chunks
   */
  endStream(totalBytes: number): void {
    if (!this.#isOpen) throw new RangeError("What has a known length does not end");
    checkSize(totalBytes, 0, this.#totalBytes);
    this.#isOpen = false;
    this.#resize(totalBytes);
  }

  /** Entries of the manifest. */
  get entryCount(): number {
    return this.#sizeBytes.length;
  }

  /**
   * Bytes of an entry; 0 for directories.
   *
   * @throws RangeError when there is no such entry
   */
  sizeOf(entry: number): number {
    return this.#sizeBytes[entry] ?? this.#noEntry(entry);
  }

  /**
   * Where chunk `index` is: O(log entries).
   *
   * @throws RangeError when there is no such chunk
   */
  locate(index: number): ChunkPlace {
    const entry = this.entryOf(index);
    const offset = (index - (this.#firstChunk[entry] as number)) * this.chunkSizeBytes;
    const left = (this.#sizeBytes[entry] as number) - offset;
    return { entry, offset, length: Math.min(left, this.chunkSizeBytes) };
  }

  /**
   * The file that chunk `index` belongs to: its index in the manifest's entries.
   *
   * @throws RangeError when there is no such chunk
   */
  entryOf(index: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.chunkCount) {
      throw new RangeError(`There is no chunk ${index} among ${this.chunkCount}`);
    }
    // The last entry whose first chunk is not after `index`; entries without chunks come earlier.
    let low = 0;
    let high = this.#sizeBytes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#firstChunk[middle] as number) <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * The chunks of an entry; `count` is 0 for directories and empty files.
   *
   * @throws RangeError when there is no such entry
   */
  chunksOf(entry: number): ChunkRange {
    const first = this.#firstChunk[entry];
    const end = this.#firstChunk[entry + 1];
    if (first === undefined || end === undefined) return this.#noEntry(entry);
    return { first, count: end - first };
  }

  /**
   * Bytes in chunk `index`, from 1 to the chunk size.
   *
   * @throws RangeError when there is no such chunk
   */
  lengthOf(index: number): number {
    return this.locate(index).length;
  }

  /**
   * Bytes in all chunks before chunk `index`; all bytes for the index after the last.
   *
   * @throws RangeError when there is no such chunk
   */
  bytesBefore(index: number): number {
    if (index === this.chunkCount) return this.totalBytes;
    const { entry, offset } = this.locate(index);
    return (this.#bytesBefore[entry] as number) + offset;
  }

  #noEntry(entry: number): never {
    throw new RangeError(`There is no entry ${entry} among ${this.entryCount}`);
  }

  /** Gives a stream, the only entry, another length. */
  #resize(totalBytes: number): void {
    this.#totalBytes = totalBytes;
    this.#chunkCount = Math.ceil(totalBytes / this.chunkSizeBytes);
    this.#sizeBytes[0] = totalBytes;
    this.#firstChunk[1] = this.#chunkCount;
  }
}

/**
 * The chunk size for a stream, 256 KiB: up to 4 TiB of it can be numbered. 64 KiB would end at 1 TiB,
 * and take 32 MiB of hashes for every 64 GiB.
 */
export const streamChunkSizeBytes: number = 256 * 1024;

/** The smallest chunk size that is chosen by itself. */
const LEAST_CHUNK_SIZE_BYTES = 64 * 1024;
/** Chunks beyond which the chunk size is doubled: 32 MiB of hashes per peer. */
const WANTED_CHUNK_COUNT = 2 ** 20;

/**
 * The chunk size for a transfer of `totalBytes`: 64 KiB, doubled until there are at most 2^20
 * chunks, at most 16 MiB. So the hashes of a session take at most 32 MiB up to 16 TiB.
 */
export function defaultChunkSizeBytes(totalBytes: number): number {
  let size = LEAST_CHUNK_SIZE_BYTES;
  while (size < manifestLimits.chunkSizeBytesMax && totalBytes > size * WANTED_CHUNK_COUNT) {
    size *= 2;
  }
  return size;
}

/** Chunks that a pipeline wants for each host, so that what its many hops add stays about 1 %. */
const PIPELINE_CHUNKS_PER_PEER = 96;
/** And in any case, so that windows and bars move evenly. */
const LEAST_PIPELINE_CHUNK_COUNT = 2 ** 10;
/** Below this, the work for each chunk outweighs what shorter hops gain. */
const LEAST_PIPELINE_CHUNK_SIZE_BYTES = 16 * 1024;
/** Beyond this, larger chunks save no work worth having, and take memory. */
const MOST_PIPELINE_CHUNK_SIZE_BYTES = 256 * 1024;

/**
 * The chunk size for a transfer in which every chunk may go through all hosts, one after the other:
 * each stores it before it passes it on, so k chunks over h hops take k + h - 1 chunk times. The
 * largest power of two from 16 to 256 KiB that leaves 96 chunks for each host and 1,024 in all; for
 * what would have more than 2^20 such chunks, as {@link defaultChunkSizeBytes}.
 *
 * @param peerCount - hosts that take part, the sender among them
 */
export function pipelineChunkSizeBytes(totalBytes: number, peerCount: number): number {
  const wantedCount = Math.max(LEAST_PIPELINE_CHUNK_COUNT, peerCount * PIPELINE_CHUNKS_PER_PEER);
  let size = MOST_PIPELINE_CHUNK_SIZE_BYTES;
  while (size > LEAST_PIPELINE_CHUNK_SIZE_BYTES && totalBytes < size * wantedCount) size /= 2;
  return totalBytes > size * WANTED_CHUNK_COUNT ? defaultChunkSizeBytes(totalBytes) : size;
}

/** @throws RangeError for a chunk size that a caller may not choose */
export function checkChunkSize(chunkSizeBytes: number): void {
  const { chunkSizeBytesMin: least, chunkSizeBytesMax: most } = manifestLimits;
  if (!Number.isInteger(chunkSizeBytes) || chunkSizeBytes < least || chunkSizeBytes > most)
    throw new RangeError(`chunkSizeBytes: got ${chunkSizeBytes}, expected ${least} to ${most}`);
}

function checkSize(size: number, least: number, most: number): void {
  if (!Number.isSafeInteger(size) || size < least || size > most) {
    throw new RangeError(`A size of ${size} bytes is not an integer from ${least} to ${most}`);
  }
}

function tooManyChunks(chunkSizeBytes: number): PalmTreeError {
  const limit = manifestLimits.chunkCount;
  const message = `There are more than ${limit} chunks of ${chunkSizeBytes} bytes`;
  return new PalmTreeError("limit-exceeded", message, { facts: { limit, chunkSizeBytes } });
}
