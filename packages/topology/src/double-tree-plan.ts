import type { Plan } from "./plan.js";
import { requirePlace } from "./plan-place.js";

/**
 * Two binary trees, in each of which half of the chunks flow (Sanders, Speck & Träff, "Two-tree
 * algorithms for full bandwidth broadcast, reduction and scan", Parallel Computing 2009).
 *
 * The first tree has the positions 1 ... m, m = n - 1, in order: how often 2 divides a position is
 * its height, so that the odd ones are the leaves. The second is the first with its positions
 * mirrored (m even) or shifted by one (m odd), so that its leaves are even. Hence
 * - each position has children in one tree at most, and two of them at most: it uploads two halves;
 * - the root feeds the top of each tree: it uploads two halves as well;
 * - each position has a parent in both, at most floor(log2 m) + 1 links below the root.
 */
export class DoubleTreePlan implements Plan {
  readonly kind = "double-tree";
  readonly peerCount: number;
  readonly stripeCount = 2;

  constructor(peerCount: number) {
    this.peerCount = peerCount;
  }

  parentOf(stripe: number, position: number): number {
    requirePlace(this, stripe, position);
    if (position === 0) return -1;
    return this.#swap(stripe, inOrderParent(this.#swap(stripe, position, 1), this.#last), -1);
  }

  childrenOf(stripe: number, position: number): readonly number[] {
    requirePlace(this, stripe, position);
    if (position === 0) return [this.#swap(stripe, 2 ** Math.floor(Math.log2(this.#last)), -1)];
    const inOrder = this.#swap(stripe, position, 1);
    return inOrderChildren(inOrder, this.#last).map((child) => this.#swap(stripe, child, -1));
  }

  stripeOf(chunk: number): number {
    return chunk % 2;
  }

  /** The last position, which is the number of positions in each tree. */
  get #last(): number {
    return this.peerCount - 1;
  }

  /** From positions to places in the first tree (`shift` 1), and back (-1). The root stays. */
  #swap(stripe: number, position: number, shift: 1 | -1): number {
    const last = this.#last;
    if (stripe === 0 || position === 0) return position;
    if (last % 2 === 0) return last + 1 - position;
    return ((position - 1 + shift + last) % last) + 1;
  }
}

/** The parent of a place in the binary tree of 1 ... `last` in order; 0 for the top. */
function inOrderParent(place: number, last: number): number {
  const lowestBit = place & -place;
  const parent = (place - lowestBit) | (2 * lowestBit);
  return parent <= last ? parent : place - lowestBit;
}

/** The children of a place: the lower one first; the upper one may be several levels below. */
function inOrderChildren(place: number, last: number): readonly number[] {
  let distance = (place & -place) >>> 1;
  if (distance === 0) return [];
  const lower = place - distance;
  while (place + distance > last && distance > 0) distance >>>= 1;
  return distance === 0 ? [lower] : [lower, place + distance];
}
