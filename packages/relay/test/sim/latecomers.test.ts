/** Whole swarms in which some come late, in both strategies, over networks that lose and repeat. */
import type { PlanKind } from "@palmtree/topology";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.js";
import {
  randomScenario,
  type Scenario,
  type SimulationResult,
  simulate,
} from "../../src/sim/index.js";

/** 800 chunks of 128 bytes, of which each copy keeps its uplink busy for 2.3 s. */
const slow = {
  chunkCount: 800,
  chunkSizeBytes: 128,
  network: {
    leastLatencyMs: 1,
    mostLatencyMs: 5,
    sendBufferBytes: 4_096,
    receiveBufferBytes: 4_096,
  },
  links: { uplinkBytesPerSecond: 50_000, downlinkBytesPerSecond: 50_000 },
};

/** Any swarm, up to a third of which comes late, by itself or because it is added. */
function lateScenario(seed: number): Scenario {
  const scenario = randomScenario(seed);
  const random = new Random(seed + 1_000_000);
  const hosts = Array.from({ length: scenario.peerCount - 1 }, (_, place) => place + 1);
  const late = random.sample(hosts, 1 + random.below(Math.ceil(hosts.length / 3)));
  const latecomers = late.map((host) => ({
    host,
    atMs: random.next() ** 2 * 6_000,
    how: random.next() < 0.7 ? ("knock" as const) : ("added" as const),
  }));
  // Long enough for them to come before the end.
  return { ...scenario, chunkCount: 200 + random.below(400), latecomers };
}

/** Nobody fails but who crashed, nobody breaks a rule. @returns how many latecomers are complete */
function expectWhole(scenario: Scenario, result: SimulationResult): number {
  const { seed, crashes = [], latecomers = [] } = scenario;
  const failed = result.results.filter(({ status }) => status === "failed");
  // Where the network corrupts chunks, whoever passes one on is blamed for it.
  const breaches = result.blamed.filter((blame) => !blame.endsWith("does not have its hash"));
  expect(breaches, `seed ${seed}`).toEqual([]);
  expect(failed.length, `seed ${seed}: ${JSON.stringify(failed)}`).toBeLessThanOrEqual(
    crashes.length,
  );
  let count = 0;
  for (const { host, atMs } of latecomers) {
    if (result.finishedMs[host] !== undefined) count += 1;
    else if (!crashes.some((crash) => crash.host === host))
      // Only who comes when all is over, or nearly, has nothing.
      expect(atMs, `seed ${seed}, host ${host}`).toBeGreaterThan(result.durationMs - 4_000);
  }
  return count;
}

describe.each(["tree", "pipeline"] as const)("latecomers in strategy %s", (strategy) => {
  test("get everything, whenever they come and whoever fails meanwhile", {
    timeout: 60_000,
  }, () => {
    let count = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const scenario = { ...lateScenario(seed), strategy };
      count += expectWhole(scenario, simulate(scenario));
    }
    expect(count).toBeGreaterThan(40);
  });

  test("get everything when they are most of the swarm, and come at once", () => {
    for (const seed of [1, 2, 3]) {
      const latecomers = Array.from({ length: 38 }, (_, place) => ({
        host: place + 3,
        atMs: 300,
        how: "knock" as const,
      }));
      // With more loss one of the 38 is now and then not heard in the few seconds that all takes.
      const network = { leastLatencyMs: 1, mostLatencyMs: 5, loss: 0.03 };
      const scenario = { seed, peerCount: 41, chunkCount: 400, strategy, network, latecomers };
      const links = { uplinkBytesPerSecond: 50_000 };
      const result = simulate({ ...scenario, links });
      expect(result).toMatchObject({ landedCount: 40, blamed: [] });
    }
  });

  test("are served by the others when these are complete already, but for one", () => {
    const scenario = { seed: 5, peerCount: 10, strategy, ...slow, chunkCount: 300 };
    const slowHost = {
      type: "set-rate",
      atMs: 100,
      host: 8,
      downlinkBytesPerSecond: 8_000,
    } as const;
    const latecomers = [{ host: 9, atMs: 5_500, how: "knock" as const }];
    const result = simulate({ ...scenario, events: [slowHost], latecomers });
    expect(result).toMatchObject({ landedCount: 9, blamed: [], refusedCount: 0 });
  });

  test("that die are given up, and the others complete", () => {
    for (const how of ["kill", "vanish"] as const) {
      const latecomers = [9, 10, 11].map((host) => ({ host, atMs: 800, how: "knock" as const }));
      const crashes = [{ host: 9, atMs: 2_000, how }];
      const scenario = { seed: 3, peerCount: 12, strategy, timeoutMs: 15_000, ...slow };
      const result = simulate({ ...scenario, latecomers, crashes });
      expect(result).toMatchObject({ landedCount: 10, blamed: [] });
      const failed = result.results.filter(({ status }) => status === "failed");
      expect(failed).toMatchObject([{ error: { code: "timed-out" } }]);
    }
  });
});

describe.each<[PlanKind, number]>([
  // In a chain the last one has its uplink to spare; in the others nobody has, until the end.
  ["chain", 1.6],
  ["double-tree", 2.2],
  ["binomial", 2.6],
])("in a %s", (planKind, mostCopies) => {
  test(`those from the start take no longer for the latecomers, who take at most ${mostCopies} times as long as one copy`, () => {
    const scenario = { seed: 2, peerCount: 9, strategy: "pipeline", planKind, ...slow } as const;
    const alone = simulate(scenario);
    const latecomers = [9, 10].map((host) => ({ host, atMs: 1_200, how: "knock" as const }));
    const shared = simulate({ ...scenario, peerCount: 11, latecomers });
    const last = (result: SimulationResult, hosts: readonly number[]): number =>
      Math.max(...hosts.map((host) => result.finishedMs[host] ?? Number.NaN));
    const present = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(last(shared, present) / last(alone, present)).toBeLessThan(1.05);
    expect(last(shared, [9, 10]) - 1_200).toBeLessThan(mostCopies * 2_300);
    expect(shared.blamed).toEqual([]);
  });
});
