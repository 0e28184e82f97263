/** How long a rate is measured over, once a feed has had as long to get going. */
const measureMs = 500;

/** A trial costs about a tenth of a second, so it has to be worth it. */
const worthwhileMs = 20_000;

/** The previous first peer was slow when the next one takes so many times as much. */
const clearlyFaster = 1.5;

/** After a trial that found nothing the next one waits this many times as long. */
const patience = 4;

/** What the root knows of the one peer that it feeds. */
export interface FirstPeer {
  readonly number: number;
  readonly bytesSent: number;
  readonly bytesLeft: number;
}

/** What is to be done: make another peer the first, or take the one before for slow. */
export type TrialVerdict =
  | { readonly type: "rotate"; readonly number: number }
  | { readonly type: "demote"; readonly number: number };

/**
 * Finds out whether the first peer of a chain is slow. Every other peer is fed by one that sees how
 * much more it could have sent; the root has everything, and cannot tell its own link from the
 * peer's. So when the rest would take long, another peer becomes the first for a moment, and the
 * two rates are compared.
 */
export class FirstPeerTrial {
  #number: number | undefined;
  #settledAt = 0;
  #start: { readonly at: number; readonly bytes: number } | undefined;
  #previous: { readonly number: number; readonly rate: number } | undefined;
  #nextAt = 0;
  #pauseMs = worthwhileMs;

  look(first: FirstPeer, now: number): TrialVerdict | undefined {
    if (first.number !== this.#number) {
      this.#number = first.number;
      this.#settledAt = now + measureMs;
      this.#start = undefined;
      return undefined;
    }
    if (now < this.#settledAt) return undefined;
    this.#start ??= { at: now, bytes: first.bytesSent };
    const elapsed = now - this.#start.at;
    if (elapsed < measureMs) return undefined;
    const rate = (first.bytesSent - this.#start.bytes) / elapsed;
    this.#start = undefined;
    return this.#previous === undefined
      ? this.#consider(first, rate, now)
      : this.#compare(this.#previous, rate);
  }

  #consider(first: FirstPeer, rate: number, now: number): TrialVerdict | undefined {
    const isShort = first.bytesLeft < rate * worthwhileMs;
    if (now < this.#nextAt || rate === 0 || isShort) return undefined;
    this.#previous = { number: first.number, rate };
    this.#nextAt = now + this.#pauseMs;
    this.#pauseMs *= patience;
    return { type: "rotate", number: first.number };
  }

  #compare(
    previous: { readonly number: number; readonly rate: number },
    rate: number,
  ): TrialVerdict | undefined {
    this.#previous = undefined;
    if (rate < previous.rate * clearlyFaster) return undefined;
    // There may be another slow one at once behind it.
    this.#nextAt = 0;
    return { type: "demote", number: previous.number };
  }
}
