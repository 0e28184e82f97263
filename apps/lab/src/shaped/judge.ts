import type { ToolName } from "../peers/tool.js";
import { round, summarize } from "../statistics.js";
import { formatNumber } from "../units.js";
import { type ShapedMetric, shapedMetrics } from "./metrics.js";
import type { ToolOutcome } from "./race.js";
import type { ShapedPromise } from "./scenario.js";

/** What became of a promise. */
export interface Judgement {
  readonly metric: ShapedMetric;
  readonly label: string;
  /** For people: `≤ 1.10 ×`, `≤ 0.6 × libtorrent`. */
  readonly promise: string;
  /** In the promise's own terms: where it is a comparison, the ratio. Absent: not measured. */
  readonly measured?: number;
  /** Absent: it could not be measured. */
  readonly held?: boolean;
}

/** Whether Palm Tree kept a promise. A run that did not finish keeps none about time. */
export function judge(promise: ShapedPromise, outcomes: readonly ToolOutcome[]): Judgement {
  const { metric, by, atMost, versus } = promise;
  const { label: whatever, unit } = shapedMetrics[metric];
  const label = by === undefined ? whatever : `${whatever}, unencrypted`;
  const limit = `≤ ${formatNumber(atMost)} ${versus === undefined ? unit : `× ${versus}`}`;
  const described = { metric, label, promise: limit };
  const ours = judgedValue(promise, by ?? "palmtree", outcomes);
  const theirs = versus === undefined ? 1 : judgedValue(promise, versus, outcomes);
  if (ours === undefined || theirs === undefined) return described;
  const measured = ours / theirs;
  if (!Number.isFinite(measured)) return { ...described, held: false };
  return { ...described, measured: round(measured), held: measured <= atMost };
}

/** Infinity where a run did not come to its end. */
function judgedValue(
  { metric, judged }: ShapedPromise,
  name: ToolName,
  outcomes: readonly ToolOutcome[],
): number | undefined {
  const outcome = outcomes.find(({ tool }) => tool.name === name);
  if (outcome === undefined || outcome.runs.length === 0) return undefined;
  const isOfTime = metric === "ratio" || metric === "seconds";
  const values = outcome.runs
    .map(({ measured }) => measured[metric] ?? (isOfTime ? Number.POSITIVE_INFINITY : undefined))
    .filter((value) => value !== undefined);
  if (values.length === 0) return undefined;
  if (!values.every(Number.isFinite)) return Number.POSITIVE_INFINITY;
  const { median, max } = summarize(values);
  return judged === "median" ? median : max;
}
