import { expect, test } from "vitest";
import { choosePlan, makePlan, predictSeconds } from "../src/index.js";
import { simulateWithJitter } from "./jitter-simulator.js";

const kinds = ["chain", "double-tree", "binomial"] as const;
const disturbances = [
  { jitter: 0.05, latency: 0.1 },
  { jitter: 0.2, latency: 0.2 },
];

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

// What `tieMargin` is there for.
test("out of step, plans with several parents per peer fall 8 to 30 per cent short, the chain 4", () => {
  const [light = { jitter: 0, latency: 0 }] = disturbances;
  for (const peerCount of [9, 17, 32, 64]) {
    for (const kind of kinds) {
      const steps = simulateWithJitter(makePlan(kind, peerCount), 256, light);
      const ratio = steps / predictedSteps(kind, peerCount, 256);
      expect(ratio).toBeGreaterThan(kind === "chain" ? 1 : 1.08);
      expect(ratio).toBeLessThan(kind === "chain" ? 1.04 : 1.3);
    }
  }
});

test("out of step, what is chosen takes 2 per cent more than the best of the three, in the mean", () => {
  const losses: number[] = [];
  const lossesWithoutMargin: number[] = [];
  for (const chunkCount of [16, 64, 128]) {
    for (const peerCount of [5, 9, 17, 32, 64]) {
      for (const disturbance of disturbances) {
        const steps = new Map(
          kinds.map((kind) => {
            const plan = makePlan(kind, peerCount);
            return [kind as string, simulateWithJitter(plan, chunkCount, disturbance)];
          }),
        );
        const best = Math.min(...steps.values());
        const question = { peerCount, chunkCount, chunkBytes: 1 };
        losses.push(steps.get(choosePlan(question).kind)! / best - 1);
        const strict = choosePlan({ ...question, tieMargin: 0 });
        lossesWithoutMargin.push(steps.get(strict.kind)! / best - 1);
      }
    }
  }
  expect(mean(losses)).toBeLessThan(0.02);
  expect(mean(losses)).toBeLessThan(mean(lossesWithoutMargin) / 2);
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
