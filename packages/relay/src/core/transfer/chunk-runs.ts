import type { Bitmap } from "@palmtree/files/core";
import { type ChunkRun, wireLimits } from "@palmtree/wire";

/** Consecutive chunks as runs; at most as many runs as a frame has room for. */
export function runsOf(ascending: Iterable<number>): readonly ChunkRun[] {
  const runs: { first: number; count: number }[] = [];
  for (const index of ascending) {
    const last = runs.at(-1);
    if (last !== undefined && index === last.first + last.count) last.count += 1;
    else if (runs.length === wireLimits.runs) break;
    else runs.push({ first: index, count: 1 });
  }
  return runs;
}

/** The chunks of a bitmap, from an index on, as runs; at most as many as a frame has room for. */
export function runsIn(held: Bitmap, from: number): readonly ChunkRun[] {
  const runs: ChunkRun[] = [];
  let first = held.firstSet(from);
  while (first !== -1 && runs.length < wireLimits.runs) {
    const end = held.firstClear(first);
    runs.push({ first, count: (end === -1 ? held.size : end) - first });
    first = end === -1 ? -1 : held.firstSet(end);
  }
  return runs;
}

/** Chunks in all these runs together. */
export function chunksIn(runs: readonly ChunkRun[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}

/**
 * What is wrong with runs that came from a peer, if something is: all are within the session, and
 * together no longer than it, so that reading them costs no more than a bitmap would.
 */
export function faultOfRuns(runs: readonly ChunkRun[], chunkCount: number): string | undefined {
  const wrong = runs.find(({ first, count }) => first + count > chunkCount);
  if (wrong !== undefined)
    return `chunks ${wrong.first} to ${wrong.first + wrong.count - 1} of ${chunkCount}`;
  const total = chunksIn(runs);
  return total > chunkCount ? `runs of ${total} chunks of ${chunkCount}` : undefined;
}
