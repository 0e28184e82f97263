import { beforeEach, describe, expect, test } from "vitest";
import { type Inlet, Inlets } from "../../src/core/transfer/inlets.js";
import { everyChunk, noChunk } from "../../src/core/transfer/stripes.js";
import { makeContext, range, runs } from "./parts.js";

let inlets: Inlets;

beforeEach(() => {
  inlets = new Inlets(makeContext(), () => undefined);
  inlets.open(10_000);
  inlets.set({ number: 3, connection: 30, stripes: everyChunk });
});

/** Chunks of 10 bytes come from there, in that order; those of `here` are not missing. */
function come(from: number, indexes: readonly number[], here: ReadonlySet<number>): void {
  for (const index of indexes) inlets.note(from, index, 10, (at) => !here.has(at));
}

describe("what a source left out", () => {
  test("is nothing when chunks come in about their order, as from a disk", () => {
    const indexes = range(0, 200).map((index) => index ^ 31);
    come(30, indexes, new Set(indexes));
    expect(inlets.flows([])).toMatchObject([{ bytesFed: 2_000, bytesPassedOver: 0 }]);
  });

  test("is what is missing when those that come are more than 64 further", () => {
    const even = range(0, 100).map((index) => 2 * index);
    come(30, even, new Set(even));
    // Up to 198 - 64, every other one.
    expect(inlets.flows([])).toMatchObject([{ bytesFed: 1_000, bytesPassedOver: 670 }]);
  });

  test("is not what is here, nor what was before its first, nor of stripes of another", () => {
    come(30, [500, 600], new Set(range(0, 600)));
    expect(inlets.flows([])).toMatchObject([{ bytesPassedOver: 0 }]);
    inlets.set({ number: 4, connection: 40, stripes: { count: 2, wanted: [1] } });
    come(40, [1, 201], new Set([1, 201]));
    // 1 ... 201 - 2 * 64: 3, 5, ... 71.
    expect(inlets.flows([])).toMatchObject([{}, { number: 4, bytesPassedOver: 350 }]);
  });

  test("is not what it skips at one go: it has some from before, or from elsewhere", () => {
    come(30, [0, 1, 5_000, 5_001], new Set([0, 1, 5_000, 5_001]));
    expect(inlets.flows([])).toMatchObject([{ bytesPassedOver: 0 }]);
  });

  test("counts on when it is to send others over the same feed", () => {
    come(30, [0, 100], new Set([0, 100]));
    inlets.set({ number: 3, connection: 30, stripes: { count: 2, wanted: [0] } });
    expect(inlets.flows([])).toMatchObject([{ bytesFed: 20, bytesPassedOver: 350 }]);
  });
});

describe("what a source sent again", () => {
  test("is every chunk that it had sent", () => {
    come(30, [0, 1, 2, 1, 3, 2, 2], new Set());
    expect(inlets.flows([])).toMatchObject([{ bytesFed: 70, bytesRepeated: 30 }]);
  });

  test("is not what another had sent, by the plan or when it was asked", () => {
    inlets.set({ number: 4, connection: 40, stripes: noChunk });
    inlets.set({ number: 5, connection: 50, stripes: everyChunk });
    for (const from of [40, 30, 50]) come(from, [0, 1], new Set());
    expect(inlets.flows([])).toMatchObject([{ bytesRepeated: 0 }, { bytesRepeated: 0 }]);
  });

  test("is not what it was asked for, but what it sends a third time is", () => {
    const [inlet] = inlets.all;
    inlets.send(inlet as Inlet, { type: "want", runs: runs(1) });
    come(30, [0, 1, 1], new Set());
    expect(inlets.flows([])).toMatchObject([{ bytesRepeated: 0 }]);
    come(30, [1, 0], new Set());
    expect(inlets.flows([])).toMatchObject([{ bytesRepeated: 20 }]);
  });

  test("is not what was on its way when it was told anew what is lacking, but what had come is", () => {
    come(30, [0, 1], new Set());
    inlets.set({ number: 3, connection: 30, stripes: { count: 1, wanted: [0] } });
    come(30, [2, 3, 2, 3], new Set());
    expect(inlets.flows([])).toMatchObject([{ bytesRepeated: 0 }]);
    come(30, [1, 2], new Set());
    expect(inlets.flows([])).toMatchObject([{ bytesRepeated: 20 }]);
  });

  test("is not what a helper had been asked for that becomes a source", () => {
    inlets.set({ number: 4, connection: 40, stripes: noChunk });
    inlets.set({ number: 4, connection: 40, stripes: everyChunk });
    come(40, [5, 6, 5, 6], new Set());
    expect(inlets.flows([])).toMatchObject([{}, { number: 4, bytesRepeated: 0 }]);
  });
});

describe("a source owes something", () => {
  test("when a chunk of its stripes is missing", () => {
    inlets.set({ number: 3, connection: 30, stripes: { count: 2, wanted: [0] } });
    inlets.set({ number: 4, connection: 40, stripes: { count: 2, wanted: [1] } });
    expect(inlets.flows([1, 3, 5])).toMatchObject([{ isOwing: false }, { isOwing: true }]);
    expect(inlets.flows([])).toMatchObject([{ isOwing: false }, { isOwing: false }]);
  });

  test("unless it is asked for every chunk by itself: it is none", () => {
    inlets.set({ number: 3, connection: 30, stripes: noChunk });
    expect(inlets.flows([0])).toEqual([]);
  });
});
