import { describe, expect, test } from "vitest";
import {
  binomialStep,
  binomialStepCount,
  cubeNeighbours,
  makePlan,
  type ScheduledSend,
} from "../src/index.js";

const peerCounts = Array.from({ length: 129 }, (_, index) => index + 2);
const chunkCounts = [1, 2, 3, 5, 6, 7, 8, 13, 14, 15, 31, 64];

function stepsOf(peerCount: number, chunkCount: number): readonly (readonly ScheduledSend[])[] {
  return Array.from({ length: binomialStepCount(peerCount, chunkCount) }, (_, step) => {
    return binomialStep(peerCount, chunkCount, step);
  });
}

describe.each(chunkCounts)(
  "the binomial pipeline of %d chunks, for 2 to 130 peers,",
  (chunkCount) => {
    test("takes k - 1 + ceil(log2 n) steps, after which everyone has every chunk", () => {
      for (const peerCount of peerCounts) {
        const steps = stepsOf(peerCount, chunkCount);
        expect(steps).toHaveLength(chunkCount - 1 + Math.ceil(Math.log2(peerCount)));
        // Nothing is sent twice (next test), so that the number of sends tells.
        expect(steps.flat()).toHaveLength((peerCount - 1) * chunkCount);
      }
    });

    test("sends what the sender has, to a neighbour without it, one chunk per step and side", () => {
      for (const peerCount of peerCounts) {
        const neighbours = Array.from({ length: peerCount }, (_, peer) => {
          return new Set(cubeNeighbours(peer, peerCount));
        });
        const held = Array.from({ length: peerCount }, () => new Set<number>());
        for (let chunk = 0; chunk < chunkCount; chunk += 1) held[0]!.add(chunk);
        for (const sends of stepsOf(peerCount, chunkCount)) {
          for (const { from, to, chunk } of sends) {
            const isSound =
              held[from]!.has(chunk) && !held[to]!.has(chunk) && neighbours[from]!.has(to);
            if (!isSound) expect.fail(`chunk ${chunk} from ${from} to ${to} of ${peerCount}`);
          }
          expect(new Set(sends.map(({ from }) => from)).size).toBe(sends.length);
          expect(new Set(sends.map(({ to }) => to)).size).toBe(sends.length);
          for (const { to, chunk } of sends) held[to]!.add(chunk);
        }
      }
    });
  },
);

test("all chunks but the last flow down the binomial plan's trees, in the order of its children", () => {
  const chunkCount = 16;
  for (const peerCount of peerCounts) {
    const plan = makePlan("binomial", peerCount);
    const children: number[][][] = Array.from({ length: chunkCount }, () => {
      return Array.from({ length: peerCount }, () => []);
    });
    for (const { from, to, chunk } of stepsOf(peerCount, chunkCount).flat()) {
      children[chunk]![from]!.push(to);
    }
    for (const [chunk, expected] of children.slice(0, -1).entries()) {
      const stripe = plan.stripeOf(chunk);
      expect(expected.map((_, position) => plan.childrenOf(stripe, position))).toEqual(expected);
    }
  }
});

test("a binomial plan has log2 n stripes, twice the floor of it where there are twins", () => {
  const stripes = [2, 3, 4, 8, 9, 64, 65, 65_536, 65_537].map((peerCount) => {
    return makePlan("binomial", peerCount).stripeCount;
  });
  expect(stripes).toEqual([1, 2, 2, 3, 6, 6, 12, 16, 32]);
});

test.each([
  [1, 1, 0],
  [2.5, 1, 0],
  [4, 0, 0],
  [4, 2, -1],
  [4, 2, 3],
  [4, 2, 0.5],
])("of %d peers and %d chunks, step %d is a RangeError", (peerCount, chunkCount, step) => {
  expect(() => binomialStep(peerCount, chunkCount, step)).toThrow(RangeError);
});
