import { describe, expect, test } from "vitest";
import { type Scenario, simulate } from "../../src/sim/index.js";

const rate = { uplinkBytesPerSecond: 1_000_000, downlinkBytesPerSecond: 1_000_000 };

/** 4 MB in chunks of 10 kB over links of 1 MB/s: 4 s for each copy that a host sends. */
const base: Scenario = {
  seed: 3,
  peerCount: 2,
  chunkCount: 400,
  chunkSizeBytes: 10_000,
  areChunksEqual: true,
  links: rate,
};
const totalBytes = 4_000_000;

describe("with links that have a rate", () => {
  test("one receiver takes bytes divided by the rate, within a hundredth", () => {
    const { lastFinishedMs = 0, formedAtMs = 0 } = simulate(base);
    expect(Math.abs(lastFinishedMs - formedAtMs - 4_000)).toBeLessThan(40);
  });

  test("the host with most children sets the time: it uploads a copy for each of them", () => {
    const {
      lastFinishedMs = 0,
      formedAtMs = 0,
      linkBytesSent,
    } = simulate({
      ...base,
      peerCount: 4,
    });
    const copies = Math.max(...linkBytesSent.map((bytes) => bytes / totalBytes));
    expect(copies).toBeGreaterThan(2);
    expect(copies).toBeLessThan(2.02);
    expect(Math.abs(lastFinishedMs - formedAtMs - 2 * 4_000)).toBeLessThan(2 * 40);
  });

  test("each host is told apart: when it finished, what came, and what it sent and received", () => {
    const { finishedMs, payloadBytesReceived, duplicateBytes, linkBytesSent, linkBytesReceived } =
      simulate({ ...base, peerCount: 4, fanout: 1, chunkCount: 50 });
    expect(finishedMs[0]).toBeUndefined();
    expect(finishedMs.slice(1).every((atMs) => (atMs ?? 0) > 500)).toBe(true);
    expect(payloadBytesReceived).toEqual([0, 500_000, 500_000, 500_000]);
    expect(duplicateBytes).toEqual([0, 0, 0, 0]);
    // A chain: the root and two others send one copy, the last none.
    const copies = linkBytesSent.map((bytes) => Math.round(bytes / 500_000)).sort((a, b) => a - b);
    expect(copies).toEqual([0, 1, 1, 1]);
    expect(linkBytesReceived.map((bytes) => Math.round(bytes / 500_000))).toEqual([0, 1, 1, 1]);
  });

  test("links can be given host by host", () => {
    const { finishedMs } = simulate({
      ...base,
      peerCount: 4,
      links: (host) => (host === 2 ? { downlinkBytesPerSecond: 250_000 } : {}),
    });
    expect(finishedMs[1]).toBeLessThan(1_000);
    expect(finishedMs[2]).toBeGreaterThan(16_000);
    expect(finishedMs[3]).toBeLessThan(1_000);
  });

  test("chunks that are spoilt on the way and come again are no duplicates, but bytes received", () => {
    const result = simulate({ ...base, peerCount: 6, network: { corruption: 0.002 }, seed: 11 });
    expect(result.blamed.length).toBeGreaterThan(0);
    expect(result.landedCount).toBe(5);
    const more = result.payloadBytesReceived.map((bytes) => bytes - totalBytes);
    expect(Math.max(...more)).toBeGreaterThan(0);
  });
});

describe("what happens to a host", () => {
  test("it becomes slow: it alone is late, where it passes nothing on", () => {
    const slow = {
      type: "set-rate",
      atMs: 3_000,
      host: 3,
      downlinkBytesPerSecond: 100_000,
    } as const;
    const scenario = { ...base, peerCount: 4, timeoutMs: 100_000 };
    const undisturbed = simulate(scenario);
    const { finishedMs } = simulate({ ...scenario, events: [slow] });
    expect(finishedMs[3]).toBeGreaterThan(20_000);
    // What the slow one does not take is free for its siblings.
    for (const host of [1, 2])
      expect(finishedMs[host]).toBeLessThan(undisturbed.lastFinishedMs ?? 0);
  });

  test("it is cut off silently: the others end complete, it is given up after the time-out", () => {
    const result = simulate({
      ...base,
      peerCount: 4,
      timeoutMs: 20_000,
      events: [{ type: "cut", atMs: 3_000, host: 3 }],
    });
    expect(result.finishedMs.map((atMs) => atMs !== undefined)).toEqual([false, true, true, false]);
    expect(result.results.map(({ status }) => status).sort()).toEqual([
      "complete",
      "complete",
      "failed",
    ]);
    expect(result.durationMs).toBeGreaterThan(20_000);
  });

  test("it is cut off for a while and reachable again: all become complete", () => {
    const result = simulate({
      ...base,
      peerCount: 4,
      events: [
        { type: "cut", atMs: 3_000, host: 2 },
        { type: "set-rate", atMs: 5_000, host: 2, ...rate },
      ],
    });
    expect(result.landedCount).toBe(3);
  });

  test("it crashes, as an event or in the list of crashes: the same", () => {
    const crash = { atMs: 3_000, host: 2, how: "kill" } as const;
    const asEvent = simulate({ ...base, peerCount: 4, events: [{ type: "crash", ...crash }] });
    expect(asEvent).toEqual(simulate({ ...base, peerCount: 4, crashes: [crash] }));
    expect(asEvent.landedCount).toBe(2);
  });

  test("the same scenario gives the same result, to the last byte", () => {
    const scenario: Scenario = {
      ...base,
      peerCount: 20,
      fanout: 2,
      chunkCount: 100,
      network: { loss: 0.05, duplication: 0.05, mostLatencyMs: 20, corruption: 0.001 },
      links: (host) => ({ ...rate, uplinkBytesPerSecond: 100_000 * (1 + host) }),
      events: [
        { type: "set-rate", atMs: 1_500, host: 4, uplinkBytesPerSecond: 50_000 },
        { type: "cut", atMs: 2_000, host: 6 },
        { type: "set-rate", atMs: 4_000, host: 6, ...rate },
        { type: "crash", atMs: 2_500, host: 9, how: "vanish" },
      ],
    };
    expect(simulate(scenario)).toEqual(simulate(scenario));
  });
});
