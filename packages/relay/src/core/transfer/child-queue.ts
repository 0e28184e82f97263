import type { Bitmap } from "@palmtree/files/core";
import type { ConnectionId } from "../event.js";

/**
 * What one child still has to be sent, and how much is under way to it: the seed's forward
 * limiter, one per child, so that a slow child holds back nobody but itself.
 */
export class ChildQueue {
  readonly connection: ConnectionId;
  /** Chunks that the child has said to hold, or that were sent to it. */
  readonly #has: Bitmap;
  readonly #pagesSent = new Set<number>();
  readonly #mostChunks: number;
  readonly #mostBytes: number;
  readonly #underWay = new Map<number, number>();
  #bytesUnderWay = 0;
  #cursor = 0;

  /**
   * @param has the child's bitmap; owned by this queue from now on
   * @param limits chunks and bytes under way at once; two chunks always may be
   */
  constructor(
    connection: ConnectionId,
    has: Bitmap,
    limits: { readonly chunks: number; readonly bytes: number },
  ) {
    this.connection = connection;
    this.#has = has;
    this.#mostChunks = limits.chunks;
    this.#mostBytes = limits.bytes;
  }

  /** The lowest chunk that may still have to be sent. */
  get cursor(): number {
    return this.#cursor;
  }

  get hasRoom(): boolean {
    if (this.#underWay.size < 2) return true;
    return this.#underWay.size < this.#mostChunks && this.#bytesUnderWay < this.#mostBytes;
  }

  /** Take the next chunk to send out of `held`; -1 when the child has or is sent them all. */
  take(held: Bitmap, lengthOf: (index: number) => number): number {
    const index = held.firstIn(this.#has, this.#cursor);
    if (index === -1) return -1;
    this.#cursor = index + 1;
    this.#has.set(index);
    const length = lengthOf(index);
    this.#underWay.set(index, length);
    this.#bytesUnderWay += length;
    return index;
  }

  /** True the first time for each page: its hashes have to go before its chunks. */
  takePage(page: number): boolean {
    if (this.#pagesSent.has(page)) return false;
    this.#pagesSent.add(page);
    return true;
  }

  /** The operating system took the chunk. */
  sent(index: number): void {
    this.#bytesUnderWay -= this.#underWay.get(index) ?? 0;
    this.#underWay.delete(index);
  }

  /** A chunk is held here now that was not when the cursor passed it. */
  offer(index: number): void {
    if (index < this.#cursor && !this.#has.has(index)) this.#cursor = index;
  }

  /** The child asks for a chunk that it should have by now. */
  want(index: number): void {
    if (this.#underWay.has(index)) return;
    this.#has.clear(index);
    this.#cursor = Math.min(this.#cursor, index);
  }
}
