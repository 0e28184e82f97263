import type { Plan } from "./plan.js";
import { requirePlace } from "./plan-place.js";
import { TwinCube } from "./twin-cube.js";

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
  readonly #cube: TwinCube;

  constructor(peerCount: number) {
    this.peerCount = peerCount;
    this.#cube = new TwinCube(peerCount);
    this.stripeCount = this.#cube.dimensions * (this.#cube.hasTwins ? 2 : 1);
  }

  parentOf(stripe: number, position: number): number {
    requirePlace(this, stripe, position);
    if (position === 0) return -1;
    const cube = this.#cube;
    const vertex = cube.vertexOf(position);
    const step = this.#arrivalStep(stripe, vertex);
    const taker = cube.takerAt(vertex, step);
    return taker === position ? cube.giverAt(cube.acrossFrom(vertex, step), step) : taker;
  }

  childrenOf(stripe: number, position: number): readonly number[] {
    requirePlace(this, stripe, position);
    const cube = this.#cube;
    const vertex = cube.vertexOf(position);
    const chunk = this.#sampleChunk(stripe);
    const arrival = vertex === 0 ? chunk - 1 : this.#arrivalStep(stripe, vertex);
    const isTaker = cube.takerAt(vertex, arrival) === position;
    let hasToPass = isTaker && cube.giverAt(vertex, arrival) !== position;
    const children: number[] = [];
    // In the order of the schedule. A position is the taker again, and passes the chunk to its
    // twin, a round and a step later at the latest.
    for (let step = arrival + 1; step <= arrival + cube.dimensions + 1; step += 1) {
      const giver = cube.giverAt(vertex, step);
      if (hasToPass && cube.takerAt(vertex, step) === position) {
        hasToPass = false;
        children.push(giver);
      }
      const across = cube.acrossFrom(vertex, step);
      if (giver !== position || across === 0) continue;
      if (cube.arrivingChunk(across, step) === chunk) children.push(cube.takerAt(across, step));
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
    while (this.#cube.arrivingChunk(vertex, step) !== chunk) step += 1;
    return step;
  }
}
