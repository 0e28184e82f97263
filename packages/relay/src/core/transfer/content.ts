import { Bitmap } from "@palmtree/files/core";
import type { ChunkSizes } from "../event.js";
import type { PeerOptions } from "../options.js";
import { HashPages } from "./hash-pages.js";
import { RingBuffer } from "./ring-buffer.js";

/** What a peer knows and holds of a session's content. */
export class Content {
  readonly sizes: ChunkSizes;
  /** Bytes of every chunk but the last one of a file, which may be shorter. */
  readonly chunkSizeBytes: number;
  /** Chunks that are verified here, in memory or on disk: what may be passed on. */
  readonly held: Bitmap;
  /** The highest chunk held; nobody need look for more beyond it. -1 while there is none. */
  #highestHeld = -1;
  readonly pages: HashPages;
  readonly ring: RingBuffer;
  /** Chunks that the ring keeps, when all are of full size. */
  readonly ringChunks: number;
  /** The session's hash, once the root has produced every chunk. */
  sessionHash: Uint8Array | undefined;

  constructor(sizes: ChunkSizes, chunkSizeBytes: number, options: PeerOptions) {
    this.sizes = sizes;
    this.chunkSizeBytes = chunkSizeBytes;
    this.held = new Bitmap(sizes.chunkCount);
    this.pages = new HashPages(sizes.chunkCount, chunkSizeBytes);
    // Two pages at least: the root fills one while the other is being sent.
    const leastBytes = 2 * this.pages.perPage * chunkSizeBytes;
    const ringBytes = Math.max(options.ringBytes, leastBytes);
    this.ring = new RingBuffer(options.ringChunks, ringBytes);
    this.ringChunks = Math.min(options.ringChunks, Math.floor(ringBytes / chunkSizeBytes));
  }

  get highestHeld(): number {
    return this.#highestHeld;
  }

  /** A chunk is verified here. @returns false when it was held already */
  hold(index: number): boolean {
    this.#highestHeld = Math.max(this.#highestHeld, index);
    return this.held.set(index);
  }

  get chunkCount(): number {
    return this.sizes.chunkCount;
  }
}
