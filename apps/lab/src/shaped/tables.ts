import { type ConditionColumn, conditionColumns } from "../report/parts.js";
import type { Column } from "../report/table.js";
import { formatNumber } from "../units.js";
import type { ShapedMetric } from "./metrics.js";
import type { ShapedConditions, ShapedSection, ToolSection } from "./report.js";

const right = (title: string): Column => ({ title, align: "right" });
const left = (title: string): Column => ({ title, align: "left" });

export const resultColumns: readonly Column[] = [
  left("scenario"),
  left("tool"),
  right("ratio"),
  right("min"),
  right("max"),
  right("s"),
  right("root sent ÷ F"),
  right("twice %"),
  right("root MiB"),
  right("receiver MiB"),
  right("CPU s"),
  right("others %"),
];

/** The columns after the ratio's. */
const otherMetrics: readonly ShapedMetric[] = [
  "seconds",
  "root-egress",
  "duplicates",
  "root-memory",
  "receiver-memory",
  "cpu-time",
  "foreign-cpu",
];

export const promiseColumns: readonly Column[] = [
  left("scenario"),
  left("promise of palmtree"),
  left("limit"),
  right("measured"),
  left("held"),
];

/** What the parts of a report differ in. */
export const partColumns: readonly ConditionColumn<ShapedConditions>[] = [
  ...conditionColumns,
  { ...left("TCP by"), cellOf: ({ congestionControl = "unknown" }) => congestionControl },
  { ...right("tbf KiB"), cellOf: ({ shaping }) => formatNumber(shaping.burstBytes / 1_024) },
  { ...right("tbf ms"), cellOf: ({ shaping }) => formatNumber(shaping.latencyMs) },
  {
    ...left("`palmtree send` with"),
    cellOf: ({ sendArguments }) => sendArguments.join(" ") || "no options",
  },
];

export function resultsOf(section: ShapedSection): string[][] {
  const { scenario, skipped, tools } = section;
  if (skipped !== undefined) return [[scenario, "skipped"]].map(padded);
  return tools.map((tool, at) => padded([at === 0 ? scenario : "", tool.tool, ...cellsOf(tool)]));
}

function padded(cells: readonly string[]): string[] {
  return resultColumns.map((_, at) => cells[at] ?? "");
}

function cellsOf(tool: ToolSection): string[] {
  if (tool.missing !== undefined) return ["not installed"];
  if (tool.rows.length === 0 && tool.unfinishedCount === 0)
    return [tool.failure === undefined ? "no runs" : "failed"];
  const row = (metric: ShapedMetric) => tool.rows.find((found) => found.metric === metric);
  const ratio = row("ratio");
  const number = (value: number | undefined): string =>
    value === undefined ? "" : formatNumber(value);
  return [
    tool.unfinishedCount > 0 ? "unfinished" : (ratio?.median.toFixed(3) ?? ""),
    ratio?.min.toFixed(3) ?? "",
    ratio?.max.toFixed(3) ?? "",
    ...otherMetrics.map((metric) => number(row(metric)?.median)),
  ];
}

export function promisesOf({ scenario, promises }: ShapedSection): string[][] {
  return promises.map(({ label, promise, measured, held }, at) => [
    at === 0 ? scenario : "",
    label,
    promise,
    measured === undefined ? "" : String(measured),
    held === undefined ? "not measured" : held ? "yes" : "NO",
  ]);
}

export function remarksOf({ scenario, skipped, tools }: ShapedSection): string[] {
  if (skipped !== undefined) return [`${scenario} was skipped: ${skipped}`];
  return tools.flatMap(({ tool, unfinishedCount, failure, missing }) => [
    ...(missing === undefined
      ? []
      : [`${scenario}: ${tool} is not installed: ${missing.join(", ")}`]),
    ...(failure === undefined ? [] : [`${scenario}: ${tool} failed: ${failure}`]),
    ...(unfinishedCount === 0
      ? []
      : [`${scenario}: ${tool} did not finish within the time limit, runs: ${unfinishedCount}`]),
  ]);
}
