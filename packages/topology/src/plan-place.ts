import type { Plan } from "./plan.js";

/**
 * Checks that a plan has a stripe and a position.
 *
 * @throws RangeError when it has not.
 */
export function requirePlace(
  { stripeCount, peerCount }: Pick<Plan, "stripeCount" | "peerCount">,
  stripe: number,
  position: number,
): void {
  requireIndex("stripe", stripe, stripeCount);
  requireIndex("position", position, peerCount);
}

function requireIndex(name: string, value: number, count: number): void {
  if (Number.isInteger(value) && value >= 0 && value < count) return;
  throw new RangeError(`${name}: got ${value}, expected an integer from 0 to ${count - 1}`);
}
