import { describe, expect, test } from "vitest";
import { cubeNeighbours, dimensionsOf, peersAt, vertexOf } from "../src/index.js";

const everyPeerCount = Array.from({ length: 1_024 }, (_, index) => index + 1);

function graphOf(peerCount: number): readonly (readonly number[])[] {
  return Array.from({ length: peerCount }, (_, number) => cubeNeighbours(number, peerCount));
}

/** Links from one peer to each, -1 where there is no way; `gone` peers are not passed. */
function distancesFrom(
  start: number,
  graph: readonly (readonly number[])[],
  gone: ReadonlySet<number> = new Set(),
): readonly number[] {
  const distances = graph.map(() => -1);
  distances[start] = 0;
  const reached = [start];
  for (const peer of reached) {
    for (const next of graph[peer]!) {
      if (distances[next] !== -1 || gone.has(next)) continue;
      distances[next] = distances[peer]! + 1;
      reached.push(next);
    }
  }
  return distances;
}

/** Bits in which two peers' vertices differ; 1 for twins. */
function predictedDistance(a: number, b: number, peerCount: number): number {
  if (a === b) return 0;
  const difference = vertexOf(a, peerCount) ^ vertexOf(b, peerCount);
  return Math.max(1, difference.toString(2).replaceAll("0", "").length);
}

function subsets<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) => {
    return subsets(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]);
  });
}

describe("the hypercube, for every number of peers from 1 to 1,024,", () => {
  test("has every peer at one vertex and one or two peers at every vertex", () => {
    for (const peerCount of everyPeerCount) {
      const vertexCount = 2 ** dimensionsOf(peerCount);
      expect(vertexCount <= peerCount && peerCount < 2 * vertexCount).toBe(true);
      const peers = Array.from({ length: vertexCount }, (_, vertex) => peersAt(vertex, peerCount));
      expect(peers[0]).toEqual([0]);
      expect(peers.flat().toSorted((a, b) => a - b)).toEqual([...Array(peerCount).keys()]);
      const isConsistent = peers.every((pair, vertex) => {
        return pair[0] === vertex && pair.every((peer) => vertexOf(peer, peerCount) === vertex);
      });
      expect(isConsistent).toBe(true);
    }
  });

  test("is symmetric, without doubles, and nobody is a neighbour of itself", () => {
    for (const peerCount of everyPeerCount) {
      const graph = graphOf(peerCount);
      for (const [peer, neighbours] of graph.entries()) {
        const isSound = neighbours.every((next) => graph[next]!.includes(peer) && next !== peer);
        if (!isSound) expect.fail(`peer ${peer} of ${peerCount}`);
        if (new Set(neighbours).size !== neighbours.length) {
          expect.fail(`peer ${peer} of ${peerCount} has a neighbour twice`);
        }
      }
    }
  });

  test("gives everyone h to 2h + 1 neighbours, and two or more from n = 4 on", () => {
    for (const peerCount of everyPeerCount) {
      const dimensions = dimensionsOf(peerCount);
      const degrees = graphOf(peerCount).map((list) => list.length);
      expect(Math.min(...degrees)).toBeGreaterThanOrEqual(dimensions);
      expect(Math.max(...degrees)).toBeLessThanOrEqual(2 * dimensions + 1);
      if (peerCount >= 4) expect(Math.min(...degrees)).toBeGreaterThanOrEqual(2);
    }
  });

  // By induction: the whole cubes, and then each further peer. A peer more takes no link away, so
  // that distances only shrink; what is new are the distances of the new peer.
  test("has a diameter of exactly h, and leaves nobody out", () => {
    let smaller: readonly (readonly number[])[] = [];
    for (const peerCount of everyPeerCount) {
      const graph = graphOf(peerCount);
      const dimensions = dimensionsOf(peerCount);
      const isWholeCube = peerCount === 2 ** dimensions;
      if (!isWholeCube) {
        for (const [peer, neighbours] of smaller.entries()) {
          const now = graph[peer]!;
          if (!neighbours.every((next) => now.includes(next))) {
            expect.fail(`${peer} of ${peerCount}`);
          }
        }
      }
      const starts = isWholeCube ? [...graph.keys()] : [0, peerCount - 1];
      for (const start of starts) {
        const distances = distancesFrom(start, graph);
        expect(Math.min(...distances)).toBe(0);
        expect(Math.max(...distances)).toBeLessThanOrEqual(dimensions);
      }
      expect(Math.max(...distancesFrom(0, graph))).toBe(dimensions);
      smaller = graph;
    }
  });
});

test("the distance of two peers is the number of bits in which their vertices differ", () => {
  for (const peerCount of everyPeerCount.filter((count) => count <= 130)) {
    const graph = graphOf(peerCount);
    for (const start of graph.keys()) {
      const predicted = graph.map((_, peer) => predictedDistance(start, peer, peerCount));
      expect(distancesFrom(start, graph)).toEqual(predicted);
    }
  }
});

test("any h - 1 peers may vanish, up to 24 peers, and any one of up to 64", () => {
  for (const peerCount of everyPeerCount.filter((count) => count >= 4 && count <= 64)) {
    const graph = graphOf(peerCount);
    const lossCount = peerCount <= 24 ? dimensionsOf(peerCount) - 1 : 1;
    for (const gone of subsets([...graph.keys()], lossCount)) {
      const lost = new Set(gone);
      const start = [0, 1, 2, 3].find((peer) => !lost.has(peer))!;
      const reached = distancesFrom(start, graph, lost).filter((distance) => distance >= 0);
      expect(reached).toHaveLength(peerCount - lossCount);
    }
  }
});

test.each([
  [1, [[]]],
  [2, [[1], [0]]],
  [
    3,
    [
      [1, 2],
      [2, 0],
      [1, 0],
    ],
  ],
  [
    4,
    [
      [1, 2],
      [0, 3],
      [3, 0],
      [2, 1],
    ],
  ],
  // Without twins peer 4 would hang on the root alone.
  [
    5,
    [
      [1, 4, 2],
      [4, 0, 3],
      [3, 0],
      [2, 1, 4],
      [1, 0, 3],
    ],
  ],
])("for %d peers it is this one", (peerCount, expected) => {
  expect(graphOf(peerCount)).toEqual(expected);
});

test("a cube of 2^30 peers can be asked", () => {
  const peerCount = 2 ** 30;
  expect(dimensionsOf(peerCount)).toBe(30);
  expect(dimensionsOf(peerCount - 1)).toBe(29);
  expect(cubeNeighbours(peerCount - 1, peerCount)[29]).toBe(2 ** 29 - 1);
  expect(cubeNeighbours(0, peerCount - 1)).toHaveLength(2 * 29);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 30 + 1, "8" as never])(
  "%s peers are a RangeError",
  (peerCount) => {
    expect(() => dimensionsOf(peerCount)).toThrow(RangeError);
    expect(() => vertexOf(0, peerCount)).toThrow(RangeError);
    expect(() => peersAt(0, peerCount)).toThrow(RangeError);
    expect(() => cubeNeighbours(0, peerCount)).toThrow(RangeError);
  },
);

test.each([-1, 6, 0.5, Number.NaN])("peer %d of 6 is a RangeError", (number) => {
  expect(() => vertexOf(number, 6)).toThrow(RangeError);
  expect(() => cubeNeighbours(number, 6)).toThrow(RangeError);
});

test.each([-1, 4, 0.5])("vertex %d of a square is a RangeError", (vertex) => {
  expect(() => peersAt(vertex, 6)).toThrow(RangeError);
});
