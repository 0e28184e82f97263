import { type Column, renderMarkdown, renderText } from "../report/table.js";
import { summarize } from "../statistics.js";
import type { Shape } from "./shape.js";
import type { Trial } from "./trial.js";
import { mostRatio, type Verdict } from "./verdict.js";

const columns: readonly Column[] = [
  { title: "Lie", align: "left" },
  { title: "Strategy", align: "left" },
  { title: "Time, s", align: "right" },
  { title: "÷ without", align: "right" },
  { title: "Promised", align: "right" },
  { title: "Whole", align: "left" },
  { title: "Cut off, by whom", align: "left" },
  { title: "Put aside", align: "left" },
  { title: "Held", align: "left" },
  { title: "Others, %", align: "right" },
];

/** What was seen, for a terminal. */
export function renderHostile(verdicts: readonly Verdict[]): string {
  const broken = verdicts.filter(({ isHeld }) => !isHeld).length;
  const sum = `${verdicts.length} lies, ${broken} with broken promises`;
  return `${renderText(columns, verdicts.map(rowOf))}\n\n${sum}`;
}

/** Under which conditions it was seen. */
export interface Conditions {
  readonly command: string;
  readonly machine: string;
  readonly shape: Shape;
}

/** The same for docs/benchmarks. */
export function renderHostilePage(
  verdicts: readonly Verdict[],
  { command, machine, shape }: Conditions,
): string {
  const { receiverCount, liar, sizeBytes, bitsPerSecond } = shape;
  const abouts = new Map(verdicts.map(({ lie, about }) => [lie, about]));
  return `# A hostile member: what was seen

Real \`palmtree\` processes on hosts of their own (network namespaces), ${sizeBytes / 2 ** 20} MiB to ${receiverCount} receivers
over links of ${bitsPerSecond / 1e6} Mbit/s, with a key. Host ${liar.pipeline} (in a tree ${liar.tree}) has the key too and is a liar: the same program with
a transport that says other things than it is given. *Time* is that from the start of \`palmtree send\` until the
last honest host had everything; then by that of the same transfer in which it does as it should.
*Whole*: every honest host ended well with the source's SHA-256, and the sender says so. *Cut off* is
what the sender's report says of who broke the rules, *put aside* whom the sender has called slow or silent,
so that nobody waited for it any more. *Others* is what other programs took of the machine.

Repeat it with \`${command}\`; [apps/lab](../../apps/lab/README.md#a-hostile-member) says how it works.
${machine}

${[...abouts].map(([name, about]) => `- \`${name}\`: ${about}`).join("\n")}

${renderMarkdown(columns, verdicts.map(rowOf))}
`;
}

function rowOf({ lie, strategy, ratio, trials, isHeld }: Verdict): string[] {
  const faults = [...new Set(trials.flatMap((trial) => trial.faults))];
  const blamed = [...new Set(trials.flatMap((trial) => trial.blamed))];
  const putAside = [...new Set(trials.flatMap((trial) => trial.putAside))];
  return [
    lie,
    strategy,
    medianSeconds(trials)?.toFixed(1) ?? "never",
    ratio?.toFixed(2) ?? "",
    `≤ ${mostRatio}`,
    faults.length === 0 ? "yes" : `NO: ${faults.join("; ")}`,
    blamed.length === 0 ? "nobody" : blamed.join("; "),
    putAside.length === 0 ? "nobody" : putAside.join(", "),
    isHeld ? "yes" : "NO",
    Math.max(...trials.map(({ foreignPercent }) => foreignPercent)).toFixed(0),
  ];
}

/** Undefined where a host did not get the file. */
function medianSeconds(trials: readonly Trial[]): number | undefined {
  const known = trials.flatMap(({ seconds }) => (seconds === undefined ? [] : [seconds]));
  return known.length < trials.length ? undefined : summarize(known).median;
}
