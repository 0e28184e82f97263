import type { Machine, MeasuredSection } from "./conditions.js";
import { describeMachine } from "./parts.js";

/**
 * What was just measured, and what is kept of other scenarios. A section is replaced as a whole: its
 * tools ran in turn, and are compared. A scenario that was skipped now replaces no numbers.
 *
 * @param scenarios - all names that there are, in the order of a report; other sections are dropped
 */
export function mergeSections<Section extends MeasuredSection>(
  measured: readonly Section[],
  kept: readonly Section[],
  scenarios: readonly string[],
): readonly Section[] {
  const byPreference = [
    measured.filter(isMeasured),
    kept.filter(isMeasured),
    measured,
    kept,
  ].flat();
  return scenarios
    .map((name) => byPreference.find(({ scenario }) => scenario === name))
    .filter((section) => section !== undefined);
}

function isMeasured({ skipped }: MeasuredSection): boolean {
  return skipped === undefined;
}

/** Why a report of one machine takes no sections of another; undefined when it is the same. */
export function lackOfUnity(kept: Machine, now: Machine): string | undefined {
  const [there, here] = [describeMachine(kept), describeMachine(now)];
  if (there === here) return undefined;
  return `machine: got ${there}, expected this one, ${here}: they do not stand on one page`;
}
