import type { Context } from "../context.js";

/** For so long after it came up a connection is not replaced ... */
const leastPauseMs = 500;
/** ... and twice as long after each that was, up to this ... */
const mostPauseMs = 8_000;
/** ... until one has lasted for this long. */
const calmMs = 16_000;

interface Renewal {
  activeSince: number;
  pauseMs: number;
}

/**
 * When a neighbour that asks for a connection which it has is given another. It must have lost it; but a
 * request that was long on its way says nothing of that, and who asked for ever would get what it is sent in
 * bursts, and those that it feeds next to nothing.
 */
export class Renewals {
  readonly #context: Context;
  readonly #renewals = new Map<number, Renewal>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** The link to that neighbour has become active. */
  onActive(number: number): void {
    const { pauseMs = leastPauseMs } = this.#renewals.get(number) ?? {};
    this.#renewals.set(number, { activeSince: this.#context.now, pauseMs });
  }

  /** Whether the link is active for too short a time to have been lost. */
  isTooSoon(number: number): boolean {
    const renewal = this.#renewals.get(number);
    return renewal !== undefined && this.#context.now < renewal.activeSince + renewal.pauseMs;
  }

  /** Its connection is given up for another one. */
  onRenewed(number: number): void {
    const renewal = this.#renewals.get(number);
    if (renewal === undefined) return;
    const isCalm = this.#context.now >= renewal.activeSince + calmMs;
    renewal.pauseMs = isCalm ? leastPauseMs : Math.min(mostPauseMs, 2 * renewal.pauseMs);
  }
}
