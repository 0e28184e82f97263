import { parseArgs } from "node:util";
import { planKinds, pullPolicyNames } from "@palmtree/relay";
import { type Choice, defaultChoice } from "./experiments.js";

/** What the command was asked to do. */
export interface Order extends Choice {
  readonly seed: number;
  readonly isSaved: boolean;
  /** The command that repeats this. */
  readonly command: string;
}

const strategies = ["tree", "pipeline"] as const;
const plans = ["default", ...planKinds] as const;

/** What the command takes. */
export function usage(): string {
  const { peerCounts, chunkCounts, fanouts } = defaultChoice;
  return `Usage: npm run bench:sim -- [OPTIONS]

Simulates transfers over links of equal rates, with one slow peer, and with one that crashes, and
compares their times with the least that is possible. Lists are separated by commas.

Options:
  --peers LIST     peers, the root among them (default ${peerCounts.join(",")})
  --chunks LIST    chunks (default ${chunkCounts.join(",")})
  --strategy LIST  ${strategies.join(", ")} (default both)
  --fanout LIST    children of a peer, at most, with strategy tree (default ${fanouts.join(",")})
  --plan LIST      ${plans.join(", ")} (default all)
  --pull LIST      ${pullPolicyNames.join(", ")} (default all)
  --seed N         from which all chance follows (default 1)
  --save           write docs/benchmarks/simulated.md and .json
  --help           print this

Exit: 0 every simulation ended as it should, 1 one did not, 2 usage.
`;
}

/**
 * @returns what to do; undefined when help is asked for
 * @throws TypeError or RangeError for what cannot be done; the message is for the user
 */
export function parseOrder(args: readonly string[]): Order | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: "string", default: defaultChoice.peerCounts.join(",") },
      chunks: { type: "string", default: defaultChoice.chunkCounts.join(",") },
      strategy: { type: "string", default: defaultChoice.strategies.join(",") },
      fanout: { type: "string", default: defaultChoice.fanouts.join(",") },
      plan: { type: "string", default: defaultChoice.plans.join(",") },
      pull: { type: "string", default: defaultChoice.pulls.join(",") },
      seed: { type: "string", default: "1" },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const repeated = args.filter((argument) => argument !== "--save");
  return {
    peerCounts: parseNumbers("--peers", values.peers, { least: 2, most: 10_000 }),
    chunkCounts: parseNumbers("--chunks", values.chunks, { least: 1, most: 100_000 }),
    strategies: parseWords("--strategy", values.strategy, strategies),
    fanouts: parseNumbers("--fanout", values.fanout, { least: 1, most: 64 }),
    plans: parseWords("--plan", values.plan, plans),
    pulls: parseWords("--pull", values.pull, pullPolicyNames),
    seed: parseNumber("--seed", values.seed, { least: 0, most: 2 ** 32 - 1 }),
    isSaved: values.save,
    command: ["npm run bench:sim", ...(repeated.length > 0 ? ["--", ...repeated] : [])].join(" "),
  };
}

interface Range {
  readonly least: number;
  readonly most: number;
}

function parseNumbers(option: string, list: string, range: Range): readonly number[] {
  return list.split(",").map((text) => parseNumber(option, text, range));
}

function parseNumber(option: string, text: string, { least, most }: Range): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new RangeError(`${option}: got ${JSON.stringify(text)}, expected ${least} to ${most}`);
}

function parseWords<Word extends string>(
  option: string,
  list: string,
  words: readonly Word[],
): readonly Word[] {
  return list.split(",").map((text) => {
    const word = words.find((known) => known === text);
    if (word !== undefined) return word;
    throw new RangeError(
      `${option}: got ${JSON.stringify(text)}, expected some of ${words.join(", ")}`,
    );
  });
}
