import { describe, expect, test } from "vitest";
import {
  binomialStepCount,
  lowerBoundSeconds,
  makePlan,
  type PlanKind,
  predictSeconds,
  type Transfer,
} from "../src/index.js";
import { countSteps, longerWaitingFirst } from "./step-simulator.js";

const peerCounts = [2, 3, 5, 8, 9, 17, 32, 33, 64, 65, 128];
const everyPeerCount = Array.from({ length: 129 }, (_, index) => index + 2);

/** A transfer whose seconds are steps: chunks of a byte, a byte per second. */
function inSteps(peerCount: number, chunkCount: number, rest: Partial<Transfer> = {}): Transfer {
  return { peerCount, bytes: chunkCount, chunkBytes: 1, links: 1, ...rest };
}

/** The same, with a link for each position: `speed` both ways, but for those named. */
function withLinks(
  peerCount: number,
  chunkCount: number,
  others: Readonly<Record<number, { up?: number; down?: number }>>,
): Transfer {
  const links = Array.from({ length: peerCount }, (_, position) => ({
    upBytesPerSecond: others[position]?.up ?? 1,
    downBytesPerSecond: others[position]?.down ?? 1,
  }));
  return inSteps(peerCount, chunkCount, { links });
}

describe.each([64, 256, 1_024])("with equal links and %d chunks", (chunkCount) => {
  test.each(["chain", "double-tree", "binomial"] as const)(
    "the predicted time of a %s is the simulator's, but for two steps",
    (kind) => {
      for (const peerCount of peerCounts) {
        const steps = countSteps(makePlan(kind, peerCount), chunkCount);
        const predicted = predictSeconds(kind, inSteps(peerCount, chunkCount));
        expect(Math.abs(predicted - steps), `${peerCount} peers`).toBeLessThanOrEqual(2);
      }
    },
  );

  test.each([2, 4])("a tree of fanout %d takes what is predicted, within 3 per cent", (fanout) => {
    for (const peerCount of peerCounts) {
      const steps = countSteps(makePlan("k-ary", peerCount, { fanout }), chunkCount);
      const predicted = predictSeconds("k-ary", inSteps(peerCount, chunkCount, { fanout }));
      expect(predicted / steps).toBeGreaterThanOrEqual(1);
      expect(predicted / steps).toBeLessThan(1.03);
    }
  });
});

test("the chain takes exactly k + n - 2 steps, and the binomial trees at most one more than the schedule", () => {
  for (const peerCount of everyPeerCount) {
    const chain = countSteps(makePlan("chain", peerCount), 70);
    expect(chain).toBe(70 + peerCount - 2);
    expect(chain).toBe(predictSeconds("chain", inSteps(peerCount, 70)));
    const binomial = countSteps(makePlan("binomial", peerCount), 70);
    expect(binomial - binomialStepCount(peerCount, 70)).toBeLessThanOrEqual(1);
  }
});

// Links that are coloured wrongly make it half as slow again.
test("the double tree keeps to its formula for every number of peers", () => {
  for (const peerCount of everyPeerCount) {
    const steps = countSteps(makePlan("double-tree", peerCount), 128, longerWaitingFirst);
    const predicted = predictSeconds("double-tree", inSteps(peerCount, 128));
    expect(Math.abs(predicted - steps), `${peerCount} peers`).toBeLessThanOrEqual(2);
  }
});

describe("the lower bound", () => {
  test("is k - 1 + ceil(log2 n) steps with equal links, which the schedule reaches", () => {
    for (const peerCount of everyPeerCount) {
      for (const chunkCount of [1, 10, 300]) {
        const bound = lowerBoundSeconds(inSteps(peerCount, chunkCount));
        expect(bound).toBe(binomialStepCount(peerCount, chunkCount));
      }
    }
  });

  test("is no more than any prediction, whatever the links", () => {
    const speeds = [1, 0.3, 7, 2, 0.9, 1, 5, 0.1, 3];
    for (const peerCount of [2, 3, 4, 7, 16, 33]) {
      for (const [shift] of speeds.entries()) {
        const transfer = inSteps(peerCount, 50, {
          links: Array.from({ length: peerCount }, (_, position) => ({
            upBytesPerSecond: speeds[(position + shift) % speeds.length]!,
            downBytesPerSecond: speeds[(2 * position + shift) % speeds.length]!,
          })),
        });
        for (const kind of ["chain", "double-tree", "binomial", "k-ary"] as const) {
          expect(predictSeconds(kind, transfer)).toBeGreaterThanOrEqual(
            lowerBoundSeconds(transfer),
          );
        }
      }
    }
  });

  test.each([
    ["a slow root", { 0: { up: 0.5 } }, 201],
    ["a slow downlink", { 2: { down: 0.1 } }, 1_000],
    ["little to upload with", { 1: { up: 0.01 }, 2: { up: 0.01 }, 3: { up: 0.01 } }, 300 / 1.03],
  ] as const)("knows %s", (_, others, expected) => {
    expect(lowerBoundSeconds(withLinks(4, 100, others))).toBeCloseTo(expected, 9);
  });
});

