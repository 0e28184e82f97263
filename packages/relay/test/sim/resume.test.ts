import { describe, expect, test } from "vitest";
import { type Scenario, simulate } from "../../src/sim/index.js";

const chunkCount = 200;
const chunkSizeBytes = 1_024;

function run(seed: number, scenario: Partial<Scenario>) {
  return simulate({
    seed,
    peerCount: 9,
    chunkCount,
    chunkSizeBytes,
    areChunksEqual: true,
    ...scenario,
  });
}

const contentBytes = chunkCount * chunkSizeBytes;

describe.each(["tree", "pipeline"] as const)("in strategy %s", (strategy) => {
  test("a host that has half of it on disk is sent the other half", () => {
    const { landedCount, payloadBytesReceived } = run(1, {
      strategy,
      leftovers: (host, chunk) => (host === 3 && chunk < 100 ? "intact" : undefined),
    });
    expect(landedCount).toBe(8);
    expect(payloadBytesReceived[3]).toBe(contentBytes / 2);
    expect(payloadBytesReceived[4]).toBe(contentBytes);
  });

  test("hosts that have everything are sent nothing, and say that they are complete", () => {
    const { results, payloadBytesReceived } = run(2, { strategy, leftovers: () => "intact" });
    expect(results.map(({ status }) => status)).toEqual(
      Array.from({ length: 8 }, () => "complete"),
    );
    expect(payloadBytesReceived).toEqual(Array.from({ length: 9 }, () => 0));
  });

  test("what is on disk is passed on to those that lack it", () => {
    // Nobody but the root and the odd hosts has anything, and the odd ones have it all.
    const { landedCount, payloadBytesReceived } = run(3, {
      strategy,
      leftovers: (host) => (host % 2 === 1 ? "intact" : undefined),
    });
    expect(landedCount).toBe(8);
    expect(payloadBytesReceived.filter((_, host) => host % 2 === 1)).toEqual([0, 0, 0, 0]);
  });

  test("torn chunks are never held: they are fetched again, and nothing else is", () => {
    const isTorn = (host: number, chunk: number): boolean => (chunk + host) % 10 === 0;
    const { landedCount, payloadBytesReceived } = run(4, {
      strategy,
      leftovers: (host, chunk) => (isTorn(host, chunk) ? "torn" : "intact"),
    });
    expect(landedCount).toBe(8);
    for (const bytes of payloadBytesReceived.slice(1)) expect(bytes).toBe(contentBytes / 10);
  });

  test("a disk with nothing but torn chunks costs no more than an empty one", () => {
    const torn = run(5, { strategy, leftovers: () => "torn" });
    expect(torn.landedCount).toBe(8);
    for (const bytes of torn.payloadBytesReceived.slice(1)) expect(bytes).toBe(contentBytes);
  });

  test("a host that comes late with half of it on disk is sent the other half", () => {
    const { results, payloadBytesReceived } = run(6, {
      strategy,
      chunkCount: 2_000,
      links: { uplinkBytesPerSecond: 1_000_000, downlinkBytesPerSecond: 1_000_000 },
      latecomers: [{ host: 8, atMs: 500, how: "knock" }],
      leftovers: (host, chunk) => (host === 8 && chunk < 1_000 ? "intact" : undefined),
    });
    expect(results.map(({ status }) => status)).toEqual(
      Array.from({ length: 8 }, () => "complete"),
    );
    // Where it is in the middle of things something may come twice.
    expect(payloadBytesReceived[8]).toBeLessThan(1.05 * 1_000 * chunkSizeBytes);
    expect(payloadBytesReceived[8]).toBeGreaterThanOrEqual(1_000 * chunkSizeBytes);
  });

  test.each([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])(
    "any mixture ends whole, with losses, and with a crash on the way: seed %i",
    (seed) => {
      const { landedCount, payloadBytesReceived } = run(seed, {
        strategy,
        network: { loss: 0.05, reordering: 0.1 },
        crashes: [{ host: 1 + (seed % 8), atMs: 20 + seed, how: "kill" }],
        leftovers: (host, chunk) => {
          const draw = Math.imul(seed * 31 + host * 7 + chunk, 0x9e3779b1) >>> 28;
          if (draw < 8) return "intact";
          return draw < 10 ? "torn" : undefined;
        },
      });
      expect(landedCount).toBeGreaterThanOrEqual(7);
      for (const bytes of payloadBytesReceived.slice(1)) expect(bytes).toBeLessThan(contentBytes);
    },
  );
});
