import { describe, expect, test } from "vitest";
import { leastSeconds, treeSeconds } from "../../src/simulated/bounds.js";

/** A chunk takes a second. */
const load = { peerCount: 64, chunkCount: 256, chunkSizeBytes: 1_000, bytesPerSecond: 1_000 };

describe("the bounds", () => {
  test("the least time is k - 1 chunk times, and one for every doubling", () => {
    expect(leastSeconds(load)).toBe(261);
    expect(leastSeconds({ ...load, peerCount: 65 })).toBe(262);
    expect(leastSeconds({ ...load, peerCount: 2, chunkCount: 1 })).toBe(1);
  });

  test("one receiver is served in the least time: by a tree of one link", () => {
    const two = { ...load, peerCount: 2 };
    expect(treeSeconds(two, { copies: 1, depth: 1 })).toBe(leastSeconds(two));
  });

  test("a chain takes k + n - 2 chunk times", () => {
    expect(treeSeconds(load, { copies: 1, depth: 63 })).toBe(256 + 64 - 2);
  });

  test("a tree takes about as many times the least time as a peer has children", () => {
    const ratio = treeSeconds(load, { copies: 4, depth: 3 }) / leastSeconds(load);
    expect(ratio).toBeGreaterThan(3.9);
    expect(ratio).toBeLessThan(4.1);
  });
});
