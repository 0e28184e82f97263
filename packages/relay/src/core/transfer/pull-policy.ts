import type { Random } from "../random.js";

/** A chunk that is overdue and may be asked for. */
export interface OverdueChunk {
  readonly index: number;
  /** Neighbours that said that they hold it, and that may be asked: at least 1. */
  readonly holders: number;
}

/**
 * Which of the overdue chunks a neighbour is asked for, where it has more than may be asked at once.
 *
 * @param chunks the lowest first; not to be changed
 * @param count how many at most: 0 or more
 * @returns the indexes of so many, or of all
 */
export type PullPolicy = (
  chunks: readonly OverdueChunk[],
  count: number,
  random: Random,
) => readonly number[];

/**
 * The policies by name:
 *
 * | name | asks for | because |
 * |---|---|---|
 * | `rarest-first` | what the fewest hold, of these the lowest | what is rare spreads, and may soon be gone |
 * | `lowest-first` | the lowest | sinks wait for it: sources send in ascending order |
 * | `random` | any | peers that miss the same ask for different ones |
 */
export const pullPolicies: Readonly<Record<Exclude<PullPolicyName, "none">, PullPolicy>> = {
  "rarest-first": (chunks, count) =>
    indexesOf(
      chunks
        .toSorted((one, other) => one.holders - other.holders || one.index - other.index)
        .slice(0, count),
    ),
  "lowest-first": (chunks, count) => indexesOf(chunks.slice(0, count)),
  random: (chunks, count, random) => indexesOf(random.sample(chunks, count)),
};

/** Which policy, see `pullPolicies`; `none` asks for nothing before the transfer's end. */
export type PullPolicyName = (typeof pullPolicyNames)[number];

/** Every policy that may be asked for. */
export const pullPolicyNames = ["rarest-first", "lowest-first", "random", "none"] as const;

function indexesOf(chunks: readonly OverdueChunk[]): readonly number[] {
  return chunks.map(({ index }) => index);
}
