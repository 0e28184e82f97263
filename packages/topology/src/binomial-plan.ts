import { arrivingChunk, giverAt, takerAt } from "./binomial-schedule.js";
import { dimensionsOf } from "./hypercube.js";
import type { Plan } from "./plan.js";
import { requirePlace } from "./plan-place.js";

/**
 * The trees of the binomial pipeline (see `binomial-schedule.ts`). The schedule repeats itself after
 * h = floor(log2 n) steps, or after 2h where there are twins, as these swap roles an odd number of
 * times in a round if their vertex has an odd number of bits. So chunks whose indices are equal
 * modulo h (or 2h) flow down the same tree, and there are that many stripes.
 *
 * As nobody sends more than one chunk in a step, nobody uploads more than one copy; the root sends
 * each chunk once. Only the last chunk departs from the schedule, in which the root sends it h
 * times: here it flows down the tree of its stripe, one step longer.
 */
export class BinomialPlan implements Plan {
  readonly kind = "binomial";
  readonly peerCount: number;
  readonly stripeCount: number;
  readonly #dimensions: number;

  constructor(peerCount: number) {
    this.peerCount = peerCount;
    this.#dimensions = dimensionsOf(peerCount);
    const hasTwins = peerCount > 2 ** this.#dimensions;
    this.stripeCount = hasTwins ? 2 * this.#dimensions : this.#dimensions;
  }

  parentOf(stripe: number, position: number): number {
    requirePlace(this, stripe, position);
    if (position === 0) return -1;
    const vertex = this.#vertexOf(position);
    const step = this.#arrivalStep(stripe, vertex);
    const taker = takerAt(vertex, step, this.peerCount);
    if (taker !== position) return taker;
    return giverAt(vertex ^ this.#bitOf(step), step, this.peerCount);
  }

  childrenOf(stripe: number, position: number): readonly number[] {
    requirePlace(this, stripe, position);
    const vertex = this.#vertexOf(position);
    const chunk = this.#sampleChunk(stripe);
    const arrival = vertex === 0 ? chunk - 1 : this.#arrivalStep(stripe, vertex);
    const hasTaken = takerAt(vertex, arrival, this.peerCount) === position;
    let mayPass = hasTaken && giverAt(vertex, arrival, this.peerCount) !== position;
    const children: number[] = [];
    // In the order of the schedule. A position is the taker again, and passes the chunk to its
    // twin, a round and a step later at the latest.
    for (let step = arrival + 1; step <= arrival + this.#dimensions + 1; step += 1) {
      const across = vertex ^ this.#bitOf(step);
      const taker = takerAt(vertex, step, this.peerCount);
      const giver = giverAt(vertex, step, this.peerCount);
      if (mayPass && taker === position) {
        mayPass = false;
        children.push(giver);
      }
      if (giver !== position || across === 0) continue;
      if (arrivingChunk(across, step, this.#dimensions) !== chunk) continue;
      children.push(takerAt(across, step, this.peerCount));
    }
    return children;
  }

  stripeOf(chunk: number): number {
    return chunk % this.stripeCount;
  }

  /** A chunk of a stripe, late enough that nobody gets it in a step before the first. */
  #sampleChunk(stripe: number): number {
    return stripe + this.stripeCount;
  }

  /** The step in which the sample chunk of a stripe comes in at a vertex that is not the root's. */
  #arrivalStep(stripe: number, vertex: number): number {
    const chunk = this.#sampleChunk(stripe);
    let step = chunk;
    while (arrivingChunk(vertex, step, this.#dimensions) !== chunk) step += 1;
    return step;
  }

  #bitOf(step: number): number {
    return 1 << (step % this.#dimensions);
  }

  #vertexOf(position: number): number {
    const vertexCount = 2 ** this.#dimensions;
    return position < vertexCount ? position : position + 1 - vertexCount;
  }
}
