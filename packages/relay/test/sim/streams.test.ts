/** Sessions that send a stream: nobody is told how long it is before it has ended. */
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.js";
import { faultsOf } from "../../src/sim/judge.js";
import { randomScenario } from "../../src/sim/random-scenario.js";
import type { Scenario } from "../../src/sim/scenario.js";
import { simulate } from "../../src/sim/simulation.js";

const noPause: ReadonlyMap<number, number> = new Map();

/** Pauses of a source, some of them longer than the session's time-out. */
function drawPauses(random: Random, chunkCount: number, mostMs: number): Map<number, number> {
  const pauses = new Map<number, number>();
  for (let count = random.below(6); count > 0; count -= 1)
    pauses.set(random.below(chunkCount + 1), random.next() * mostMs);
  return pauses;
}

test.each([23_752, 23_819])(
  "nobody is given up between the seal and the rest, after a pause as long as the time-out (swarm %i)",
  (seed) => {
    const scenario = randomScenario(seed);
    expect(scenario.stream?.size).toBeGreaterThan(0);
    expect(faultsOf(scenario, simulate(scenario))).toEqual([]);
  },
);

test("nobody is given up in a pause because old news hid that it has all there is (swarm 23149)", () => {
  const scenario = randomScenario(23_149);
  expect(scenario.stream?.size).toBeGreaterThan(0);
  expect(faultsOf(scenario, simulate(scenario))).toEqual([]);
});

describe.each(["tree", "pipeline"] as const)("a stream, by strategy %s", (strategy) => {
  const base = { strategy, peerCount: 9, chunkSizeBytes: 4_096 } as const;

  test.each([
    ["no byte", 0],
    ["one chunk", 1],
    ["one page", 32],
    ["one page and a chunk", 33],
    ["many pages", 300],
    ["many pages, to the chunk", 320],
  ])("of %s reaches everybody whole", (_name, chunkCount) => {
    const result = simulate({ ...base, seed: 1, chunkCount, stream: noPause });
    expect(result.landedCount).toBe(8);
    expect(result.results.every(({ status }) => status === "complete")).toBe(true);
    expect(result.blamed).toEqual([]);
  });

  test("whose source pauses for longer than the time-out fails nobody", () => {
    const stream = new Map([
      [0, 50_000],
      [100, 45_000],
      [200, 100_000],
      [300, 70_000],
    ]);
    const scenario = { ...base, seed: 2, chunkCount: 300, timeoutMs: 20_000, stream };
    const result = simulate(scenario);
    expect(result.landedCount).toBe(8);
    expect(result.durationMs).toBeGreaterThan(265_000);
    expect(result.blamed).toEqual([]);
  });

  test("whose source ends after a pause of nearly the time-out fails nobody", () => {
    for (const chunkCount of [297, 320])
      for (const pauseMs of [18_000, 19_800, 19_990, 20_010, 20_200, 39_900, 59_900]) {
        const stream = new Map([[chunkCount, pauseMs]]);
        const result = simulate({ ...base, seed: 2, chunkCount, timeoutMs: 20_000, stream });
        expect([pauseMs, result.landedCount]).toEqual([pauseMs, 8]);
        expect(result.results.every(({ status }) => status === "complete")).toBe(true);
      }
  });

  test("whose source pauses still gives up who falls silent, once there is something to miss", () => {
    const result = simulate({
      ...base,
      seed: 3,
      chunkCount: 200,
      timeoutMs: 20_000,
      stream: new Map([[100, 60_000]]),
      crashes: [{ host: 3, atMs: 30_000, how: "vanish" }],
    });
    expect(result.landedCount).toBe(7);
    const failed = result.results.filter(({ status }) => status === "failed");
    expect(failed.map(({ error }) => error?.code)).toEqual(["timed-out"]);
  });

  test("leaves nobody waiting when the root dies in the middle, and nobody takes it for whole", () => {
    for (const how of ["kill", "vanish"] as const) {
      const result = simulate({
        ...base,
        seed: 4,
        chunkCount: 300,
        timeoutMs: 20_000,
        stream: new Map([[200, 60_000]]),
        crashes: [{ host: 0, atMs: 10_000, how }],
      });
      expect(result.landedCount).toBe(0);
    }
  });

  test.each(Array.from({ length: 24 }, (_, seed) => seed))(
    "through losses, crashes and pauses reaches whoever lives, seed %i",
    (seed) => {
      const random = new Random(seed + 1_000);
      const drawn = randomScenario(seed);
      const { chunkCount = 0, crashes = [] } = drawn;
      const scenario: Scenario = {
        ...drawn,
        strategy,
        stream: drawPauses(random, chunkCount, 20_000),
        mostMs: 1_200_000,
      };
      const { landedCount, results } = simulate(scenario);
      const crashed = new Set(crashes.map(({ host }) => host)).size;
      expect(landedCount).toBeGreaterThanOrEqual(drawn.peerCount - 1 - crashed);
      expect(results).toHaveLength(drawn.peerCount - 1);
    },
    20_000,
  );
});
