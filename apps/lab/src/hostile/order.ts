import { parseArgs } from "node:util";
import { type Strategy, strategies } from "../chaos/scenario.js";
import { integerIn } from "../option-value.js";
import type { Lie } from "./lie.js";
import { type Shape, smallShape, usualShape } from "./shape.js";

/** What the command was asked to do. */
export interface Order {
  readonly lies: readonly Lie[];
  readonly strategies: readonly Strategy[];
  readonly shape: Shape;
  /** Whether times are judged. */
  readonly isTimed: boolean;
  readonly runCount: number;
  /** Where temporary files go; undefined: memory if it has room, else the system's place. */
  readonly directory: string | undefined;
  readonly logDirectory: string | undefined;
  readonly jsonFile: string | undefined;
  /** Whether the page in docs/benchmarks is written. */
  readonly isSaved: boolean;
  /** The command that repeats this. */
  readonly command: string;
}

const mostRuns = 100;

/** What the command takes. */
export function usage(lies: readonly Lie[]): string {
  const { receiverCount, liar } = usualShape;
  return `Usage: npm run hostile -- [LIE...] [OPTIONS]

Sends a file to ${receiverCount} receivers, real processes in a network of namespaces, of which one has the
group's key and does not follow the protocol; says what became of the others, in how much of the
time that they need without it, and whom the sender's report blames. Needs Linux, root and iproute2.

Lies (all, unless some are named):
${lies.map(({ name, about }) => `  ${name.padEnd(20)}${about}`).join("\n")}

Options:
  --strategy NAME   pipeline or tree (both)
  --liar N          the host that lies, 1 to ${receiverCount} (pipeline: ${liar.pipeline}, tree: ${liar.tree})
  --runs N          how often each is tried, 1 to ${mostRuns}; medians are judged (1)
  --small           ${smallShape.receiverCount} receivers, ${smallShape.sizeBytes / 2 ** 20} MiB: whether they end whole, not how fast
  --dir DIR         where temporary files go (memory, if it has room)
  --json FILE       write all numbers to FILE
  --keep-logs DIR   keep what every process says
  --save            write docs/benchmarks/hostile.md too
  --help            print this

Exit: 0 every promise was held, or nothing can be run here; 1 one was not, 2 usage, 130 interrupted.
`;
}

/**
 * @returns what to do; undefined when help is asked for
 * @throws TypeError or RangeError for what cannot be done; the message is for the user
 */
export function parseOrder(args: readonly string[], lies: readonly Lie[]): Order | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      strategy: { type: "string" },
      liar: { type: "string" },
      runs: { type: "string", default: "1" },
      small: { type: "boolean", default: false },
      dir: { type: "string" },
      json: { type: "string" },
      "keep-logs": { type: "string" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const unknown = positionals.find((word) => !lies.some(({ name }) => name === word));
  if (unknown !== undefined)
    throw new RangeError(`no lie is called ${JSON.stringify(unknown)}; --help names them`);
  const shape = values.small ? smallShape : usualShape;
  return {
    lies: lies.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
    strategies: parseStrategies(values.strategy),
    shape: { ...shape, liar: parseLiar(values.liar, shape) },
    isTimed: !values.small,
    runCount: integerIn("--runs", values.runs, { least: 1, most: mostRuns }),
    directory: values.dir,
    logDirectory: values["keep-logs"],
    jsonFile: values.json,
    isSaved: values.save,
    command: ["npm run hostile", ...repeated(args)].join(" "),
  };
}

function parseStrategies(strategy: string | undefined): readonly Strategy[] {
  const chosen = strategies.filter((name) => strategy === undefined || name === strategy);
  if (chosen.length > 0) return chosen;
  throw new RangeError(`--strategy: got ${JSON.stringify(strategy)}, expected pipeline or tree`);
}

function parseLiar(text: string | undefined, { liar, receiverCount }: Shape): Shape["liar"] {
  if (text === undefined) return liar;
  const chosen = integerIn("--liar", text, { least: 1, most: receiverCount });
  return { pipeline: chosen, tree: chosen };
}

/** Without what is particular to a machine. */
function repeated(args: readonly string[]): readonly string[] {
  const places = ["--dir", "--json", "--keep-logs"];
  const words = args.filter(
    (word, at) =>
      word !== "--save" &&
      !places.some((name) => word === name || word.startsWith(`${name}=`)) &&
      !places.includes(args[at - 1] ?? ""),
  );
  return words.length === 0 ? [] : ["--", ...words];
}
