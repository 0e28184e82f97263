/** Random swarms with everything that may go wrong, and what was found in them. */
import { describe, expect, test } from "vitest";
import { faultsOf, roughScenario, type Scenario, simulate } from "../../src/sim/index.js";

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

describe("rough scenarios", () => {
  test.each(["latecomers", "diskFaults", "restarts", "partitions"] as const)(
    "have %s in some swarms and none in most, and are the same for the same seed",
    (name) => {
      const count = seeds.filter((seed) => roughScenario(seed)[name] !== undefined).length;
      expect(count).toBeGreaterThan(30);
      expect(count).toBeLessThan(110);
      expect(roughScenario(7)[name]).toEqual(roughScenario(7)[name]);
    },
  );

  test("start only those anew that crashed before", () => {
    for (const { crashes = [], restarts = [] } of seeds.map(roughScenario))
      for (const { host, atMs } of restarts)
        expect(crashes.find((crash) => crash.host === host)?.atMs).toBeLessThan(atMs);
  });
});

/** As the swarm was drawn when the fault was found. */
function withoutPartitions(seed: number): Scenario {
  return { ...roughScenario(seed), partitions: [] };
}

test.each([51_250, 51_258])(
  "a peer whose neighbours' disks have all failed is not left alone (swarm %i)",
  (seed) => {
    const scenario = { ...withoutPartitions(seed), restarts: [] };
    expect(faultsOf(scenario, simulate(scenario))).toEqual([]);
  },
);

test.each([52_011, 52_012, 52_024, 52_091])(
  "a host that is started anew does not take what its dead process was told for its own (swarm %i)",
  (seed) => {
    const scenario = withoutPartitions(seed);
    expect(scenario.restarts).not.toBeUndefined();
    expect(faultsOf(scenario, simulate(scenario))).toEqual([]);
  },
  20_000,
);

test("a latecomer that the root forgets while a partition keeps its answers comes in after it (swarm 70037)", () => {
  const scenario = roughScenario(70_037);
  expect(faultsOf(scenario, simulate(scenario))).toEqual([]);
});

// Slots were held for a second, and what 47 orphans asked kept the answers from coming in time, for ever.
test("orphans do not keep each other from a place by asking over a narrow link (swarm 700814)", () => {
  const scenario = roughScenario(700_814);
  expect(faultsOf(scenario, simulate(scenario))).toEqual([]);
});

// The others took 30 s to be introduced, and that counted as time in which nothing came.
test.each([930_680, 940_221])(
  "who was cut off just when it was to get a parent has the whole time-out from then on (swarm %i)",
  (seed) => {
    const scenario = roughScenario(seed);
    expect(faultsOf(scenario, simulate(scenario))).toEqual([]);
  },
);

describe.each(["tree", "pipeline"] as const)("in strategy %s", (strategy) => {
  const base = {
    strategy,
    peerCount: 12,
    chunkCount: 400,
    chunkSizeBytes: 1_024,
    links: { uplinkBytesPerSecond: 200_000, downlinkBytesPerSecond: 200_000 },
  } as const;

  test("a disk that refuses a chunk fails its host, with the reason, and nobody else", () => {
    for (const [seed, code] of [[1, "disk-full"] as const, [2, "store-failed"] as const]) {
      const diskFaults = [{ host: 3, afterWrites: 100, code }];
      const result = simulate({ ...base, seed, diskFaults });
      expect(result).toMatchObject({ landedCount: 10, failedDisks: [3], blamed: [] });
      const failed = result.results.filter(({ status }) => status === "failed");
      expect(failed).toMatchObject([{ address: "10.0.0.3:4747", error: { code } }]);
    }
  });

  test("a host that is started anew fetches only what its disk has not, or has torn", () => {
    const crashes = [{ host: 5, atMs: 1_500, how: "kill" }] as const;
    const restarts = [{ host: 5, atMs: 2_500, tornWrites: 3, how: "wait" }] as const;
    const alone = simulate({ ...base, seed: 3, crashes });
    const result = simulate({ ...base, seed: 3, crashes, restarts });
    expect(result).toMatchObject({ landedCount: 11, blamed: [] });
    expect(result.results.every(({ status }) => status === "complete")).toBe(true);
    const [before = 0, after = 0] = [alone, result].map((one) => one.payloadBytesReceived[5]);
    expect(before).toBeGreaterThan(20 * 1_024);
    expect(after).toBeLessThan(1.1 * (alone.payloadBytesReceived[4] ?? 0) - before);
  });

  test.each(["both", "out", "in"] as const)(
    "hosts that are cut off (%s) get everything once that heals, and others do not wait for them",
    (way) => {
      for (const hosts of [[7], [2, 3, 4, 5], [0]]) {
        const cut = { hosts, way, since: "opening", atMs: 300, durationMs: 12_000 } as const;
        const result = simulate({ ...base, seed: 4, partitions: [cut] });
        expect(result).toMatchObject({ landedCount: 11, blamed: [] });
        expect(result.lastFinishedMs).toBeLessThan(30_000);
        if (hosts[0] !== 7) continue;
        const others = result.finishedMs.filter((atMs, host) => atMs !== undefined && host !== 7);
        expect(Math.max(...others.map(Number))).toBeLessThan(12_000);
      }
    },
  );
});
