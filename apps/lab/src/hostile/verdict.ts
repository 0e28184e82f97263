import type { Strategy } from "../chaos/scenario.js";
import { summarize } from "../statistics.js";
import type { Lie } from "./lie.js";
import type { Trial } from "./trial.js";

/** So often the honest hosts may take the time that they need without a liar. */
export const mostRatio = 1.3;

/** All trials of one lie in one strategy. */
export interface Tried {
  readonly lie: Lie;
  readonly strategy: Strategy;
  readonly trials: readonly Trial[];
  /** Of each trial its time by that without a lie; infinite where a host did not get the file. */
  readonly ratios: readonly number[];
}

/** What is said of a lie. */
export interface Verdict {
  readonly lie: string;
  readonly about: string;
  readonly strategy: Strategy;
  /** Of the honest hosts' time by that without a lie; undefined: one did not get the file. */
  readonly ratio: number | undefined;
  readonly ratios: readonly number[];
  /** Whether every honest host was whole every time. */
  readonly isWhole: boolean;
  readonly isHeld: boolean;
  readonly trials: readonly Trial[];
}

/** @param isTimed - whether times count */
export function judge({ lie, strategy, trials, ratios }: Tried, isTimed: boolean): Verdict {
  const isWhole = trials.every(({ faults }) => faults.length === 0);
  const areFinite = ratios.every(Number.isFinite);
  const ratio = areFinite ? summarize(ratios).median : undefined;
  const { name, about } = lie;
  const isInTime = !isTimed || (ratio !== undefined && ratio <= mostRatio);
  const isHeld = isWhole && areFinite && isInTime;
  return { lie: name, about, strategy, ratio, ratios, isWhole, isHeld, trials };
}
