import { describe, expect, test } from "vitest";
import { simulate } from "../../src/sim/index.js";

/** Links between the root and the furthest peer, at most, as a multiple of log2 n. */
const mostDepth = 2;

/** How many parts the sizes are dealt to, a file each, so that the workers share them. */
const parts = 4;

/**
 * "It must span for every n from 2 to 1,024 and any timing": every one of them, over a network
 * that loses 5 to 10 % of all datagrams, doubles and delays others, with latencies of up to 20 ms.
 * The seed is n, so that what fails can be repeated; patience is long enough for the invitations
 * to reach everybody.
 */
export function testSpanning(part: number): void {
  describe(`the tree spans for every n from 2 to 1,024 (those with n mod ${parts} = ${part})`, () => {
    test("under random latencies, loss, duplication and reordering", { timeout: 600_000 }, () => {
      const failures: string[] = [];
      for (let n = 2; n <= 1_024; n += 1) {
        if (n % parts !== part) continue;
        const { treeSize, treeDepth, results } = simulate({
          seed: n,
          peerCount: n,
          isFormationOnly: true,
          network: {
            loss: 0.05 + (n % 6) / 100,
            duplication: 0.05,
            reordering: 0.05,
            mostLatencyMs: 20,
          },
          peerOptions: {
            maxWaitMs: 60_000,
            neighboursTimeoutMs: 60_000,
            formationTimeoutMs: 60_000,
          },
        });
        if (treeSize !== n) failures.push(`n = ${n}: ${treeSize} peers are in the tree`);
        if (results.length > 0) failures.push(`n = ${n}: ${results[0]?.error?.message}`);
        if (treeDepth > mostDepth * Math.log2(n)) failures.push(`n = ${n}: depth ${treeDepth}`);
      }
      expect(failures).toEqual([]);
    });
  });
}