describe("with unequal links", () => {
  test("a chain goes at the speed of its slowest link, and fills at the speed of each", () => {
    // Links of 1, 0.5 and 1: the middle one carries 100 chunks in 200 steps, and fills in 2.
    const transfer = withLinks(4, 100, { 1: { up: 0.5 }, 3: { up: 0.01 } });
    expect(predictSeconds("chain", transfer)).toBeCloseTo(100 / 0.5 + 1 / 0.5 + 1, 9);
  });

  test("a slow uplink costs as much as its position uploads, and nothing in a leaf", () => {
    const equal = predictSeconds("k-ary", inSteps(7, 100, { fanout: 2 }));
    const slowLeaf = withLinks(7, 100, { 6: { up: 0.1 } });
    const slowChild = withLinks(7, 100, { 2: { up: 0.1 } });
    expect(predictSeconds("k-ary", { ...slowLeaf, fanout: 2 })).toBe(equal);
    expect(predictSeconds("k-ary", { ...slowChild, fanout: 2 })).toBeCloseTo(10 * equal, 9);
  });

  test.each(["chain", "double-tree", "binomial", "k-ary"] as const)(
    "equal ones, listed, give a %s the same time as their speed alone",
    (kind) => {
      for (const peerCount of peerCounts) {
        const listed = predictSeconds(kind, withLinks(peerCount, 100, {}));
        expect(listed).toBeCloseTo(predictSeconds(kind, inSteps(peerCount, 100)), 9);
      }
    },
  );
});

test("each link from the root to the last adds its latency", () => {
  for (const peerCount of everyPeerCount) {
    for (const kind of ["chain", "double-tree", "binomial", "k-ary"] as const) {
      const plan = makePlan(kind, peerCount);
      let depth = 0;
      for (let stripe = 0; stripe < plan.stripeCount; stripe += 1) {
        for (let position = 1; position < peerCount; position += 1) {
          let links = 0;
          for (let at = position; at > 0; at = plan.parentOf(stripe, at)) links += 1;
          depth = Math.max(depth, links);
        }
      }
      const latency =
        predictSeconds(kind, inSteps(peerCount, 9, { hopSeconds: 1 })) -
        predictSeconds(kind, inSteps(peerCount, 9));
      expect(latency).toBeGreaterThanOrEqual(depth);
      // Some binomial plans with twins are a link less deep than the formula says.
      expect(latency).toBeLessThanOrEqual(kind === "binomial" ? depth + 1 : depth);
    }
  }
});

test("less than a chunk takes as long as it has bytes, and nothing takes no time", () => {
  expect(predictSeconds("chain", { ...inSteps(3, 1), bytes: 10, chunkBytes: 64 })).toBe(20);
  expect(predictSeconds("binomial", inSteps(9, 0))).toBe(0);
  expect(lowerBoundSeconds(inSteps(9, 0))).toBe(0);
});

test.each([
  { peerCount: 1 },
  { peerCount: 2.5 },
  { bytes: -1 },
  { bytes: Number.NaN },
  { chunkBytes: 0 },
  { links: 0 },
  { links: Number.NaN },
  { links: [] },
  { links: [{ upBytesPerSecond: 0, downBytesPerSecond: 1 }] },
  { hopSeconds: -1 },
  { fanout: 0 },
])("a transfer with %o is a RangeError", (wrong) => {
  const transfer = { ...inSteps(4, 10), ...wrong };
  expect(() => lowerBoundSeconds(transfer)).toThrow(RangeError);
  expect(() => predictSeconds("chain", transfer)).toThrow(RangeError);
});

test("an unknown kind is a RangeError", () => {
  expect(() => predictSeconds("star" as PlanKind, inSteps(4, 10))).toThrow(RangeError);
});
