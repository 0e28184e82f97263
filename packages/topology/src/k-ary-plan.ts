import type { Plan } from "./plan.js";
import { requirePlace } from "./plan-place.js";

/**
 * One tree, filled level by level, as `kAryTree` makes it: the parent of p is
 * floor((p - 1) / fanout). With a fanout of 1 it is the chain, in which p - 1 is the parent of p.
 *
 * A position with f children uploads f copies, so that the tree takes about f times as long as the
 * chain, and is good for few chunks only; the chain takes a step for each peer.
 */
export class KAryPlan implements Plan {
  readonly kind: "chain" | "k-ary";
  readonly peerCount: number;
  readonly stripeCount = 1;
  readonly #fanout: number;

  constructor(kind: "chain" | "k-ary", peerCount: number, fanout: number) {
    this.kind = kind;
    this.peerCount = peerCount;
    this.#fanout = fanout;
  }

  parentOf(stripe: number, position: number): number {
    requirePlace(this, stripe, position);
    return position === 0 ? -1 : Math.floor((position - 1) / this.#fanout);
  }

  childrenOf(stripe: number, position: number): readonly number[] {
    requirePlace(this, stripe, position);
    const first = position * this.#fanout + 1;
    const length = Math.min(this.#fanout, Math.max(0, this.peerCount - first));
    return Array.from({ length }, (_, index) => first + index);
  }

  stripeOf(): number {
    return 0;
  }
}
