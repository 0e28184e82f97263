import type { PlanKind } from "./plan.js";
import { predictSeconds } from "./predicted-time.js";
import type { Transfer } from "./transfer.js";

/** What {@link choosePlan} chooses for. */
export interface PlanQuestion extends Pick<Transfer, "peerCount" | "chunkBytes" | "hopSeconds"> {
  /** Chunks in all: 1 or more. */
  readonly chunkCount: number;
  /**
   * Bytes per second, as in {@link Transfer}. By default 125e6 (1 Gbit/s) for everybody: which plan
   * is the fastest depends on the speed of equal links only as far as `hopSeconds` does.
   */
  readonly links?: Transfer["links"];
  /**
   * By what part of the double tree's predicted time a chain may be slower and still be chosen: 0 or
   * more, 0.015 by default. 0 takes the formulas at their word; see {@link choosePlan}.
   */
  readonly tieMargin?: number;
}

/** The plan that was chosen, and what was not. */
export interface PlanChoice {
  /** The plan to use. */
  readonly kind: PlanKind;
  /** Its predicted time; see {@link predictSeconds}. */
  readonly predictedSeconds: number;
  /** What chain, double tree and binomial pipeline would take by formula, but for that plan. */
  readonly alternatives: readonly Prediction[];
}

export interface Prediction {
  readonly kind: PlanKind;
  readonly seconds: number;
}

/** From the simplest to that with the most parents. */
const kinds = ["chain", "double-tree", "binomial"] as const;

/**
 * Chooses the chain, where it takes hardly longer than the double tree, and else the double tree.
 *
 * Formulas take it that sends stay in step. What the plans really take was simulated with relay's
 * machines over links that connections share evenly, as TCP does (docs/benchmarks/simulated.md):
 * - A *chain* takes what is predicted, and about a fifth of a step more for each hop's latency. One
 *   connection comes in and one goes out, which costs the least of processors, and no two senders
 *   meet: so it is preferred where steps are the lesser part of the loss.
 * - A *double tree* stays within 1.5 per cent of its formula (n = 3 to 257, k = 1,000).
 * - The *binomial pipeline* is the shortest by formula from n = 6 on, and was never the fastest: for
 *   48 pairs of n = 5 to 128 and k = 8 to 1,000 it took 1.5 to 118 per cent more than the double tree.
 *   With up to 2 log2 n parents per peer, sends fall out of step. It is used when it is asked for.
 *
 * Chunk sizes are chosen so that a chain has many more chunks than hops, which makes it the choice
 * up to some 70 peers for 64 MiB, and any number for terabytes.
 *
 * @throws RangeError when a field of the question is out of its range.
 */
export function choosePlan({
  peerCount,
  chunkCount,
  chunkBytes,
  links = 125e6,
  hopSeconds = 0,
  tieMargin = 0.015,
}: PlanQuestion): PlanChoice {
  if (!Number.isSafeInteger(chunkCount) || chunkCount < 1) {
    throw new RangeError(`chunkCount: got ${chunkCount}, expected an integer of at least 1`);
  }
  if (!(tieMargin >= 0)) throw new RangeError(`tieMargin: got ${tieMargin}, expected 0 or more`);
  const transfer = { peerCount, bytes: chunkCount * chunkBytes, chunkBytes, links, hopSeconds };
  const predicted = kinds.map((kind) => ({ kind, seconds: predictSeconds(kind, transfer) }));
  const [chain, doubleTree] = predicted as [Prediction, Prediction, Prediction];
  const isChainGood = chain.seconds <= doubleTree.seconds * (1 + tieMargin);
  const chosen = isChainGood ? chain : doubleTree;
  return {
    kind: chosen.kind,
    predictedSeconds: chosen.seconds,
    alternatives: predicted
      .filter((other) => other !== chosen)
      .toSorted((a, b) => a.seconds - b.seconds),
  };
}
