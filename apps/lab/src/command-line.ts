import { parseArgs } from "node:util";
import type { Scenario } from "./scenario.js";

/** What the command was asked to do. */
export interface Order {
  readonly scenarios: readonly Scenario[];
  readonly runCount: number;
  /** Where temporary files go; undefined: memory if it has room, else the system's place. */
  readonly directory: string | undefined;
  readonly jsonFile: string | undefined;
  /** Where every process leaves a CPU profile; undefined: no profiles. */
  readonly profileDirectory: string | undefined;
  readonly isSaved: boolean;
  /** The command that repeats this, without what is particular to a machine. */
  readonly command: string;
}

const runCountMax = 100;
const runCountDefault = 3;

/** What the command takes. */
export function usage(scenarios: readonly Scenario[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const list = scenarios.map(({ name, about, isDefault }) => {
    const remark = isDefault ? "" : " (only when named)";
    return `  ${name.padEnd(width)}  ${about}${remark}`;
  });
  return `Usage: npm run bench -- [SCENARIO...] [OPTIONS]

Scenarios (default: all that need not be named):
${list.join("\n")}

Options:
  --runs N       how often each is run, 1 to ${runCountMax}; medians are judged (default ${runCountDefault})
  --dir DIR      where temporary files go (default: memory if it has room, else the disk)
  --json FILE    write all numbers to FILE
  --save         write docs/benchmarks/loopback.json and .md
  --profile DIR  leave a CPU profile of every palmtree process in DIR (slower)
  --help         print this

Exit: 0 every promise held, 1 a promise was not held or a run failed, 2 usage.
`;
}

/**
 * @returns what to do; undefined when help is asked for
 * @throws TypeError or RangeError for what cannot be done; the message is for the user
 */
export function parseOrder(
  args: readonly string[],
  scenarios: readonly Scenario[],
): Order | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: "string", default: String(runCountDefault) },
      dir: { type: "string" },
      json: { type: "string" },
      save: { type: "boolean", default: false },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const runCount = parseRunCount(values.runs);
  const command = ["npm run bench --", ...positionals, `--runs ${runCount}`];
  return {
    scenarios: choose(positionals, scenarios),
    runCount,
    directory: values.dir,
    jsonFile: values.json,
    profileDirectory: values.profile,
    isSaved: values.save,
    command: command.join(" "),
  };
}

function parseRunCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= runCountMax) return count;
  throw new RangeError(`--runs: got ${JSON.stringify(text)}, expected 1 to ${runCountMax}`);
}

/** In the order of the table, each once. */
function choose(names: readonly string[], scenarios: readonly Scenario[]): readonly Scenario[] {
  const known = scenarios.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new RangeError(
      `no scenario is called ${JSON.stringify(unknown)}; there are ${known.join(", ")}`,
    );
  return scenarios.filter(({ name, isDefault }) =>
    names.length === 0 ? isDefault : names.includes(name),
  );
}
