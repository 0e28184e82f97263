import { type Column, renderMarkdown, renderText } from "../report/table.js";
import { type ChaosOutcome, isHeld } from "./run.js";

const columns: readonly Column[] = [
  { title: "Scenario", align: "left" },
  { title: "Strategy", align: "left" },
  { title: "What", align: "left" },
  { title: "Seen", align: "right" },
  { title: "Promised", align: "right" },
  { title: "Held", align: "left" },
];

/** What was seen, for a terminal. */
export function renderChaos(outcomes: readonly ChaosOutcome[]): string {
  const broken = outcomes.filter((outcome) => !isHeld(outcome)).length;
  const sum = `${outcomes.length} runs, ${broken} with broken promises`;
  return `${renderText(columns, outcomes.flatMap(rowsOf))}\n\n${sum}`;
}

/** The same for docs/benchmarks. */
export function renderChaosPage(
  outcomes: readonly ChaosOutcome[],
  { command, machine }: { readonly command: string; readonly machine: string },
): string {
  const abouts = new Map(outcomes.map(({ scenario }) => [scenario.name, scenario.about]));
  return `# Chaos: what was seen

Real \`palmtree\` processes on hosts of their own (network namespaces), 64 MiB to 8 receivers over
links of 50 Mbit/s where nothing else is said; what is done to them, and what came of it. *Pauses*
are the times in which a host that nothing was done to held no more than before, from the moment on
at which it happened. *Noticed* is when no survivor had a TCP connection to the host any more.
*Received* is what the host's interface took in over all its lives, headers and acknowledgements
too, in copies of the file.

Repeat it with \`${command}\`; [apps/lab](../../apps/lab/README.md#chaos) says how it works.
${machine}

${[...abouts].map(([name, about]) => `- \`${name}\`: ${about}`).join("\n")}

${renderMarkdown(columns, outcomes.flatMap(rowsOf))}
`;
}

function rowsOf(outcome: ChaosOutcome): string[][] {
  const { scenario, strategy, claims, failure } = outcome;
  const rows = claims.map(({ what, seen, promised, isHeld: held }) => [
    what,
    seen,
    promised ?? "",
    promised === undefined ? "" : held ? "yes" : "NO",
  ]);
  const all = failure === undefined ? rows : [...rows, ["it failed", firstLine(failure), "", "NO"]];
  return all.map((row, at) => [...(at === 0 ? [scenario.name, strategy] : ["", ""]), ...row]);
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
