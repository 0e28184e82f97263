import type { Plan } from "./plan.js";

/**
 * How many copies of everything each position uploads, if the chunks are many: item p is the mean
 * number of children that position p has in a stripe. The shares add up to `peerCount - 1`. In a
 * chain, a double tree and a binomial plan none is above 1; those at or near 0 are the places for
 * slow peers.
 *
 * @example
 * ```ts
 * uploadShares(makePlan("chain", 4)); // [1, 1, 1, 0]
 * ```
 */
export function uploadShares(plan: Plan): readonly number[] {
  const childCounts = Array.from({ length: plan.peerCount }, () => 0);
  for (let stripe = 0; stripe < plan.stripeCount; stripe += 1) {
    for (let position = 1; position < plan.peerCount; position += 1) {
      const parent = plan.parentOf(stripe, position);
      childCounts[parent] = (childCounts[parent] ?? 0) + 1;
    }
  }
  return childCounts.map((count) => count / plan.stripeCount);
}
