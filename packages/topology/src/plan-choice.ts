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
   * By what part of the least predicted time a plan may be slower and still count as tied: 0 or
   * more, 0.1 by default. 0 takes the formulas at their word. The default is how far plans
   * with several parents fall short of them when sends are out of step: see {@link choosePlan}.
   */
  readonly tieMargin?: number;
}

/** The plan that was chosen, and what was not. */
export interface PlanChoice {
  /** The plan to use. */
  readonly kind: PlanKind;
  /** Its predicted time; see {@link predictSeconds}. */
  readonly predictedSeconds: number;
  /** The other candidates, the fastest first. */
  readonly alternatives: readonly { readonly kind: PlanKind; readonly seconds: number }[];
}

/** From the simplest, with one parent and one child, to that with the most. */
const candidates = ["chain", "double-tree", "binomial"] as const;

/**
 * Chooses among chain, double tree and binomial pipeline the one with the least predicted time, or
 * the simplest of those that are tied with it.
 *
 * Why a tie is 10 % wide: in a chain everybody has one parent, whose sends meet no others. In the
 * other plans a peer's parents must take turns. In the formulas' steps they do; with times that vary
 * they now and then meet, and one of the two uplinks idles. Simulated in continuous time (n = 9 to
 * 128, k = 512, jitter and latency of 0.05 to 0.2 steps) the double tree takes 1.13 to 1.18 times k
 * steps and the binomial pipeline 1.12 to 1.25, where the formulas say 1.01 to 1.02. Prototypes over
 * TCP agree: chain 1.06 to 1.13, double tree 1.09 to 1.18, binomial pipeline 1.13 to 1.19. In 120
 * simulated cases (n = 5 to 128, k = 8 to 256) the choice took 0.9 % more than the best of the three
 * in the mean; with a margin of 0 it was 3.5 %, with 0.05 1.6 %, with 0.15 0.6 %, with 0.25 1.7 %.
 *
 * @throws RangeError when a field of the question is out of its range.
 */
export function choosePlan({
  peerCount,
  chunkCount,
  chunkBytes,
  links = 125e6,
  hopSeconds = 0,
  tieMargin = 0.1,
}: PlanQuestion): PlanChoice {
  if (!Number.isSafeInteger(chunkCount) || chunkCount < 1) {
    throw new RangeError(`chunkCount: got ${chunkCount}, expected an integer of at least 1`);
  }
  if (!(tieMargin >= 0)) throw new RangeError(`tieMargin: got ${tieMargin}, expected 0 or more`);
  const transfer = { peerCount, bytes: chunkCount * chunkBytes, chunkBytes, links, hopSeconds };
  const predicted = candidates.map((kind) => ({ kind, seconds: predictSeconds(kind, transfer) }));
  const byTime = predicted.toSorted((a, b) => a.seconds - b.seconds);
  const limit = (byTime[0]?.seconds ?? 0) * (1 + tieMargin);
  const chosen = predicted.find(({ seconds }) => seconds <= limit) ?? { kind: "chain", seconds: 0 };
  return {
    kind: chosen.kind,
    predictedSeconds: chosen.seconds,
    alternatives: byTime.filter(({ kind }) => kind !== chosen.kind),
  };
}
