import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkSpanningTree,
  childLists,
  childrenOf,
  depthOf,
  fanoutOf,
  heightOf,
  kAryTree,
  renderTree,
  rootOf,
  type SpanningTree,
  subtreeSizes,
} from "../src/index.js";

/** Any tree: each peer hangs below one before it, and then the numbers are shuffled. */
const anyTree: fc.Arbitrary<SpanningTree> = fc.array(fc.nat(), { maxLength: 40 }).chain((draws) => {
  const count = draws.length + 1;
  const numbers = fc.shuffledSubarray([...Array(count).keys()], { minLength: count });
  return numbers.map((order) => {
    const parents: (number | null)[] = Array(count).fill(null);
    for (const [index, draw] of draws.entries()) {
      parents[order[index + 1]!] = order[draw % (index + 1)]!;
    }
    return parents;
  });
});

const anyParents = fc.array(fc.oneof(fc.constant(null), fc.integer({ min: -1, max: 7 })), {
  maxLength: 7,
});

/** Whether each peer's way up ends at the only root: the definition, without cleverness. */
function isTree(parents: SpanningTree): boolean {
  const root = parents.indexOf(null);
  return [...parents.keys()].every((start) => {
    let number: number | null | undefined = start;
    for (let step = 0; step < parents.length && number !== root; step += 1) {
      number = typeof number === "number" ? parents[number] : undefined;
    }
    return number === root && root >= 0;
  });
}

describe("checkSpanningTree", () => {
  test("finds no fault in a tree", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        expect(checkSpanningTree(tree)).toBeUndefined();
      }),
    );
  });

  test("finds a fault in everything else, and only there", () => {
    fc.assert(
      fc.property(anyParents, (parents) => {
        const isSound = parents.length > 0 && isTree(parents);
        expect(checkSpanningTree(parents) === undefined).toBe(isSound);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each<[SpanningTree, string, readonly number[], string]>([
    [[], "no-root", [], "no peer is the root"],
    [[1, 0], "no-root", [], "no peer is the root"],
    [[null, 0, null, null], "two-roots", [0, 2], "the peers 0 and 2 are both roots"],
    [[null, 2], "out-of-range", [1], "the parent of peer 1 is no peer"],
    [[null, 0, -1], "out-of-range", [2], "the parent of peer 2 is no peer"],
    [[null, 0.5], "out-of-range", [1], "the parent of peer 1 is no peer"],
    [[null, Number.NaN], "out-of-range", [1], "the parent of peer 1 is no peer"],
    [[null, 1], "cycle", [1], "the peers 1 form a cycle"],
    [[null, 2, 1], "cycle", [1, 2], "the peers 1, 2 form a cycle"],
    // 1 hangs below the cycle, and is not a part of it.
    [[null, 3, 4, 2, 3], "cycle", [3, 2, 4], "the peers 3, 2, 4 form a cycle"],
  ])("describes the fault of %j", (parents, type, numbers, description) => {
    expect(checkSpanningTree(parents)).toEqual({ type, numbers, description });
  });

  test("takes a chain of 100,000 in its stride", () => {
    const chain = kAryTree(100_000, 1);
    expect(checkSpanningTree(chain)).toBeUndefined();
    expect(checkSpanningTree(chain.with(1, 99_999))?.numbers).toHaveLength(99_999);
  });
});

describe("a spanning tree's", () => {
  test("children, depths, sizes, fanout and height agree with its parents", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const root = rootOf(tree);
        expect(tree[root]).toBeNull();
        const depths = tree.map((_, number) => depthOf(tree, number));
        const sizes = subtreeSizes(tree);
        const lists = childLists(tree);
        for (const [number, parent] of tree.entries()) {
          expect(depths[number]).toBe(parent === null ? 0 : depths[parent]! + 1);
          const children = childrenOf(tree, number);
          expect(children.every((child) => tree[child] === number)).toBe(true);
          expect(children).toEqual(children.toSorted((a, b) => a - b));
          expect(lists[number]).toEqual(children);
          expect(sizes[number]).toBe(children.reduce((sum, child) => sum + sizes[child]!, 1));
        }
        expect(lists.flat()).toHaveLength(tree.length - 1);
        expect(sizes[root]).toBe(tree.length);
        expect(heightOf(tree)).toBe(Math.max(...depths));
        expect(fanoutOf(tree)).toBe(Math.max(...lists.map((list) => list.length)));
      }),
    );
  });

  test.each([rootOf, childLists, subtreeSizes, fanoutOf, heightOf, renderTree])(
    "$name is a RangeError where it is no tree",
    (ask: (parents: SpanningTree) => unknown) => {
      for (const parents of [[], [null, null], [null, 2, 1], [null, 9]]) {
        expect(() => ask(parents)).toThrow(RangeError);
      }
    },
  );

  test("depth and children are a RangeError for a number that is no peer", () => {
    for (const number of [-1, 3, 0.5, Number.NaN]) {
      expect(() => depthOf([null, 0, 0], number)).toThrow(RangeError);
      expect(() => childrenOf([null, 0, 0], number)).toThrow(RangeError);
    }
  });

  test("depth is a RangeError where no way leads to a root", () => {
    expect(() => depthOf([null, 2, 1], 1)).toThrow(RangeError);
    expect(() => depthOf([null, 9], 1)).toThrow(RangeError);
    expect(depthOf([null, 0, 9], 1)).toBe(1);
  });

  test("functions take 200,000 peers, as a chain or a star", () => {
    for (const [tree, height] of [
      [kAryTree(200_000, 1), 199_999],
      [kAryTree(200_000, 200_000), 1],
    ] as const) {
      expect(heightOf(tree)).toBe(height);
      expect(subtreeSizes(tree)[0]).toBe(200_000);
    }
  });
});

