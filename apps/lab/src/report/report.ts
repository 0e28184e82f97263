import type { Measurement, MetricName } from "../metrics.js";
import { metricNames, metrics } from "../metrics.js";
import { describePromised, isHeld, type Promised } from "../promised.js";
import type { Scenario } from "../scenario.js";
import { roundSummary, type Summary, summarize } from "../statistics.js";
import {
  type Conditions,
  conditionsOutline,
  type Machine,
  type MeasuredSection,
  type ReportOf,
  type Setting,
} from "./conditions.js";
import type { Outline } from "./outline.js";

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

/** One metric of one scenario. */
interface Row extends Summary {
  readonly metric: MetricName;
  readonly label: string;
  readonly unit: string;
  readonly promise?: string;
  readonly held?: boolean;
}

/** One scenario of a report. */
export interface Section extends MeasuredSection {
  readonly about: string;
  readonly rows: readonly Row[];
  readonly failure?: string;
  /** Promises of which nothing was measured, because a run failed or this system does not tell. */
  readonly unmeasured: readonly string[];
}

/** What a saved section has to have for its page to be written. */
export const sectionOutline: Outline = {
  scenario: "string",
  conditions: conditionsOutline,
  about: "string",
  rows: [
    {
      metric: "string",
      label: "string",
      unit: "string",
      median: "number",
      min: "number",
      max: "number",
      "promise?": "string",
      "held?": "boolean",
    },
  ],
  "failure?": "string",
  "skipped?": "string",
  unmeasured: ["string"],
};

/** Not held when a run failed. */
export type Report = ReportOf<Section>;

export function makeReport({ machine, conditions }: Setting, outcomes: readonly Outcome[]): Report {
  return reportOf(
    machine,
    outcomes.map((outcome) => makeSection(conditions, outcome)),
  );
}

/** The report that has these sections. */
export function reportOf(machine: Machine, sections: readonly Section[]): Report {
  return { version: 2, machine, sections, isHeld: isWhole(sections) };
}

function makeSection(
  conditions: Conditions,
  { scenario, runs, failure, skipped }: Outcome,
): Section {
  const { name, about, promises } = scenario;
  const rows = metricNames.flatMap((metric) => {
    const values = runs.map((run) => run[metric]).filter((value) => value !== undefined);
    return values.length === 0 ? [] : [makeRow(metric, summarize(values), promises)];
  });
  const measured = rows.map(({ metric }) => metric);
  const missing = promises.filter(({ metric }) => !measured.includes(metric));
  return {
    scenario: name,
    conditions,
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
