import { parseArgs } from "node:util";
import { integerIn, numberIn } from "../option-value.js";

/** What the command was asked to do. */
export interface Order {
  /** How long all targets together may take. */
  readonly minutes: number;
  /** Cases of each target after which it ends, if its time is not over. */
  readonly mostCases: number;
  /** The seed of the first case; each case has the next one. */
  readonly seed: number;
  readonly targets: readonly string[];
}

const mostMinutes = 7 * 24 * 60;
const mostSeed = 2 ** 32 - 1;

/** What the command takes. */
export function usageOf(promises: readonly string[]): string {
  return `Usage: npm run fuzz -- [OPTIONS]

Tries everything that takes what others made - datagrams, streams, manifests, what is left on disks, texts,
and whole sessions among hostile peers - with inputs drawn from seeds. Prints how to repeat each that
breaks a promise, and the input, to be kept in the corpus beside the target (docs/fuzzing.md).

Options:
  --target NAME  only this one; may be given several times (default: all)
  --minutes M    how long, 0.05 to ${mostMinutes}, shared by the targets (default 1)
  --cases N      end each target after so many, 1 to ${mostSeed}; the time is then unlimited unless given
  --seed S       that of the first case, 0 to ${mostSeed} (default: another one each time)
  --help         print this

Targets:
${promises.join("\n")}

Exit: 0 every promise was kept, 1 one was not, 2 usage.
`;
}

/**
 * @param known - the names of all targets
 * @param freshSeed - the first seed where none is asked for
 * @returns what to do; undefined when help is asked for
 * @throws TypeError or RangeError for what cannot be done; the message is for the user
 */
export function parseOrder(
  args: readonly string[],
  known: readonly string[],
  freshSeed: number,
): Order | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: "string", multiple: true, default: [] },
      minutes: { type: "string" },
      cases: { type: "string" },
      seed: { type: "string", default: String(freshSeed) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const stray = values.target.find((name) => !known.includes(name));
  if (stray !== undefined)
    throw new RangeError(`--target: got "${stray}", expected one of ${known.join(", ")}`);
  const minutes = values.minutes ?? (values.cases === undefined ? "1" : String(mostMinutes));
  return {
    minutes: numberIn("--minutes", minutes, { least: 0.05, most: mostMinutes }),
    mostCases: integerIn("--cases", values.cases ?? String(mostSeed), { least: 1, most: mostSeed }),
    seed: integerIn("--seed", values.seed, { least: 0, most: mostSeed }),
    targets: values.target.length === 0 ? known : values.target,
  };
}
