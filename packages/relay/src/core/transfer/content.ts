import { Bitmap } from "@palmtree/files/core";
import type { Seal } from "@palmtree/wire";
import type { ChunkSizes } from "../event.js";
import type { PeerOptions } from "../options.js";
import { HashPages } from "./hash-pages.js";
import { RingBuffer } from "./ring-buffer.js";

/** What a peer knows and holds of a session's content. */
export class Content {
  readonly sizes: ChunkSizes;
  /** Whether this is a stream. */
  readonly isStream: boolean;
  /** Of all chunks but the last of each file. */
  readonly chunkSizeBytes: number;
  #isOpen: boolean;
  #chunkCount: number;
  #totalBytes: number;
  /** Chunks that are verified here, in memory or on disk: what may be passed on. */
  readonly held: Bitmap;
  /** The highest chunk held; nobody need look for more beyond it. -1 while there is none. */
  #highestHeld = -1;
  readonly pages: HashPages;
  readonly ring: RingBuffer;
  /** Chunks that the ring keeps, when all are of full size. */
  readonly ringChunks: number;
  /** What the root says of the whole, once it has produced every chunk. */
  seal: Seal | undefined;

  constructor(sizes: ChunkSizes, chunkSizeBytes: number, options: PeerOptions) {
    this.sizes = sizes;
    this.isStream = sizes.isOpen === true;
    this.chunkSizeBytes = chunkSizeBytes;
    this.#isOpen = this.isStream;
    this.#chunkCount = sizes.chunkCount;
    this.#totalBytes = sizes.totalBytes;
    this.held = new Bitmap(sizes.chunkCount);
    this.pages = new HashPages(sizes.chunkCount, chunkSizeBytes);
    // Two pages at least: the root fills one while the other is being sent.
    const leastBytes = 2 * this.pages.perPage * chunkSizeBytes;
    const ringBytes = Math.max(options.ringBytes, leastBytes);
    this.ring = new RingBuffer(options.ringChunks, ringBytes);
    this.ringChunks = Math.min(options.ringChunks, Math.floor(ringBytes / chunkSizeBytes));
  }

  get sessionHash(): Uint8Array | undefined {
    return this.seal?.sessionHash;
  }

  get highestHeld(): number {
    return this.#highestHeld;
  }

  /** Chunks as they are told; of a stream, which may have very many, only up to the last one. */
  encode(chunks: Bitmap): Uint8Array {
    return this.isStream ? chunks.toShortBytes() : chunks.toBytes();
  }

  /** A chunk is verified here. @returns false when it was held already */
  hold(index: number): boolean {
    this.#highestHeld = Math.max(this.#highestHeld, index);
    return this.held.set(index);
  }

  /** Of a stream, until its end is known, the most that there may be. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  /** As {@link Content.chunkCount}. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Whether this is a stream whose length is not known yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Of a stream as much again as there was so far: one that is looked at is halfway, on average. */
  get expectedBytes(): number {
    return this.#isOpen ? 2 * this.held.count * this.chunkSizeBytes : this.#totalBytes;
  }

  /** Bytes of the chunk with that index; before a stream has ended all chunks are full. */
  lengthOf(index: number): number {
    if (!this.isStream) return this.sizes.lengthOf(index);
    return Math.min(this.chunkSizeBytes, this.#totalBytes - index * this.chunkSizeBytes);
  }

  /**
   * The stream has this length. Before it is known, only full pages of full chunks travel; so it
   * cannot be less than those that are known here.
   *
   * @returns what is wrong with that, if something is
   */
  end(totalBytes: number): string | undefined {
    const leastBytes = this.pages.knownEnd * this.chunkSizeBytes;
    if (totalBytes < leastBytes || totalBytes > this.#totalBytes)
      return `an end after ${totalBytes} bytes, expected ${leastBytes} to ${this.#totalBytes}`;
    this.#isOpen = false;
    this.#totalBytes = totalBytes;
    this.#chunkCount = Math.ceil(totalBytes / this.chunkSizeBytes);
    this.pages.end(this.#chunkCount);
    this.held.truncate(this.#chunkCount);
    return undefined;
  }
}
