import { type MetricName, metrics } from "./metrics.js";
import type { Summary } from "./statistics.js";
import { formatNumber } from "./units.js";

/** A number that this project promises to reach, or to stay below. */
export interface Promised {
  readonly metric: MetricName;
  readonly comparison: "at-least" | "below";
  readonly limit: number;
  /**
   * `median`: of several runs the middle one keeps it, for what other programs on the machine
   * disturb. `every-run`: no run breaks it.
   */
  readonly judged: "median" | "every-run";
}

/** Whether what was measured keeps a promise. */
export function isHeld({ comparison, limit, judged }: Promised, summary: Summary): boolean {
  const { median, min, max } = summary;
  if (comparison === "at-least") return (judged === "median" ? median : min) >= limit;
  return (judged === "median" ? median : max) < limit;
}

/** A promise for people: `≥ 300 MB/s`. */
export function describePromised({ metric, comparison, limit }: Promised): string {
  const sign = comparison === "at-least" ? "≥" : "<";
  return `${sign} ${formatNumber(limit)} ${metrics[metric].unit}`;
}
