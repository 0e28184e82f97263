import { expect, test } from "vitest";
import { choosePlan, predictSeconds } from "../src/index.js";

test.each([
  // While peers are few beside the chunks, the chain.
  [2, 1, "chain"],
  [9, 1_024, "chain"],
  [17, 1_024, "chain"],
  [32, 4_096, "chain"],
  [64, 4_096, "chain"],
  // Where a chain takes long to fill, the double tree, ...
  [32, 1_024, "double-tree"],
  [128, 1_024, "double-tree"],
  [1_024, 4_096, "double-tree"],
  [10_000, 1_024, "double-tree"],
  // ... also where the binomial pipeline has less steps.
  [64, 16, "double-tree"],
  [1_024, 64, "double-tree"],
] as const)("for %d peers and %d chunks of equal links: %s", (peerCount, chunkCount, kind) => {
  expect(choosePlan({ peerCount, chunkCount, chunkBytes: 65_536 }).kind).toBe(kind);
});

test("without a margin the faster is chosen, and the chain of equals", () => {
  const kinds = [2, 3, 4, 5, 6, 9, 64].map((peerCount) => {
    return choosePlan({ peerCount, chunkCount: 256, chunkBytes: 1, tieMargin: 0 }).kind;
  });
  expect(kinds).toEqual([
    "chain",
    "chain",
    "chain",
    "chain",
    "chain",
    "double-tree",
    "double-tree",
  ]);
});

test("names its predicted time and the others', the fastest first", () => {
  const links = 1e6;
  const choice = choosePlan({ peerCount: 64, chunkCount: 100, chunkBytes: 1_000, links });
  const transfer = { peerCount: 64, bytes: 100_000, chunkBytes: 1_000, links };
  expect(choice).toEqual({
    kind: "double-tree",
    predictedSeconds: predictSeconds("double-tree", transfer),
    alternatives: [
      { kind: "binomial", seconds: predictSeconds("binomial", transfer) },
      { kind: "chain", seconds: predictSeconds("chain", transfer) },
    ],
  });
});

test("latency between peers makes a chain of many no longer worth it", () => {
  const question = { peerCount: 24, chunkCount: 1_024, chunkBytes: 65_536 };
  expect(choosePlan(question).kind).toBe("chain");
  expect(choosePlan({ ...question, hopSeconds: 0.01 }).kind).toBe("double-tree");
});

test("a last position that uploads slowly makes the chain the choice, which asks nothing of it", () => {
  const links = Array.from({ length: 201 }, (_, position) => ({
    upBytesPerSecond: position === 200 ? 1e5 : 1e6,
    downBytesPerSecond: 1e6,
  }));
  const question = { peerCount: 201, chunkCount: 500, chunkBytes: 1_000 };
  expect(choosePlan(question).kind).toBe("double-tree");
  expect(choosePlan({ ...question, links }).kind).toBe("chain");
});

test.each([
  { peerCount: 1 },
  { chunkCount: 0 },
  { chunkCount: 1.5 },
  { chunkBytes: 0 },
  { tieMargin: -1 },
  { tieMargin: Number.NaN },
])("a question with %o is a RangeError", (wrong) => {
  const question = { peerCount: 4, chunkCount: 10, chunkBytes: 1, ...wrong };
  expect(() => choosePlan(question)).toThrow(RangeError);
});
