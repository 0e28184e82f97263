import { type Column, renderMarkdown, renderText } from "../report/table.js";
import { formatNumber } from "../units.js";
import type { Experiment, Measurement } from "./experiment.js";

/** Everything that was measured, as it is written to JSON. */
export interface SimulatedReport {
  readonly version: 2;
  /** ISO 8601, the day only. */
  readonly date: string;
  readonly node: string;
  /** What repeats it. */
  readonly command: string;
  readonly measurements: readonly Measurement[];
}

const columns: readonly Column[] = [
  { title: "strategy", align: "left" },
  { title: "pulls", align: "left" },
  { title: "n", align: "right" },
  { title: "k", align: "right" },
  { title: "trouble", align: "left" },
  { title: "÷ least", align: "right" },
  { title: "÷ tree formula", align: "right" },
  { title: "slow peer ÷ its link", align: "right" },
  { title: "complete", align: "right" },
  { title: "most copies", align: "right" },
  { title: "duplicates", align: "right" },
  { title: "datagrams/peer", align: "right" },
  { title: "frames/peer", align: "right" },
  { title: "CPU s", align: "right" },
];

/** The table for a terminal. */
export function renderMeasurements(measurements: readonly Measurement[]): string {
  return renderText(columns, measurements.map(cellsOf));
}

/** How chunks travel, in a few words. */
export function wayOf(
  { strategy, fanout, plan }: Experiment,
  planKind: Measurement["planKind"] = plan,
): string {
  if (strategy === "tree") return `tree, fanout ${fanout}`;
  if (plan !== undefined) return plan;
  return planKind === undefined ? "default plan" : `default plan: ${planKind}`;
}

/** The report as a page of the documentation. */
export function renderPage({ date, node, command, measurements }: SimulatedReport): string {
  return `# Simulated transfers

Made by \`npm run bench:sim -- --save\`; not written by hand. All numbers are in \`simulated.json\`.

The machines of \`@palmtree/relay\` in virtual time: n peers, the root among them, k chunks of 64 KiB,
links of 100 Mbit/s both ways, latencies of 0.2 to 1 ms, no loss of what is not said to be lost. The
same seed gives the same numbers on every machine, but for the last column.

${renderMarkdown(columns, measurements.map(cellsOf))}

- **strategy**: the tree, or the plan of a pipeline; the *default plan* is the planner's choice.
- **pulls**: which of the chunks that are overdue are asked for first; *none*: they are not asked for.
- **÷ least**: from the moment from which chunks may leave (in a pipeline when all know their
  neighbours, else when the tree spans) until the last peer has everything in its place, divided by the least time that is possible, (k - 1 + ⌈log2 n⌉) chunk times. With trouble it
  counts those that could finish: not the slow peer, not the crashed one.
- **trouble**: what is wrong with the receiver that has most children in the tree, or in a pipeline with
  the one in the middle of the line. *slow*: its link falls to a tenth of its rate, both ways, in
  that moment. *crash*: its process is killed when two fifths of the least time are over. *loss*:
  of all datagrams, which carry control and no chunks, 5 % are lost.
- **slow peer ÷ its link**: the time of the slow peer, divided by what its own downlink takes.
- **÷ tree formula**: the same time divided by c · (k + depth - 1) chunk times, where the busiest
  peer has c children: what a tree of that shape takes in theory. Below 1 where those on the longest
  way have fewer children than the busiest.
- **most copies**: what the busiest peer uploads, in copies of the content.
- **frames/peer**: frames that are no chunks.

${date}, Node ${node}. Repeat it with:

\`\`\`sh
${command}
\`\`\`
`;
}

function cellsOf(measurement: Measurement): string[] {
  const { experiment, overLeast, overTree, slowOverLeast } = measurement;
  const { strategy, peerCount, chunkCount, trouble } = experiment;
  return [
    wayOf(experiment, measurement.planKind),
    strategy === "tree" ? "" : experiment.pull,
    String(peerCount),
    String(chunkCount),
    trouble === "none" ? "" : trouble,
    overLeast?.toFixed(3) ?? "never",
    overTree?.toFixed(3) ?? "",
    slowOverLeast?.toFixed(2) ?? "",
    `${measurement.finishedCount}/${peerCount - 1}`,
    measurement.mostCopies.toFixed(2),
    `${formatNumber(measurement.duplicateShare * 100)} %`,
    formatNumber(measurement.datagramsPerPeer),
    formatNumber(measurement.controlFramesPerPeer),
    measurement.cpuSeconds.toFixed(1),
  ];
}
