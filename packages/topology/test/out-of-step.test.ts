import { expect, test } from "vitest";
import { makePlan, predictSeconds } from "../src/index.js";
import { simulateWithJitter } from "./jitter-simulator.js";

const kinds = ["chain", "double-tree", "binomial"] as const;
const disturbance = { jitter: 0.05, latency: 0.1 };

function predictedSteps(
  kind: (typeof kinds)[number],
  peerCount: number,
  chunkCount: number,
): number {
  return predictSeconds(kind, { peerCount, bytes: chunkCount, chunkBytes: 1, links: 1 });
}

test("without jitter and latency a chain takes what is predicted in continuous time too", () => {
  for (const peerCount of [2, 9, 33]) {
    const steps = simulateWithJitter(makePlan("chain", peerCount), 100, { jitter: 0, latency: 0 });
    expect(steps).toBeCloseTo(predictedSteps("chain", peerCount, 100), 9);
  }
});

// Here a link carries one chunk at a time, and a sender whose receiver is busy waits. Connections that
// share a link evenly, as in relay's simulator, make the double tree's shortfall nearly disappear.
test("where links carry chunks one by one, plans with several parents fall 8 to 30 per cent short, the chain 4", () => {
  for (const peerCount of [9, 17, 32, 64]) {
    for (const kind of kinds) {
      const steps = simulateWithJitter(makePlan(kind, peerCount), 256, disturbance);
      const ratio = steps / predictedSteps(kind, peerCount, 256);
      expect(ratio).toBeGreaterThan(kind === "chain" ? 1 : 1.08);
      expect(ratio).toBeLessThan(kind === "chain" ? 1.04 : 1.3);
    }
  }
});
