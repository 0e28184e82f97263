import { type Column, renderMarkdown, renderText } from "../report/table.js";
import { formatNumber } from "../units.js";
import type { ShapedMetric } from "./metrics.js";
import type { ShapedReport, ShapedSection, ToolSection } from "./report.js";

const right = (title: string): Column => ({ title, align: "right" });
const left = (title: string): Column => ({ title, align: "left" });

const resultColumns: readonly Column[] = [
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

const promiseColumns: readonly Column[] = [
  left("scenario"),
  left("promise of palmtree"),
  left("limit"),
  right("measured"),
  left("held"),
];

/** The report for a terminal. */
export function renderShapedReport(report: ShapedReport): string {
  const { sections } = report;
  const promises = sections.flatMap(promisesOf);
  return [
    renderText(resultColumns, sections.flatMap(resultsOf)),
    "",
    ...(promises.length === 0 ? [] : [renderText(promiseColumns, promises), ""]),
    ...sections.flatMap(remarksOf),
    describeConditions(report),
    "",
  ].join("\n");
}

/** The report as a page of the documentation, which shows the plot beside it. */
export function renderShapedPage(report: ShapedReport): string {
  const { sections } = report;
  const remarks = sections
    .flatMap(remarksOf)
    .map((remark) => `- ${remark.replaceAll("\n", " ")}\n`);
  const scenarios = sections.map(({ scenario, about }) => `- \`${scenario}\`: ${about}\n`);
  const tools = new Map(sections.flatMap((s) => s.tools.map(({ tool, about }) => [tool, about])));
  const peers = [...tools].map(([tool, about]) => `- \`${tool}\`: ${about}\n`);
  return `# Benchmarks on shaped links

Made by \`npm run bench -- shaped --save\`; not written by hand. All numbers are in \`shaped.json\`.

![The time that each tool takes, by scenario](shaped.svg)

**Ratio** is the time until the last host that counts has the whole file, divided by F/B, the time
that its bytes alone take over one link. Nothing can be below 1; headers alone make 1.05. For
Palm Tree the clock starts with the process \`palmtree send\` and stops when the last copy is
verified and stands under its name; for the others it starts when everything is prepared. Its
receivers have waited for 3 s by then, and rehearsed (decision 0021).

${renderMarkdown(resultColumns, sections.flatMap(resultsOf))}

${renderMarkdown(promiseColumns, sections.flatMap(promisesOf))}

${remarks.length === 0 ? "" : `${remarks.join("")}\n`}Scenarios:

${scenarios.join("")}
Tools:

${peers.join("")}
${describeConditions(report)} Repeat it with:

\`\`\`sh
${report.command}
\`\`\`

Numbers are medians of ${runCountOf(report)} runs; tools run in turn. Hosts are network namespaces
of one machine around a bridge; every link is limited each way by \`tbf\`. *root sent* are the bytes
on the root's link with all headers, *twice* is payload that a host received more than once, memory
is the peak of one process, *CPU* is that of all processes, and *others* says how much of the
machine other programs took meanwhile.
`;
}

function resultsOf(section: ShapedSection): string[][] {
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

function promisesOf({ scenario, promises }: ShapedSection): string[][] {
  return promises.map(({ label, promise, measured, held }, at) => [
    at === 0 ? scenario : "",
    label,
    promise,
    measured === undefined ? "" : String(measured),
    held === undefined ? "not measured" : held ? "yes" : "NO",
  ]);
}

function remarksOf({ scenario, skipped, tools }: ShapedSection): string[] {
  if (skipped !== undefined) return [`${scenario} was skipped: ${skipped}`];
  return tools.flatMap(({ tool, unfinishedCount, failure, missing }) => [
    ...(missing === undefined ? [] : [`${tool} is not installed: ${missing.join(", ")}`]),
    ...(failure === undefined ? [] : [`${scenario}: ${tool} failed: ${failure}`]),
    ...(unfinishedCount === 0
      ? []
      : [`${scenario}: ${tool} did not finish within the time limit, runs: ${unfinishedCount}`]),
  ]);
}

function runCountOf({ sections }: ShapedReport): number {
  const rows = sections.flatMap(({ tools }) => tools.flatMap((tool) => tool.rows));
  return Math.max(0, ...rows.map(({ values }) => values.length));
}

function describeConditions(report: ShapedReport): string {
  const { date, node, platform, cores, loadBefore, storage, shaping } = report;
  const { congestionControl = "unknown", sendArguments } = report;
  const place = storage === "memory" ? "in memory" : "on a disk";
  const options = sendArguments.length === 0 ? "no options" : sendArguments.join(" ");
  return (
    `${date}, Node ${node}, ${platform}, ${cores} cores, load ${formatNumber(loadBefore)} before, ` +
    `files ${place}, TCP by ${congestionControl}, tbf burst ${shaping.burstBytes / 1_024} KiB and ` +
    `latency ${shaping.latencyMs} ms, \`palmtree send\` with ${options}, unencrypted.`
  );
}
