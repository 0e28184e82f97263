import { formatNumber } from "../units.js";
import { commandsOf, conditionColumns, describeMachine, tabulateConditions } from "./parts.js";
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
  const { sections, machine } = report;
  const parts = tabulateConditions(sections, conditionColumns);
  return [
    renderText(columns, sections.flatMap(cellsOf)),
    "",
    ...remarksOf(sections),
    renderText(parts.columns, parts.rows),
    describeMachine(machine),
    "",
  ].join("\n");
}

/** The report as a page of the documentation. */
export function renderPage(report: Report): string {
  const { sections, machine } = report;
  const parts = tabulateConditions(sections, conditionColumns);
  const remarks = remarksOf(sections).map((remark) => `- ${remark.replaceAll("\n", " ")}\n`);
  return `# Benchmarks on loopback

Made by \`npm run bench -- loopback --save\`, whole or in parts; not written by hand. All numbers
are in \`loopback.json\`.

${renderMarkdown(columns, sections.flatMap(cellsOf))}

${remarks.length === 0 ? "" : `${remarks.join("")}\n`}All of it on ${describeMachine(machine)}:

${renderMarkdown(parts.columns, parts.rows)}

Where files are in memory, no disk is measured. Repeat it with:

\`\`\`sh
${commandsOf(sections)}
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
