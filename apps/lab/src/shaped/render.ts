import { commandsOf, describeMachine, tabulateConditions } from "../report/parts.js";
import { renderMarkdown, renderText } from "../report/table.js";
import type { ShapedReport } from "./report.js";
import {
  partColumns,
  promiseColumns,
  promisesOf,
  remarksOf,
  resultColumns,
  resultsOf,
} from "./tables.js";

/** The report for a terminal. */
export function renderShapedReport({ sections, machine }: ShapedReport): string {
  const parts = tabulateConditions(sections, partColumns);
  const promises = sections.flatMap(promisesOf);
  return [
    renderText(resultColumns, sections.flatMap(resultsOf)),
    "",
    ...(promises.length === 0 ? [] : [renderText(promiseColumns, promises), ""]),
    ...sections.flatMap(remarksOf),
    renderText(parts.columns, parts.rows),
    describeMachine(machine),
    "",
  ].join("\n");
}

/** The report as a page of the documentation, which shows the plot beside it. */
export function renderShapedPage({ sections, machine }: ShapedReport): string {
  const parts = tabulateConditions(sections, partColumns);
  const remarks = sections
    .flatMap(remarksOf)
    .map((remark) => `- ${remark.replaceAll("\n", " ")}\n`);
  const scenarios = sections.map(({ scenario, about }) => `- \`${scenario}\`: ${about}\n`);
  const tools = new Map(sections.flatMap((s) => s.tools.map(({ tool, about }) => [tool, about])));
  const peers = [...tools].map(([tool, about]) => `- \`${tool}\`: ${about}\n`);
  return `# Benchmarks on shaped links

Made by \`npm run bench -- shaped --save\`, whole or in parts; not written by hand. All numbers
are in \`shaped.json\`.

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
All of it on ${describeMachine(machine)}:

${renderMarkdown(parts.columns, parts.rows)}

Repeat it with:

\`\`\`sh
${commandsOf(sections)}
\`\`\`

Numbers are medians of the runs; tools run in turn. Hosts are network namespaces of one machine
around a bridge; every link is limited each way by \`tbf\`, with this burst and latency. *root sent*
are the bytes on the root's link with all headers, *twice* is payload that a host received more than
once, memory is the peak of one process, *CPU* is that of all processes, and *others* says how much
of the machine other programs took meanwhile.
`;
}
