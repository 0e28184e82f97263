import { parseArgs } from "node:util";
import { integerIn, numberIn } from "../option-value.js";

/** What the command was asked to do. */
export interface Order {
  readonly minutes: number;
  /** Swarms after which it ends, if the minutes have not passed. */
  readonly mostSwarms: number;
  /** The first seed; each swarm has the next one. */
  readonly seed: number;
}

const mostMinutes = 7 * 24 * 60;
const mostSeed = 2 ** 32 - 1;

/** What the command takes. */
export const usage: string = `Usage: npm run soak -- [OPTIONS]

Simulates random swarms, each drawn from a seed of its own: how many peers, which strategy, plan and
network; who is slow, comes late, is cut off, has a disk that fails, dies and when, and comes back.
Every survivor has to become complete within a minute after the last of it, and every other peer to be
reported with its reason; no byte may ever be wrong. Prints each seed that breaks a promise, with how.

Options:
  --minutes M   how long, 0.1 to ${mostMinutes} (default 1)
  --swarms N    end after so many, 1 to ${mostSeed} (default: when the time is over)
  --seed S      the first seed, 0 to ${mostSeed} (default: another one each time)
  --help        print this

Exit: 0 every promise was kept, 1 one was not, 2 usage.
`;

/**
 * @param freshSeed - the first seed where none is asked for
 * @returns what to do; undefined when help is asked for
 * @throws TypeError or RangeError for what cannot be done; the message is for the user
 */
export function parseOrder(args: readonly string[], freshSeed: number): Order | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "1" },
      swarms: { type: "string", default: String(mostSeed) },
      seed: { type: "string", default: String(freshSeed) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    minutes: numberIn("--minutes", values.minutes, { least: 0.1, most: mostMinutes }),
    mostSwarms: integerIn("--swarms", values.swarms, { least: 1, most: mostSeed }),
    seed: integerIn("--seed", values.seed, { least: 0, most: mostSeed }),
  };
}
