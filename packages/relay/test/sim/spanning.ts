import { type SimulationResult, simulate } from "../../src/sim/index.js";

/** How many parts the sizes from 2 to 1,024 are dealt to, a file each, so that workers share them. */
export const parts = 4;

/**
 * Form a tree of `n` peers over a network that loses 5 to 10 % of all datagrams, doubles and delays
 * others, with latencies of up to 20 ms. The seed is n, so that what fails can be repeated. Nobody
 * is given up: what is under test is whether everybody finds a place, not how long the root waits.
 */
function formTree(n: number, fanout: number): SimulationResult {
  return simulate({
    seed: n,
    peerCount: n,
    fanout,
    timeoutMs: 400_000,
    isFormationOnly: true,
    network: {
      loss: 0.05 + (n % 6) / 100,
      duplication: 0.05,
      reordering: 0.05,
      mostLatencyMs: 20,
    },
    peerOptions: { maxWaitMs: 60_000, neighboursTimeoutMs: 60_000, formationTimeoutMs: 60_000 },
  });
}

/**
 * What is wrong with the trees of all these sizes.
 *
 * @param mostDepth links between the root and the furthest peer, at most, as a multiple of log2 n
 */
export function faultsOfTrees(
  sizes: readonly number[],
  { fanout, mostDepth }: { readonly fanout: number; readonly mostDepth: number },
): string[] {
  return sizes.flatMap((n) => {
    const { treeSize, treeDepth, results } = formTree(n, fanout);
    const faults: string[] = [];
    if (treeSize !== n) faults.push(`n = ${n}: ${treeSize} peers are in the tree`);
    for (const { error } of results) faults.push(`n = ${n}: ${error?.message}`);
    if (treeDepth > mostDepth * Math.log2(n)) faults.push(`n = ${n}: depth ${treeDepth}`);
    return faults;
  });
}

/** The sizes from 2 to `most` of that part. */
export function sizesOf(part: number, most = 1_024): number[] {
  const sizes: number[] = [];
  for (let n = 2; n <= most; n += 1) if (n % parts === part) sizes.push(n);
  return sizes;
}
