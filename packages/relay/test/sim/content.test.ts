import { describe, expect, test } from "vitest";
import { ChunkArrivals } from "../../src/sim/chunk-arrivals.js";
import { SimulatedContent, simulatedHash } from "../../src/sim/content.js";

describe("SimulatedContent", () => {
  test("has another payload and another hash for every chunk", () => {
    const content = new SimulatedContent(500, 32);
    const hashes = Array.from({ length: 500 }, (_, index) =>
      content.hashOf(index, content.payloadOf(index)).join(),
    );
    expect(new Set(hashes).size).toBe(500);
  });

  test("makes every seventh chunk short, unless all are to be equal", () => {
    const lengths = (areChunksEqual: boolean): number[] => {
      const content = new SimulatedContent(14, 64, areChunksEqual);
      return Array.from({ length: 14 }, (_, index) => content.payloadOf(index).length);
    };
    expect(new Set(lengths(true))).toEqual(new Set([64]));
    expect(lengths(false).filter((length) => length < 64)).toHaveLength(2);
  });

  test("hashes what came, not what should have come", () => {
    const content = new SimulatedContent(5, 64);
    const spoilt = content.payloadOf(3).slice();
    spoilt[7] = (spoilt[7] ?? 0) ^ 1;
    expect(content.hashOf(3, spoilt)).toEqual(simulatedHash(spoilt));
    expect(content.hashOf(3, spoilt)).not.toEqual(content.hashOf(3, content.payloadOf(3)));
    expect(content.hashOf(3, content.payloadOf(3).slice())).toEqual(
      content.hashOf(3, content.payloadOf(3)),
    );
  });
});

describe("ChunkArrivals", () => {
  test("count a chunk that comes again as a duplicate, but not one that was spoilt the first time", () => {
    const content = new SimulatedContent(5, 64);
    const arrivals = new ChunkArrivals(content);
    const come = (index: number, payload = content.payloadOf(index)): void =>
      arrivals.note({ type: "chunk", index, payload }, 0);
    come(0);
    come(1, content.payloadOf(1).slice().fill(0));
    come(1);
    expect(arrivals).toMatchObject({ bytes: 3 * 64, duplicateBytes: 0 });
    come(0);
    come(1);
    expect(arrivals).toMatchObject({ bytes: 5 * 64, duplicateBytes: 2 * 64 });
  });

  test("know the longest time in which nothing came that was news", () => {
    const content = new SimulatedContent(5, 64);
    const arrivals = new ChunkArrivals(content);
    const come = (index: number, now: number): void =>
      arrivals.note({ type: "chunk", index, payload: content.payloadOf(index) }, now);
    come(0, 100);
    expect(arrivals.longestPauseMs).toBe(0);
    come(1, 110);
    come(1, 130);
    come(2, 140);
    come(3, 145);
    expect(arrivals.longestPauseMs).toBe(30);
  });
});
