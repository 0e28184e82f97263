import { BinomialPlan } from "./binomial-plan.js";
import { DoubleTreePlan } from "./double-tree-plan.js";
import { KAryPlan } from "./k-ary-plan.js";

/** Which list of trees a {@link Plan} is; {@link makePlan} describes each. */
export type PlanKind = "chain" | "double-tree" | "binomial" | "k-ary";

/**
 * A list of spanning trees down which the chunks of a session flow. A chunk belongs to a *stripe*,
 * and each stripe has a tree of its own: a peer passes a chunk, once verified, to its children in
 * the tree of that chunk's stripe.
 *
 * A *position* is a place in the plan, 0 (the root) to `peerCount - 1`. Which peer sits where is up
 * to the root; positions are not peer numbers.
 */
export interface Plan {
  /** Which list of trees it is. */
  readonly kind: PlanKind;
  /** Peers, the root among them: 2 or more. */
  readonly peerCount: number;
  /** Trees, one for each stripe: 1 to 64. */
  readonly stripeCount: number;

  /**
   * From whom a position gets the chunks of a stripe; -1 for position 0. Takes no longer the more
   * peers there are.
   *
   * @throws RangeError when `stripe` or `position` is not of the plan.
   */
  parentOf(stripe: number, position: number): number;

  /**
   * To whom a position passes the chunks of a stripe, in the order in which each chunk should be
   * sent.
   *
   * @throws RangeError when `stripe` or `position` is not of the plan.
   */
  childrenOf(stripe: number, position: number): readonly number[];

  /**
   * The stripe of a chunk, 0 to `stripeCount - 1`. Any `stripeCount` chunks that follow each other
   * are of different stripes.
   *
   * @param chunk - The chunk's index, 0 or more; not checked, as this is asked for each chunk and
   *   link.
   * @param chunkCount - Chunks in all, or `undefined` as long as a stream's length is not known.
   */
  stripeOf(chunk: number, chunkCount?: number): number;
}

/**
 * Makes the plan of a kind:
 *
 * | kind | trees | copies that a position uploads, at most | depth |
 * |---|---|---|---|
 * | `chain` | 1 | 1 | n - 1 |
 * | `double-tree` | 2 | 1 | floor(log2 (n - 1)) + 1 |
 * | `binomial` | h = floor(log2 n); 2h unless n = 2^h | 1 | h + 1; h + 2 unless n = 2^h |
 * | `k-ary` | 1 | the fanout | about log n to the base of the fanout |
 *
 * @param fanout - For `k-ary` only: most children of a position, 1 or more; 4 by default, as the
 *   control tree has.
 * @throws RangeError when `peerCount` is no integer from 2 to 2^30, or `fanout` none of at least 1.
 */
export function makePlan(
  kind: PlanKind,
  peerCount: number,
  { fanout = 4 }: { readonly fanout?: number } = {},
): Plan {
  if (!Number.isInteger(peerCount) || peerCount < 2 || peerCount > 2 ** 30) {
    throw new RangeError(`peerCount: got ${peerCount}, expected an integer from 2 to 2^30`);
  }
  if (!Number.isSafeInteger(fanout) || fanout < 1) {
    throw new RangeError(`fanout: got ${fanout}, expected an integer of at least 1`);
  }
  switch (kind) {
    case "chain":
      return new KAryPlan("chain", peerCount, 1);
    case "k-ary":
      return new KAryPlan("k-ary", peerCount, fanout);
    case "double-tree":
      return new DoubleTreePlan(peerCount);
    case "binomial":
      return new BinomialPlan(peerCount);
    default:
      throw new RangeError(
        `kind: got ${String(kind)}, expected chain, double-tree, binomial or k-ary`,
      );
  }
}
