import { choosePlan, type PlanKind } from "@palmtree/topology";
import type { Content } from "../transfer/content.js";

/** What a stream is planned for, since nobody knows how long it will be: 1 GiB. Guess. */
const usualStreamBytes = 2 ** 30;

/** The plan whose predicted time is shortest for so many peers and that much content. */
export function fastestPlan(
  peerCount: number,
  { isOpen, chunkCount, chunkSizeBytes: chunkBytes }: Content,
): PlanKind {
  const expected = isOpen ? Math.ceil(usualStreamBytes / chunkBytes) : chunkCount;
  return choosePlan({ peerCount, chunkCount: Math.max(1, expected), chunkBytes }).kind;
}
