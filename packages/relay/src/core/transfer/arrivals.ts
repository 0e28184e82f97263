/**
 * A peer that has been sent nothing by the plan for this long, or for so many usual pauses, has
 * stalled.
 */
const leastOverdueMs = 300;
const overduePauses = 16;

/** The first chunk may take this long: it comes over many hops. Guess. */
const firstChunkMs = 1_000;

/** A longer pause says nothing about the usual ones. */
const mostPauseMs = 1_000;

/** Below this share of its best rate a peer could take more than comes. */
const roomyShare = 0.7;

/**
 * The rate is worked out anew when so many chunks have come, or should have at the best rate, but after that
 * time at the latest: of one or two that come over a slow link between two looks, half is chance.
 */
const countedChunks = 8;
const countedWithinMs = 2_000;

/**
 * How chunks come in: whether the plan has stalled, and whether more could be taken than comes.
 * Times are milliseconds.
 */
export class Arrivals {
  /** When the last chunk came by the plan, and how long the pauses between chunks are. */
  #cameAt: number;
  #pauseMs = 0;
  /** Chunks since the rate was worked out last. */
  #arrived = 0;
  #countedAt: number;
  /** Chunks in a millisecond: now, and at best. */
  #rate = 0;
  #bestRate = 0;

  /** @param now when chunks may begin to come */
  constructor(now: number) {
    this.#cameAt = now + firstChunkMs;
    this.#countedAt = now;
  }

  /** @param isAsked whether the chunk was asked for: that says nothing about the plan */
  note(now: number, isAsked: boolean): void {
    this.#arrived += 1;
    if (isAsked) return;
    const pauseMs = Math.max(0, now - this.#cameAt);
    this.#cameAt = now;
    this.#pauseMs += (Math.min(pauseMs, mostPauseMs) - this.#pauseMs) / 16;
  }

  /**
   * Whether chunks that should have come by the plan have not.
   *
   * @param leastMs not before this has passed
   */
  isStalled(now: number, leastMs: number = leastOverdueMs): boolean {
    return now >= this.#cameAt + Math.max(leastMs, overduePauses * this.#pauseMs);
  }

  /**
   * Look, now and then: whether less comes than once did. Who is served at its full rate gains nothing from
   * a second source.
   */
  hasRoom(now: number): boolean {
    const elapsedMs = now - this.#countedAt;
    const isCounted = elapsedMs >= Math.min(countedWithinMs, countedChunks / this.#bestRate);
    if (elapsedMs > 0 && (isCounted || this.#arrived >= countedChunks)) {
      this.#rate += (this.#arrived / elapsedMs - this.#rate) / 4;
      this.#bestRate = Math.max(this.#bestRate, this.#rate);
      this.#arrived = 0;
      this.#countedAt = now;
    }
    return this.#rate < this.#bestRate * roomyShare;
  }
}
