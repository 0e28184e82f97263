/** Swarms in which the plan does not bring everything, so that peers have to help each other. */
import { describe, expect, test } from "vitest";
import { type Scenario, type SimulationResult, simulate } from "../../src/sim/index.js";

const rate = 1_000_000;
const peerCount = 9;

/** 400 chunks of 16 KiB: each copy keeps its link busy for 6.6 s. */
function flow(planKind: "chain" | "double-tree", more: Partial<Scenario> = {}): Scenario {
  return {
    seed: 3,
    peerCount,
    strategy: "pipeline",
    planKind,
    chunkCount: 400,
    chunkSizeBytes: 16_384,
    areChunksEqual: true,
    network: { leastLatencyMs: 1, mostLatencyMs: 3 },
    links: { uplinkBytesPerSecond: rate, downlinkBytesPerSecond: rate },
    ...more,
  };
}

/** When the last of these had everything; infinite when one of them never had. */
function lastOf(
  { finishedMs }: Pick<SimulationResult, "finishedMs">,
  places: readonly number[],
): number {
  return Math.max(...places.map((place) => finishedMs[place] ?? Number.POSITIVE_INFINITY));
}

function receiversBut(...crashed: readonly number[]): number[] {
  return Array.from({ length: peerCount - 1 }, (_, place) => place + 1).filter(
    (place) => !crashed.includes(place),
  );
}

describe.each(["tree", "pipeline"] as const)("in strategy %s", (strategy) => {
  test.each(["kill", "vanish"] as const)(
    "a peer all of whose neighbours are gone finds a place through the root (%s)",
    (how) => {
      for (const seed of [1, 2, 3]) {
        // In a hypercube of 16, these are all whom peer 15 knows.
        const crashes = [7, 11, 13, 14].map((host) => ({ host, atMs: 60, how }));
        const links = { uplinkBytesPerSecond: rate };
        const result = simulate({
          ...flow("chain"),
          seed,
          peerCount: 16,
          strategy,
          links,
          crashes,
        });
        expect(result.finishedMs[15]).toBeLessThan(60_000);
        expect(result).toMatchObject({ landedCount: 11, blamed: [] });
      }
    },
  );
});

describe.each(["tree", "pipeline"] as const)("in strategy %s", (strategy) => {
  // Without spare neighbours none of these ends whole; in a tree nobody was asked for chunks at all.
  test.each(["kill", "vanish"] as const)(
    "a peer all of whose neighbours and whose root are gone finishes with the help of spare ones (%s)",
    (how) => {
      const slow = 15;
      const gone = [0, 7, 11, 13, 14];
      const links = (host: number) => ({
        uplinkBytesPerSecond: rate,
        downlinkBytesPerSecond: host === slow ? rate / 10 : rate,
      });
      // All others have everything by then, and the slow one not half of it.
      const atMs = strategy === "tree" ? 40_000 : 25_000;
      for (const seed of [1, 2, 3]) {
        const scenario = { ...flow("chain"), seed, peerCount: 16, strategy, links };
        const crashes = gone.map((host) => ({ host, atMs, how }));
        const result = simulate({ ...scenario, crashes });
        const alone = simulate(scenario);
        expect(result.finishedMs[slow]).toBeLessThan(1.25 * (alone.finishedMs[slow] ?? 0));
        expect(result).toMatchObject({ landedCount: 15, blamed: [] });
      }
    },
  );

  test.each(["kill", "vanish"] as const)(
    "all finish without their root once one of them has everything (%s)",
    (how) => {
      for (const seed of [1, 2, 3]) {
        const scenario = { ...flow("chain"), seed, strategy, fanout: 2 };
        const { finishedMs } = simulate(scenario);
        const atMs = Math.min(...finishedMs.filter((at) => at !== undefined)) + 1;
        const result = simulate({ ...scenario, crashes: [{ host: 0, atMs, how }] });
        expect(result).toMatchObject({ landedCount: 8, blamed: [] });
        expect(lastOf(result, receiversBut())).toBeLessThan(
          lastOf({ finishedMs }, receiversBut()) + 10_000,
        );
      }
    },
  );

  // Orphans whose other neighbours hang below them asked these alone for up to eight seconds.
  test("no survivor stands still for long where a relay is killed each second, and comes back later", () => {
    const killed = [1, 2, 3, 4, 5];
    const crashes = killed.map(
      (host) => ({ host, atMs: 300 + 1_000 * host, how: "kill" }) as const,
    );
    const restarts = killed.map(
      (host) => ({ host, atMs: 2_700 + 1_000 * host, tornWrites: 0, how: "wait" }) as const,
    );
    for (const seed of [3, 4, 10, 51, 73, 88]) {
      const result = simulate({
        ...flow("chain"),
        seed,
        strategy,
        fanout: 2,
        areHostsWary: true,
        network: { leastLatencyMs: 0.2, mostLatencyMs: 1 },
        crashes,
        restarts,
      });
      expect(result.landedCount).toBe(8);
      const pauses = receiversBut(...killed).map((place) => result.longestPauseMs[place] ?? 0);
      expect(Math.max(...pauses)).toBeLessThan(4_000);
    }
  });
});

