import { describe, expect, test } from "vitest";
import { makePlan, type Plan, type PlanKind, uploadShares } from "../src/index.js";

const kinds = ["chain", "double-tree", "binomial", "k-ary"] as const;
const peerCounts = Array.from({ length: 129 }, (_, index) => index + 2);
const chunkCounts = [1, 2, 3, 7, 64, 257];

function positionsOf(plan: Plan): readonly number[] {
  return [...Array(plan.peerCount).keys()];
}

function stripesOf(plan: Plan): readonly number[] {
  return [...Array(plan.stripeCount).keys()];
}

/** Links between a position and the root; fails where a position is on no way to it. */
function depthIn(plan: Plan, stripe: number, position: number): number {
  let depth = 0;
  for (let at = position; at !== 0; at = plan.parentOf(stripe, at)) {
    depth += 1;
    if (depth >= plan.peerCount || !(at > 0)) expect.fail(`${position} of ${plan.peerCount}`);
  }
  return depth;
}

/** How many chunks of `chunkCount` are of each stripe. */
function chunksByStripe(plan: Plan, chunkCount: number): readonly number[] {
  const counts = stripesOf(plan).map(() => 0);
  for (let chunk = 0; chunk < chunkCount; chunk += 1) {
    counts[plan.stripeOf(chunk, chunkCount)]! += 1;
  }
  return counts;
}

/** How many children each position has: item s, p is for stripe s and position p. */
function childCountsOf(plan: Plan): readonly (readonly number[])[] {
  return stripesOf(plan).map((stripe) => {
    return positionsOf(plan).map((position) => plan.childrenOf(stripe, position).length);
  });
}

describe.each(kinds)("%s, for 2 to 130 peers,", (kind) => {
  const plans = peerCounts.map((peerCount) => makePlan(kind, peerCount));

  test("leads from the root to every position in each tree, and nowhere in circles", () => {
    for (const plan of plans) {
      for (const stripe of stripesOf(plan)) {
        expect(plan.parentOf(stripe, 0)).toBe(-1);
        for (const position of positionsOf(plan)) depthIn(plan, stripe, position);
      }
    }
  });

  test("names as children exactly those whose parent it names", () => {
    for (const plan of plans) {
      for (const stripe of stripesOf(plan)) {
        const expected: number[][] = positionsOf(plan).map(() => []);
        for (const position of positionsOf(plan).slice(1)) {
          expected[plan.parentOf(stripe, position)]!.push(position);
        }
        const named = positionsOf(plan).map((position) => {
          return plan.childrenOf(stripe, position).toSorted((a, b) => a - b);
        });
        expect(named).toEqual(expected);
      }
    }
  });

  test("deals the chunks to its stripes in turn", () => {
    for (const plan of plans) {
      expect(plan.stripeCount).toBeLessThanOrEqual(64);
      for (const chunkCount of chunkCounts) {
        const counts = chunksByStripe(plan, chunkCount);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
    }
  });
});

test.each([
  ["chain", 1, 0],
  // With an odd number of chunks one half is a chunk larger, and two children get it.
  ["double-tree", 1, 1],
  // Its trees differ in who has children; a round that is cut short shows it.
  ["binomial", 1, 8],
  ["k-ary", 4, 0],
] as const)("%s: no position uploads more than %d copies and %d chunks", (kind, copies, extra) => {
  for (const peerCount of peerCounts) {
    const plan = makePlan(kind, peerCount);
    const childCounts = childCountsOf(plan);
    for (const chunkCount of chunkCounts) {
      const chunks = chunksByStripe(plan, chunkCount);
      const uploads = positionsOf(plan).map((position) => {
        return chunks.reduce(
          (sum, count, stripe) => sum + count * childCounts[stripe]![position]!,
          0,
        );
      });
      expect(Math.max(...uploads)).toBeLessThanOrEqual(copies * chunkCount + extra);
    }
  }
});

test("in a double tree each position has children in one tree at most, two of them, and log2 n links above it", () => {
  for (const peerCount of peerCounts) {
    const plan = makePlan("double-tree", peerCount);
    for (const position of positionsOf(plan).slice(1)) {
      const childCounts = stripesOf(plan).map((stripe) => plan.childrenOf(stripe, position).length);
      expect(Math.min(...childCounts)).toBe(0);
      expect(Math.max(...childCounts)).toBeLessThanOrEqual(2);
      for (const stripe of stripesOf(plan)) {
        const limit = Math.floor(Math.log2(peerCount - 1)) + 1;
        expect(depthIn(plan, stripe, position)).toBeLessThanOrEqual(limit);
      }
    }
  }
});

test("a chain of four, and a tree of fanout 2", () => {
  const chain = makePlan("chain", 4);
  expect(positionsOf(chain).map((position) => chain.parentOf(0, position))).toEqual([-1, 0, 1, 2]);
  const tree = makePlan("k-ary", 7, { fanout: 2 });
  expect(positionsOf(tree).map((position) => tree.parentOf(0, position))).toEqual([
    -1, 0, 0, 1, 1, 2, 2,
  ]);
});

test.each(kinds)(
  "%s: what is no peer count, fanout, stripe or position is a RangeError",
  (kind) => {
    for (const peerCount of [1, 0, -2, 2.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      expect(() => makePlan(kind, peerCount)).toThrow(RangeError);
    }
    expect(() => makePlan(kind, 3, { fanout: 0 })).toThrow(RangeError);
    expect(() => makePlan("star" as PlanKind, 3)).toThrow(RangeError);
    const plan = makePlan(kind, 5);
    for (const [stripe, position] of [
      [-1, 0],
      [64, 0],
      [0, -1],
      [0, 5],
      [0, 0.5],
    ] as const) {
      expect(() => plan.parentOf(stripe, position)).toThrow(RangeError);
      expect(() => plan.childrenOf(stripe, position)).toThrow(RangeError);
    }
  },
);

test("upload shares add up to a copy for each receiver, and show who uploads nothing", () => {
  for (const kind of kinds) {
    for (const peerCount of peerCounts) {
      const sum = uploadShares(makePlan(kind, peerCount)).reduce((total, share) => total + share);
      expect(sum).toBeCloseTo(peerCount - 1, 9);
    }
  }
  expect(uploadShares(makePlan("chain", 4))).toEqual([1, 1, 1, 0]);
  expect(uploadShares(makePlan("double-tree", 4))).toEqual([1, 1, 1, 0]);
  expect(uploadShares(makePlan("k-ary", 4))).toEqual([3, 0, 0, 0]);
});

test("a plan of 65,536 peers or more holds no table of them, and answers at once", () => {
  for (const peerCount of [65_536, 65_537, 1_000_000]) {
    const plan = makePlan("binomial", peerCount);
    for (const stripe of stripesOf(plan)) {
      for (const position of [1, 2, 4_321, peerCount - 1]) {
        const parent = plan.parentOf(stripe, position);
        expect(plan.childrenOf(stripe, parent)).toContain(position);
        depthIn(plan, stripe, position);
      }
    }
  }
});
