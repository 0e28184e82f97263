import { Bitmap } from "@palmtree/files/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunksIn, faultOfRuns, runsIn, runsOf } from "../../src/core/transfer/chunk-runs.js";
import { bitmap, indexesIn, range } from "./parts.js";

describe("runs", () => {
  test("of ascending chunks are those chunks, in as few runs as there are", () => {
    expect(runsOf([])).toEqual([]);
    expect(runsOf([3, 4, 5, 7, 9, 10])).toEqual([
      { first: 3, count: 3 },
      { first: 7, count: 1 },
      { first: 9, count: 2 },
    ]);
    const chunks = fc.uniqueArray(fc.nat(120), { maxLength: 120 });
    fc.assert(
      fc.property(chunks, (indexes) => {
        const ascending = indexes.sort((one, other) => one - other);
        const runs = runsOf(ascending);
        expect(indexesIn(runs)).toEqual(ascending);
        const ends = new Set(runs.map(({ first, count }) => first + count));
        expect(runs.some(({ first }) => ends.has(first))).toBe(false);
        expect(chunksIn(runs)).toBe(indexes.length);
      }),
    );
  });

  test("are no more than a frame has room for, and the last of them is whole", () => {
    const alternate = range(0, 1_025).map((place) => 2 * place);
    expect(runsOf(alternate)).toHaveLength(1_024);
    expect(runsOf([...alternate.slice(0, 1_024), 2_047])).toEqual([
      ...alternate.slice(0, 1_023).map((first) => ({ first, count: 1 })),
      { first: 2_046, count: 2 },
    ]);
  });

  test("of a bitmap are its chunks from an index on", () => {
    const indexes = fc.uniqueArray(fc.nat(99), { maxLength: 100 });
    fc.assert(
      fc.property(indexes, fc.nat(110), (held, from) => {
        const rest = held.filter((index) => index >= from).sort((one, other) => one - other);
        expect(runsIn(bitmap(100, ...held), from)).toEqual(runsOf(rest));
      }),
    );
  });

  test("of a bitmap are found without looking at each of its chunks", () => {
    const all = new Bitmap(2 ** 24);
    all.setAll();
    all.clear(7);
    expect(runsIn(all, 3)).toEqual([
      { first: 3, count: 4 },
      { first: 8, count: 2 ** 24 - 8 },
    ]);
    const alternate = bitmap(3_000, ...range(0, 1_500).map((place) => 2 * place));
    expect(runsIn(alternate, 0)).toHaveLength(1_024);
  });
});

describe("runs of a peer", () => {
  test("are right up to the last chunk, in any order, and wrong beyond it", () => {
    const last = { first: 99, count: 1 };
    expect(faultOfRuns([last, { first: 0, count: 99 }], 100)).toBeUndefined();
    expect(faultOfRuns([], 0)).toBeUndefined();
    expect(faultOfRuns([last, { first: 98, count: 3 }], 100)).toBe("chunks 98 to 100 of 100");
    expect(faultOfRuns([{ first: 100, count: 1 }], 100)).toBe("chunks 100 to 100 of 100");
    expect(faultOfRuns([{ first: 0, count: 2 ** 24 }], 100)).toBe("chunks 0 to 16777215 of 100");
  });

  test("are wrong when they are together more than there are: that only makes work", () => {
    const twice = range(0, 1_024).map(() => ({ first: 0, count: 100 }));
    expect(faultOfRuns(twice, 100)).toBe("runs of 102400 chunks of 100");
  });
});
