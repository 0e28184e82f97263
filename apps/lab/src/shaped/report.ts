import type { ToolName } from "../peers/tool.js";
import {
  type Conditions,
  conditionsOutline,
  type Machine,
  type MeasuredSection,
  type ReportOf,
  type Setting,
} from "../report/conditions.js";
import type { Outline } from "../report/outline.js";
import { roundSummary, type Summary, summarize } from "../statistics.js";
import { type Judgement, judge } from "./judge.js";
import { type ShapedMetric, shapedMetricNames, shapedMetrics } from "./metrics.js";
import type { RaceOutcome, ToolOutcome } from "./race.js";
import { linkSeconds } from "./scenario.js";

/** Under what conditions the numbers came about, beside those of every benchmark. */
export interface ShapedConditions extends Conditions {
  /** Arguments of `palmtree send` beside paths and receivers. */
  readonly sendArguments: readonly string[];
  /** Of TCP. */
  readonly congestionControl: string | undefined;
  /** How links are limited. */
  readonly shaping: { readonly burstBytes: number; readonly latencyMs: number };
}

/** One metric of one tool in one scenario. */
interface Row extends Summary {
  readonly metric: ShapedMetric;
  readonly label: string;
  readonly unit: string;
}

/** One tool in one scenario. */
export interface ToolSection {
  readonly tool: ToolName;
  readonly about: string;
  readonly rows: readonly Row[];
  /** Runs in which not every host that counts had the file when the time was over. */
  readonly unfinishedCount: number;
  readonly failure?: string;
  /** Packages that it needs and that were not there. */
  readonly missing?: readonly string[];
}

/** One scenario of a report. */
export interface ShapedSection extends MeasuredSection {
  readonly conditions: ShapedConditions;
  readonly about: string;
  /** F/B; absent where links were not shaped. */
  readonly linkSeconds?: number;
  readonly tools: readonly ToolSection[];
  readonly promises: readonly Judgement[];
}

/** What a saved section has to have for its page and its plot to be made. */
export const shapedSectionOutline: Outline = {
  scenario: "string",
  conditions: {
    ...conditionsOutline,
    sendArguments: ["string"],
    "congestionControl?": "string",
    shaping: { burstBytes: "number", latencyMs: "number" },
  },
  about: "string",
  "linkSeconds?": "number",
  "skipped?": "string",
  tools: [
    {
      tool: "string",
      about: "string",
      rows: [{ metric: "string", median: "number", min: "number", max: "number" }],
      unfinishedCount: "number",
      "failure?": "string",
      "missing?": ["string"],
    },
  ],
  promises: [{ label: "string", promise: "string", "measured?": "number", "held?": "boolean" }],
};

/** Not held when Palm Tree failed somewhere. */
export type ShapedReport = ReportOf<ShapedSection>;

export function makeShapedReport(
  { machine, conditions }: Setting<ShapedConditions>,
  outcomes: readonly RaceOutcome[],
): ShapedReport {
  return shapedReportOf(
    machine,
    outcomes.map((outcome) => makeSection(conditions, outcome)),
  );
}

/** The report that has these sections. */
export function shapedReportOf(machine: Machine, sections: readonly ShapedSection[]): ShapedReport {
  return { version: 2, machine, sections, isHeld: sections.every(isHeld) };
}

function makeSection(
  conditions: ShapedConditions,
  { scenario, tools, skipped }: RaceOutcome,
): ShapedSection {
  const { name, about, promises } = scenario;
  const seconds = linkSeconds(scenario);
  return {
    scenario: name,
    conditions,
    about,
    ...(seconds === undefined ? {} : { linkSeconds: Number(seconds.toPrecision(4)) }),
    ...(skipped === undefined ? {} : { skipped }),
    tools: tools.map(makeToolSection),
    promises: skipped === undefined ? promises.map((promise) => judge(promise, tools)) : [],
  };
}

function makeToolSection({ tool, runs, failure, missing }: ToolOutcome): ToolSection {
  const rows = shapedMetricNames.flatMap((metric) => {
    const values = runs.map(({ measured }) => measured[metric]).filter((v) => v !== undefined);
    if (values.length === 0) return [];
    return [{ metric, ...shapedMetrics[metric], ...roundSummary(summarize(values)) }];
  });
  const unfinished = runs.filter(({ completeCount, countedCount }) => completeCount < countedCount);
  return {
    tool: tool.name,
    about: tool.about,
    rows,
    unfinishedCount: unfinished.length,
    ...(failure === undefined ? {} : { failure }),
    ...(missing.length === 0 ? {} : { missing }),
  };
}

/** What peers do is no promise of ours. */
function isHeld({ tools, promises }: ShapedSection): boolean {
  const ours = tools.filter(({ tool }) => tool === "palmtree");
  const isWell = ours.every((o) => o.failure === undefined && o.unfinishedCount === 0);
  return isWell && promises.every(({ held }) => held !== false);
}

/** Why it is not fit to be kept; undefined when it is. */
export function flawOf({ sections }: ShapedReport): string | undefined {
  const tools = sections.flatMap((section) => section.tools);
  if (tools.some(({ failure }) => failure !== undefined)) return "a run failed";
  return tools.some(({ rows }) => rows.length > 0) ? undefined : "nothing was measured";
}