describe("renderTree", () => {
  test("draws a line for each peer, children in order below their parent", () => {
    const tree = [null, 0, 0, 0, 1, 1, 3, 6];
    expect(renderTree(tree, (number) => `host${number}`)).toBe(
      [
        "host0",
        "├── host1",
        "│   ├── host4",
        "│   └── host5",
        "├── host2",
        "└── host3",
        "    └── host6",
        "        └── host7",
      ].join("\n"),
    );
  });

  test("draws a root alone, and a root that is not peer 0", () => {
    expect(renderTree([null])).toBe("0");
    expect(renderTree([1, null])).toBe("1\n└── 0");
  });

  test("shows every peer once, indented by its depth", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const lines = renderTree(tree).split("\n");
        const depths = new Map(
          lines.map((line) => {
            const [, indent = "", number] = /^((?:[│ ] {3})*(?:[├└]── )?)(\d+)$/.exec(line) ?? [];
            return [Number(number), indent.length / 4];
          }),
        );
        expect(lines).toHaveLength(tree.length);
        for (const number of tree.keys()) {
          expect(depths.get(number)).toBe(depthOf(tree, number));
        }
      }),
    );
  });
});

describe("kAryTree", () => {
  test("is a spanning tree of least height, for up to 200 peers and a fanout of up to 10", () => {
    for (let peerCount = 1; peerCount <= 200; peerCount += 1) {
      for (let fanout = 1; fanout <= 10; fanout += 1) {
        const tree = kAryTree(peerCount, fanout);
        expect(tree).toHaveLength(peerCount);
        expect(rootOf(tree)).toBe(0);
        expect(fanoutOf(tree)).toBe(Math.min(fanout, peerCount - 1));
        expect(heightOf(tree)).toBe(leastHeight(peerCount, fanout));
      }
    }
  });

  test("is the seed's for a fanout of 4", () => {
    expect(kAryTree(9, 4)).toEqual([null, 0, 0, 0, 0, 1, 1, 1, 1]);
  });

  test.each([
    [0, 1],
    [1, 0],
    [-1, 4],
    [1.5, 4],
    [4, 1.5],
    [Number.NaN, 4],
    [4, Number.POSITIVE_INFINITY],
  ])("is a RangeError for %d peers and fanout %d", (peerCount, fanout) => {
    expect(() => kAryTree(peerCount, fanout)).toThrow(RangeError);
  });
});

/** The least height in which so many peers have room. */
function leastHeight(peerCount: number, fanout: number): number {
  let height = 0;
  for (let room = 1, level = 1; room < peerCount; height += 1) {
    level *= fanout;
    room += level;
  }
  return height;
}
