import { formatNumber } from "../units.js";
import type { Report, Section } from "./report.js";
import { type Column, renderMarkdown, renderText } from "./table.js";

const columns: readonly Column[] = [
  { title: "scenario", align: "left" },
  { title: "measured", align: "left" },
  { title: "median", align: "right" },
  { title: "min", align: "right" },
  { title: "max", align: "right" },
  { title: "unit", align: "left" },
  { title: "promise", align: "left" },
  { title: "held", align: "left" },
];

/** The report for a terminal. */
export function renderReport(report: Report): string {
  return [
    renderText(columns, report.sections.flatMap(cellsOf)),
    "",
    ...remarksOf(report.sections),
    describeConditions(report),
    "",
  ].join("\n");
}

/** The report as a page of the documentation. */
export function renderPage(report: Report): string {
  const remarks = remarksOf(report.sections).map((remark) => `- ${remark.replaceAll("\n", " ")}\n`);
  return `# Benchmarks on loopback

Made by \`npm run bench -- --save\`; not written by hand. All numbers are in \`loopback.json\`.

${renderMarkdown(columns, report.sections.flatMap(cellsOf))}

${[...remarks, ""].join("")}${describeConditions(report)} Repeat it with:

\`\`\`sh
${report.command}
\`\`\`

1 MB is 1,000,000 bytes, 1 MiB is 2^20. Every process is the built command of \`apps/cli\`, every
chunk is verified, and every copy is compared with the source. A receiver's rate is the source's
size divided by the time from the start of the process \`palmtree send\` until it reports that
receiver complete: the start of Node, the building of the tree and the rename into place count.
The baselines ran in turn with the transfers: ratios within this page say more than its absolute
numbers. One machine does the work of all peers here, so a tree cannot be faster than one stream;
what trees are for shows on limited links only.
`;
}

/** One line for each row; without rows, one line that says why. */
function cellsOf({ scenario, rows, failure, skipped }: Section): string[][] {
  if (rows.length === 0) {
    const why = skipped !== undefined ? "skipped" : failure !== undefined ? "failed" : "no runs";
    return [[scenario, why, "", "", "", "", "", failure === undefined ? "" : "NO"]];
  }
  return rows.map(({ label, median, min, max, unit, promise = "", held }, at) => [
    at === 0 ? scenario : "",
    label,
    ...[median, min, max].map(formatNumber),
    unit,
    promise,
    held === undefined ? "" : held ? "yes" : "NO",
  ]);
}

function remarksOf(sections: readonly Section[]): string[] {
  return sections.flatMap(({ scenario, failure, skipped, unmeasured }) => {
    if (skipped !== undefined) return [`${scenario} was skipped: ${skipped}`];
    if (failure !== undefined) return [`${scenario} failed: ${failure}`];
    return unmeasured.map((promise) => `${scenario}: not measurable on this system: ${promise}`);
  });
}

function describeConditions(report: Report): string {
  const { date, node, platform, cores, loadBefore, storage } = report;
  const place = storage === "memory" ? "in memory: no disk is measured" : "on a disk";
  return (
    `${date}, Node ${node}, ${platform}, ${cores} cores, load ${formatNumber(loadBefore)} ` +
    `before, files ${place}.`
  );
}
