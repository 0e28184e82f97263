import { parseArgs } from "node:util";
import { type ChaosScenario, type Strategy, strategies } from "./scenario.js";

/** What the command was asked to do. */
export interface Order {
  readonly scenarios: readonly ChaosScenario[];
  readonly strategies: readonly Strategy[];
  /** Where temporary files go; undefined: memory if it has room, else the system's place. */
  readonly directory: string | undefined;
  readonly logDirectory: string | undefined;
  /** Whether the page in docs/benchmarks is written. */
  readonly isSaved: boolean;
  /** The command that repeats this. */
  readonly command: string;
}

/** What the command takes. */
export function usage(scenarios: readonly ChaosScenario[]): string {
  const names = scenarios.map(({ name, about }) => `  ${name.padEnd(26)}${about}`);
  return `Usage: npm run chaos -- [SCENARIO...] [OPTIONS]

Lets real processes, in a network of namespaces, meet what goes wrong with machines, networks and
disks, and judges what comes of it. Needs Linux, root and iproute2.

Scenarios (all but smoke, unless some are named):
${names.join("\n")}

Options:
  --strategy NAME   pipeline or tree (both)
  --dir DIR         where temporary files go (memory, if it has room)
  --keep-logs DIR   keep what every process says
  --save            write docs/benchmarks/chaos.md too
  --help            print this

Exit: 0 every promise was held, or nothing can be run here; 1 one was not, 2 usage, 130 interrupted.
`;
}

/**
 * @returns what to do; undefined when help is asked for
 * @throws TypeError or RangeError for what cannot be done; the message is for the user
 */
export function parseOrder(
  args: readonly string[],
  scenarios: readonly ChaosScenario[],
): Order | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      strategy: { type: "string" },
      dir: { type: "string" },
      "keep-logs": { type: "string" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { strategy } = values;
  const chosen = strategies.filter((name) => strategy === undefined || name === strategy);
  if (chosen.length === 0)
    throw new RangeError(`--strategy: got ${JSON.stringify(strategy)}, expected pipeline or tree`);
  const unknown = positionals.find((word) => !scenarios.some(({ name }) => name === word));
  if (unknown !== undefined)
    throw new RangeError(`no scenario is called ${JSON.stringify(unknown)}; --help names them`);
  const options = strategy === undefined ? [] : ["--strategy", strategy];
  const words = [...positionals, ...options];
  return {
    scenarios: scenarios.filter(({ name, isDefault }) =>
      positionals.length === 0 ? isDefault : positionals.includes(name),
    ),
    strategies: chosen,
    directory: values.dir,
    logDirectory: values["keep-logs"],
    isSaved: values.save,
    command: ["npm run chaos", ...(words.length === 0 ? [] : ["--", ...words])].join(" "),
  };
}
