import type { Experiment } from "./experiment.js";
import { troubles } from "./trouble.js";

/** What is varied; every combination is run. */
export interface Choice {
  readonly peerCounts: readonly number[];
  readonly chunkCounts: readonly number[];
  readonly strategies: readonly Experiment["strategy"][];
  readonly fanouts: readonly number[];
}

/** 64 KiB over 100 Mbit/s: a chunk takes 5.2 ms. Only their quotient matters. */
const chunkSizeBytes = 64 * 1024;
const bytesPerSecond = 12_500_000;

/**
 * One receiver; a size that is no power of two; many; and as many as the tree is tested with.
 * Content that is far too short for a pipeline, and content that is long enough.
 */
export const defaultChoice: Choice = {
  peerCounts: [2, 9, 64, 1_024],
  chunkCounts: [100, 1_000],
  strategies: ["tree"],
  fanouts: [2, 4],
};

/** Every combination, without trouble and with each, where the content is the longest. */
export function experimentsOf(choice: Choice, seed: number): readonly Experiment[] {
  const longest = Math.max(...choice.chunkCounts);
  const all: Experiment[] = [];
  for (const strategy of choice.strategies)
    for (const fanout of choice.fanouts)
      for (const peerCount of choice.peerCounts)
        for (const chunkCount of choice.chunkCounts) {
          const base = {
            strategy,
            fanout,
            peerCount,
            chunkCount,
            chunkSizeBytes,
            bytesPerSecond,
            seed,
          };
          // Trouble says most where it has the time to, and needs somebody else to be helped by.
          const isLong = chunkCount === longest && peerCount > 2;
          for (const trouble of isLong ? troubles : (["none"] as const))
            all.push({ ...base, trouble });
        }
  return all;
}
