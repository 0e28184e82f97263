/** That the plan which is chosen by default is as fast as is possible, nearly. */
import { expect, test } from "vitest";
import { simulate } from "../../src/sim/index.js";

const bytesPerSecond = 12_500_000;
const chunkSizeBytes = 65_536;
const chunkCount = 1_000;

/** Whose ratios are nearest to the bound: the largest chain, double trees, one link only. */
test.each([2, 17, 25, 26, 33, 64, 100])(
  "%d peers with equal links have everything in 1.03 of the least time, and nothing twice",
  (peerCount) => {
    const result = simulate({
      seed: 1,
      peerCount,
      strategy: "pipeline",
      chunkCount,
      chunkSizeBytes,
      areChunksEqual: true,
      links: { uplinkBytesPerSecond: bytesPerSecond, downlinkBytesPerSecond: bytesPerSecond },
    });
    const { openedAtMs = Number.NaN, lastFinishedMs = Number.NaN } = result;
    const leastSteps = chunkCount - 1 + Math.ceil(Math.log2(peerCount));
    const leastMs = (leastSteps * chunkSizeBytes * 1_000) / bytesPerSecond;
    const ratio = (lastFinishedMs - openedAtMs) / leastMs;
    expect(ratio).toBeGreaterThanOrEqual(1);
    expect(ratio).toBeLessThan(1.03);
    expect(result).toMatchObject({ duplicateCount: 0, demoted: [], landedCount: peerCount - 1 });
    // What the root sends leaves its link once, with heads, hashes and a little control.
    expect(result.linkBytesSent[0] ?? Number.NaN).toBeLessThan(1.005 * chunkCount * chunkSizeBytes);
  },
);