describe("in strategy tree, below a host with an eighth of the others' rate", () => {
  // Its children got an eighth, or a sixteenth each, until the end: up to eight times the time.
  test.each([
    ["either way", { uplinkBytesPerSecond: rate / 8, downlinkBytesPerSecond: rate / 8 }],
    ["to others only", { uplinkBytesPerSecond: rate / 8, downlinkBytesPerSecond: rate }],
  ])("nobody waits for it (%s)", (_, slowLink) => {
    const fast = { uplinkBytesPerSecond: rate, downlinkBytesPerSecond: rate };
    const scenario = { ...flow("chain"), strategy: "tree", fanout: 2 } as const;
    let swarmCount = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const slow = 1 + (seed % 8);
      const links = (host: number) => (host === slow ? slowLink : fast);
      const result = simulate({ ...scenario, seed, links });
      expect(result).toMatchObject({ landedCount: 8, blamed: [] });
      expect(result.demoted.filter((number) => number !== slow)).toEqual([]);
      if (!result.treeParents.includes(slow)) continue;
      swarmCount += 1;
      const undisturbed = simulate({ ...scenario, seed });
      const ratio = lastOf(result, receiversBut(slow)) / lastOf(undisturbed, receiversBut());
      expect(ratio).toBeLessThan(1.5);
    }
    expect(swarmCount).toBeGreaterThan(5);
  });
});

describe("in strategy tree", () => {
  test.each([2, 3, 4])(
    "nobody is told to look for another parent where links are the same (fanout %i)",
    (fanout) => {
      for (const [seed, peers] of [9, 17, 32].entries()) {
        const scenario = { ...flow("chain"), strategy: "tree", seed, peerCount: peers } as const;
        const result = simulate({ ...scenario, fanout });
        expect(result).toMatchObject({ demoted: [], landedCount: peers - 1, duplicateCount: 0 });
      }
    },
  );

  test("nobody is where the tree is a chain: there is no other place", () => {
    const scenario = { ...flow("chain"), strategy: "tree", fanout: 1 } as const;
    const links = (host: number) => ({ uplinkBytesPerSecond: host === 3 ? rate / 8 : rate });
    expect(simulate({ ...scenario, links })).toMatchObject({ demoted: [], landedCount: 8 });
  });
});

describe.each(["chain", "double-tree"] as const)("a %s", (kind) => {
  test("over links that are all the same finds nobody slow, and sends nothing twice", () => {
    for (const seed of [1, 2, 3]) {
      const result = simulate(flow(kind, { seed }));
      expect(result).toMatchObject({ demoted: [], duplicateCount: 0, landedCount: 8 });
      // What is slow to everybody is nobody's fault.
      const links = { uplinkBytesPerSecond: rate / 4, downlinkBytesPerSecond: rate / 4 };
      expect(simulate(flow(kind, { seed, links }))).toMatchObject({ demoted: [], landedCount: 8 });
    }
  });

  test.each(["kill", "vanish"] as const)(
    "finishes without its root once one receiver has everything, though another is gone too (%s)",
    (how) => {
      for (const seed of [1, 2, 3]) {
        const { finishedMs } = simulate(flow(kind, { seed }));
        const first = Math.min(...finishedMs.filter((atMs) => atMs !== undefined));
        const atMs = first + 1;
        const crashes = [0, 4].map((host) => ({ host, atMs, how }));
        const result = simulate(flow(kind, { seed, crashes }));
        expect(lastOf(result, receiversBut(4)) - atMs).toBeLessThan(2_500);
        expect(result.blamed).toEqual([]);
      }
    },
  );

  test("finishes without its root also where one takes much longer than anybody waits", () => {
    const links = (host: number) => ({
      uplinkBytesPerSecond: rate,
      downlinkBytesPerSecond: host === 4 ? rate / 5 : rate,
    });
    const scenario = { links, timeoutMs: 6_000 };
    for (const seed of [1, 2, 3]) {
      const { finishedMs } = simulate(flow(kind, { ...scenario, seed }));
      const atMs = Math.max(...receiversBut(4).map((place) => finishedMs[place] ?? 0)) + 1;
      expect((finishedMs[4] ?? 0) - atMs).toBeGreaterThan(2 * scenario.timeoutMs);
      const crashes = [{ host: 0, atMs, how: "kill" }] as const;
      const result = simulate(flow(kind, { ...scenario, seed, crashes }));
      expect(result).toMatchObject({ landedCount: 8, blamed: [] });
    }
  });

  // Each of its neighbours was silent to it in turn, and was made a leaf: it cost 8.7 s.
  test("loses little more than the pauses of a host that stands still 0.7 s of each second, for 5 s", () => {
    const undisturbed = lastOf(simulate(flow(kind)), receiversBut(2));
    const pauses = [1_300, 2_300, 3_300, 4_300, 5_300];
    const [still, moving] = [rate / 500, rate].map((most) => ({
      uplinkBytesPerSecond: most,
      downlinkBytesPerSecond: most,
    }));
    const events = pauses.flatMap((atMs) => [
      { type: "set-rate", atMs, host: 2, ...still } as const,
      { type: "set-rate", atMs: atMs + 700, host: 2, ...moving } as const,
    ]);
    for (const seed of [1, 2, 3, 4, 5]) {
      const result = simulate(flow(kind, { seed, events }));
      expect(lastOf(result, receiversBut(2)) - undisturbed).toBeLessThan(5_000);
    }
  });

  test("routes around a peer that takes everything and passes hardly anything on", () => {
    const undisturbed = lastOf(simulate(flow(kind)), receiversBut());
    for (const host of [2, 4, 6]) {
      const stalled = { type: "set-rate", atMs: 2_000, host, uplinkBytesPerSecond: 2_000 } as const;
      const result = simulate(flow(kind, { events: [stalled] }));
      expect(result.demoted).toContain(host);
      expect(lastOf(result, receiversBut(host)) - undisturbed).toBeLessThan(3_500);
      expect(result.blamed).toEqual([]);
    }
  });
});
