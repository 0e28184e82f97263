import type { Bitmap } from "@palmtree/files/core";
import { wireLimits } from "@palmtree/wire";
import type { ConnectionId } from "../event.js";
import { type Stripes, stripeTest } from "./stripes.js";

/**
 * What one sink still has to be sent, and how much is under way to it: the seed's forward
 * limiter, one per sink, so that a slow one holds back nobody but itself.
 */
export class SinkQueue {
  readonly connection: ConnectionId;
  /** Chunks that need not be sent without being asked for: held, sent, or of other stripes. */
  #has: Bitmap;
  /** What the sink wants from here; chunks below `#sortedTo` that it does not are marked as had. */
  #isWanted: (index: number) => boolean;
  #sortedTo = 0;
  #wantsStripes: boolean;
  #isExpected = true;
  #isOfStripes: (index: number) => boolean;
  readonly #pagesSent = new Set<number>();
  readonly #mostChunks: number;
  readonly #mostBytes: number;
  /** Chunks that the sink asked for by themselves; they go first. */
  readonly #wanted = new Set<number>();
  readonly #underWay = new Map<number, number>();
  #bytesUnderWay = 0;
  #cursor = 0;
  #bytesSent = 0;

  /**
   * @param has the sink's bitmap; owned by this queue from now on
   * @param stripes what the sink wants from here without asking for each chunk
   * @param limits chunks and bytes under way at once; two chunks always may be
   */
  constructor(
    connection: ConnectionId,
    has: Bitmap,
    stripes: Stripes,
    limits: { readonly chunks: number; readonly bytes: number },
  ) {
    this.connection = connection;
    this.#has = has;
    this.#isWanted = stripeTest(stripes);
    this.#wantsStripes = stripes.wanted.length > 0;
    this.#isOfStripes = stripeTest(stripes);
    this.#mostChunks = limits.chunks;
    this.#mostBytes = limits.bytes;
  }

  /** The sink says anew what it holds and wants; what is under way still counts. */
  restart(has: Bitmap, stripes: Stripes): void {
    this.#has = has;
    this.#isWanted = stripeTest(stripes);
    this.#sortedTo = 0;
    this.#wantsStripes = stripes.wanted.length > 0;
    this.#isOfStripes = stripeTest(stripes);
    this.#cursor = 0;
    for (const index of this.#underWay.keys()) has.set(index);
  }

  /** Whether this peer is to feed the sink; when it is not any more, what it asked for is dropped. */
  expect(isExpected: boolean): void {
    if (isExpected === this.#isExpected) return;
    this.#isExpected = isExpected;
    this.#cursor = 0;
    if (!isExpected) this.#wanted.clear();
  }

  /** Chunks that need not be sent to it: it says that it holds them, or was sent them. */
  get claimed(): Bitmap {
    return this.#has.clone();
  }

  /** Whether chunks go to this sink without being asked for one by one. */
  get isFed(): boolean {
    return this.#wantsStripes && this.#isExpected;
  }

  /** The lowest chunk that may still have to be sent without being asked for. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Whether there may be something to send out of what is held up to `highestHeld`. */
  mayNeed(highestHeld: number): boolean {
    return (this.isFed && this.#cursor <= highestHeld) || this.#wanted.size > 0;
  }

  /** Bytes of chunks that the operating system took, all together. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** Chunks that it still has to be sent, or that the operating system has not taken yet. */
  get chunksLacked(): number {
    return this.#has.size - this.#has.count + this.#underWay.size;
  }

  /** Whether something is handed over that the operating system has not taken yet. */
  get isSending(): boolean {
    return this.#underWay.size > 0;
  }

  get hasRoom(): boolean {
    if (this.#underWay.size < 2) return true;
    return this.#underWay.size < this.#mostChunks && this.#bytesUnderWay < this.#mostBytes;
  }

  /** Whether the chunk is of a stripe that the sink wants from here, lacking it or not. */
  feeds(index: number): boolean {
    return this.#isExpected && this.#isOfStripes(index);
  }

  /** Whether the sink wants this chunk from here and lacks it, as far as this peer knows. */
  lacks(index: number): boolean {
    return this.isFed && !this.#has.has(index) && this.#isWanted(index);
  }

  /** A stream has ended: there are no chunks beyond. */
  end(chunkCount: number): void {
    this.#has.truncate(chunkCount);
    this.sortOut(chunkCount);
  }

  /**
   * Take the next chunk to send out of `held`; -1 when the sink has or is sent them all.
   *
   * @param highestHeld the highest index in `held`
   */
  take(held: Bitmap, highestHeld: number, lengthOf: (index: number) => number): number {
    this.sortOut(highestHeld + 1);
    const index = this.#next(held);
    if (index === -1) {
      this.#cursor = Math.max(this.#cursor, highestHeld + 1);
      return -1;
    }
    const length = lengthOf(index);
    this.#has.set(index);
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
    const length = this.#underWay.get(index) ?? 0;
    this.#bytesUnderWay -= length;
    this.#bytesSent += length;
    this.#underWay.delete(index);
  }

  /** A chunk is held here now that was not when the cursor passed it. */
  offer(index: number): void {
    if (index < this.#cursor && this.lacks(index)) this.#cursor = index;
  }

  /** The sink came to hold chunks, from here or elsewhere. */
  has(first: number, count: number): void {
    const end = Math.min(first + count, this.#has.size);
    if (first >= end) return;
    this.#has.setRun(first, end - first);
    for (const index of this.#wanted) if (index >= first && index < end) this.#wanted.delete(index);
  }

  /**
   * The sink lacks a chunk after all, whatever it said before or was sent.
   *
   * @returns whether it is sent in its turn, or is under way, because it is of the sink's stripes
   */
  takeBack(index: number): boolean {
    if (!this.feeds(index)) return false;
    if (this.#underWay.has(index)) return true;
    this.#has.clear(index);
    this.offer(index);
    return true;
  }

  /**
   * The sink asks for a chunk, whatever was sent before.
   *
   * @returns false when it waits for as many others as may be asked for at once
   */
  want(index: number): boolean {
    if (this.#underWay.has(index) || this.#wanted.has(index)) return true;
    if (this.#wanted.size >= wireLimits.wantedChunks) return false;
    this.#wanted.add(index);
    return true;
  }

  #next(held: Bitmap): number {
    for (const index of this.#wanted) {
      this.#wanted.delete(index);
      return index;
    }
    if (!this.isFed) return -1;
    const index = held.firstIn(this.#has, this.#cursor);
    if (index !== -1) this.#cursor = index + 1;
    return index;
  }

  /**
   * Marks the chunks before `end` of all stripes that are not wanted, so that scans pass over them at
   * once. All at the beginning, where it is known how many there are; of a stream as they come.
   */
  sortOut(end: number): void {
    if (!this.isFed) return;
    for (; this.#sortedTo < end; this.#sortedTo += 1)
      if (!this.#isWanted(this.#sortedTo)) this.#has.set(this.#sortedTo);
  }
}
