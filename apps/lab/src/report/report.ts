import type { Measurement, MetricName } from "../metrics.js";
import { metricNames, metrics } from "../metrics.js";
import { describePromised, isHeld, type Promised } from "../promised.js";
import type { Scenario } from "../scenario.js";
import { roundSummary, type Summary, summarize } from "../statistics.js";

/** What came of a scenario. */
export interface Outcome {
  readonly scenario: Scenario;
  /** One for each run that succeeded, in order. */
  readonly runs: readonly Measurement[];
  /** Why a run failed; the runs after it were not made. */
  readonly failure: string | undefined;
  /** Why it was not run at all. */
  readonly skipped: string | undefined;
}

/** Under what conditions the numbers came about. */
export interface Conditions {
  /** ISO 8601, the day only. */
  readonly date: string;
  readonly node: string;
  /** Operating system and architecture. */
  readonly platform: string;
  readonly cores: number;
  /** Processes that wanted to run in the minute before; above 0, others disturbed the numbers. */
  readonly loadBefore: number;
  readonly storage: "memory" | "disk";
  /** What repeats it. */
  readonly command: string;
}

/** One metric of one scenario. */
interface Row extends Summary {
  readonly metric: MetricName;
  readonly label: string;
  readonly unit: string;
  readonly promise?: string;
  readonly held?: boolean;
}

/** One scenario of a report. */
export interface Section {
  readonly scenario: string;
  readonly about: string;
  readonly rows: readonly Row[];
  readonly failure?: string;
  readonly skipped?: string;
  /** Promises of which nothing was measured, because a run failed or this system does not tell. */
  readonly unmeasured: readonly string[];
}

/** Everything that was measured, as it is written to JSON. */
export interface Report extends Conditions {
  readonly version: 1;
  readonly sections: readonly Section[];
  /** Whether no run failed and no promise that could be measured was broken. */
  readonly isHeld: boolean;
}

export function makeReport(conditions: Conditions, outcomes: readonly Outcome[]): Report {
  const sections = outcomes.map(makeSection);
  return { version: 1, ...conditions, sections, isHeld: isWhole(sections) };
}

function makeSection({ scenario, runs, failure, skipped }: Outcome): Section {
  const { name, about, promises } = scenario;
  const rows = metricNames.flatMap((metric) => {
    const values = runs.map((run) => run[metric]).filter((value) => value !== undefined);
    return values.length === 0 ? [] : [makeRow(metric, summarize(values), promises)];
  });
  const measured = rows.map(({ metric }) => metric);
  const missing = promises.filter(({ metric }) => !measured.includes(metric));
  return {
    scenario: name,
    about,
    rows,
    ...(failure === undefined ? {} : { failure }),
    ...(skipped === undefined ? {} : { skipped }),
    unmeasured: missing.map((promised) => describeMissing(promised)),
  };
}

function makeRow(metric: MetricName, summary: Summary, promises: readonly Promised[]): Row {
  const row = { metric, ...metrics[metric], ...roundSummary(summary) };
  const promised = promises.find((candidate) => candidate.metric === metric);
  if (promised === undefined) return row;
  return { ...row, promise: describePromised(promised), held: isHeld(promised, summary) };
}

function describeMissing(promised: Promised): string {
  return `${metrics[promised.metric].label} ${describePromised(promised)}`;
}

/** Whether it is fit to be kept: what failed says more about a machine than about the program. */
export function hasFailures({ sections }: Report): boolean {
  return sections.some(({ failure }) => failure !== undefined);
}

/** What is skipped breaks no promise, but a report without a number shows nothing either. */
function isWhole(sections: readonly Section[]): boolean {
  const hasRows = sections.some(({ rows }) => rows.length > 0);
  const hasFailure = sections.some(({ failure }) => failure !== undefined);
  const isBroken = sections.some(({ rows }) => rows.some(({ held }) => held === false));
  return hasRows && !hasFailure && !isBroken;
}
