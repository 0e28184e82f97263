import { afterEach, describe, expect, test, vi } from "vitest";
import { Member } from "../../src/core/member.js";
import { Intake } from "../../src/core/transfer/intake.js";
import { ChildSlots } from "../../src/core/tree/child-slots.js";
import { Tree } from "../../src/core/tree/tree.js";
import { BrokenPromise, randomScenario, type Scenario, simulate } from "../../src/sim/index.js";

afterEach(() => {
  vi.restoreAllMocks();
});

/** The broken promise that a simulation sees, of the first scenario that shows it. */
function brokenIn(scenarios: readonly Scenario[]): string {
  for (const scenario of scenarios) {
    try {
      simulate(scenario);
    } catch (error) {
      if (!(error instanceof BrokenPromise)) throw error;
      return error.message;
    }
  }
  return "none";
}

const seeds = (count: number): number[] => Array.from({ length: count }, (_, place) => place + 1);

describe("a simulation", () => {
  test("of the same scenario gives the same result twice, to the last message", () => {
    for (const seed of [3, 8, 21]) {
      const first = simulate(randomScenario(seed));
      const second = simulate(randomScenario(seed));
      expect(second).toEqual(first);
      expect(first.events).toBeGreaterThan(100);
    }
  });

  test("of another seed goes another way", () => {
    const scenario = { peerCount: 20, chunkCount: 30, network: { loss: 0.1 } };
    const one = simulate({ ...scenario, seed: 1 });
    const other = simulate({ ...scenario, seed: 3 });
    expect(other.events).not.toBe(one.events);
    expect(other.durationMs).not.toBe(one.durationMs);
    expect(other.landedCount).toBe(one.landedCount);
  });

  test("over a calm network ends with everybody complete, each chunk sent once, and nobody blamed", () => {
    const result = simulate({ seed: 4, peerCount: 30, chunkCount: 100 });
    expect(result).toMatchObject({ treeSize: 30, landedCount: 29, duplicateCount: 0, blamed: [] });
    expect(result.results).toHaveLength(29);
    expect(result.results.every(({ status }) => status === "complete")).toBe(true);
    // 29 × 100 chunks and what goes with them.
    expect(result.frames).toBeGreaterThan(2_900);
    expect(result.frames).toBeLessThan(4_500);
  });

  test("of the tree alone stops when it spans, before anything is sent", () => {
    const result = simulate({ seed: 4, peerCount: 30, isFormationOnly: true });
    expect(result).toMatchObject({ treeSize: 30, landedCount: 0, results: [] });
    expect(result.formedAtMs).toBe(result.durationMs);
    expect(result.treeDepth).toBeGreaterThanOrEqual(3);
    // Nobody hangs on more than four, and all on somebody; the last learns of it after the root.
    const children = new Map<number, number>();
    for (const parent of result.treeParents)
      if (parent !== undefined) children.set(parent, (children.get(parent) ?? 0) + 1);
    expect(Math.max(...children.values())).toBe(4);
    expect(result.treeParents.filter((parent) => parent === undefined).length).toBeLessThan(3);
  });

  test("in which the root dies ends when every receiver has given up", () => {
    const result = simulate({
      seed: 4,
      peerCount: 5,
      chunkCount: 10_000,
      timeoutMs: 8_000,
      links: { uplinkBytesPerSecond: 50_000 },
      crashes: [{ host: 0, atMs: 500, how: "kill" }],
    });
    expect(result.durationMs).toBeGreaterThan(8_000);
    // They had to get from each other first what the root had given one of them.
    expect(result.durationMs).toBeLessThan(16_000);
    expect(result.landedCount).toBe(0);
    expect(result.results).toEqual([]);
  });

  test("tells how a killed receiver and a vanished one ended: the others are complete", () => {
    const result = simulate({
      seed: 6,
      peerCount: 12,
      chunkCount: 200,
      timeoutMs: 8_000,
      links: { uplinkBytesPerSecond: 20_000 },
      crashes: [
        { host: 2, atMs: 100, how: "kill" },
        { host: 5, atMs: 150, how: "vanish" },
      ],
    });
    const failed = result.results.filter(({ status }) => status === "failed");
    expect(failed.map(({ address }) => address).sort()).toEqual(["10.0.0.2:4747", "10.0.0.5:4747"]);
    expect(new Set(failed.map(({ error }) => error?.code))).toEqual(new Set(["timed-out"]));
    expect(result.landedCount).toBe(9);
  });

  test("shows where back-pressure and slow disks take the time, and loses nothing by them", () => {
    const scenario = { seed: 9, peerCount: 6, chunkCount: 150, chunkSizeBytes: 64 };
    const peerOptions = { unstoredChunks: 4, ringChunks: 64 };
    const quick = simulate({ ...scenario, mostDiskMs: 0 });
    const slow = simulate({ ...scenario, peerOptions, mostDiskMs: 50 });
    expect(slow.durationMs).toBeGreaterThan(quick.durationMs + 200);
    expect(slow).toMatchObject({ landedCount: 5, duplicateCount: 0 });
  });
});

describe("a simulation notices", () => {
  test("a host that stores and relays a chunk without verifying it", () => {
    const honest = Intake.prototype.onVerified;
    vi.spyOn(Intake.prototype, "onVerified").mockImplementation(function (
      this: Intake,
      index,
      payload,
    ) {
      return honest.call(this, index, payload, true);
    });
    const scenarios = seeds(5).map((seed) => ({
      seed,
      peerCount: 10,
      network: { corruption: 0.05 },
    }));
    expect(brokenIn(scenarios)).toMatch(
      /^seed \d+, at [\d.]+ ms: host \d+ lets a wrong chunk \d+ pass \(store-chunk\)$/,
    );
  });

  test("a host that relays a chunk which its disk has spoilt", () => {
    const honest = Member.prototype.handle;
    vi.spyOn(Member.prototype, "handle").mockImplementation(function (this: Member, event, now) {
      const isLoaded = event.type === "chunk-loaded";
      return honest.call(
        this,
        isLoaded ? { ...event, payload: event.payload.map((b) => b ^ 1) } : event,
        now,
      );
    });
    const peerOptions = { ringChunks: 1 };
    expect(brokenIn([{ seed: 1, peerCount: 10, chunkCount: 100, peerOptions }])).toMatch(
      /lets a wrong chunk \d+ pass \(chunk\)$/,
    );
  });

  test("a host that lands before it has every chunk", () => {
    const honest = Member.prototype.handle;
    vi.spyOn(Member.prototype, "handle").mockImplementation(function (this: Member, event, now) {
      const effects = honest.call(this, event, now);
      if (event.type !== "chunk-verified") return effects;
      return [...effects, { type: "land", pages: [], sessionHash: new Uint8Array(32) }];
    });
    expect(brokenIn([{ seed: 1, peerCount: 3, chunkCount: 10 }])).toMatch(
      /host \d lands without chunk \d+$/,
    );
  });

  test("a host that takes more children than the fanout", () => {
    vi.spyOn(ChildSlots.prototype, "free", "get").mockReturnValue(3);
    expect(brokenIn([{ seed: 1, peerCount: 20, fanout: 2 }])).toMatch(/host \d+ has 3 children$/);
  });

  test("a circle of hosts, each of which hangs below the other", () => {
    const honest = Tree.prototype.onTreeCheck;
    vi.spyOn(Tree.prototype, "onTreeCheck").mockImplementation(function (
      this: Tree,
      from,
      pulse,
      depth,
    ) {
      // Everybody's pulse passes for news.
      return honest.call(this, from, Math.max(pulse, this.pulse + 1), depth);
    });
    const orphan = Tree.prototype.onOrphan;
    vi.spyOn(Tree.prototype, "onOrphan").mockImplementation(function (this: Tree, from) {
      return orphan.call(this, from, 0);
    });
    const scenarios = seeds(100).map((seed) => ({
      seed,
      peerCount: 24,
      fanout: 2,
      chunkCount: 60,
      links: { uplinkBytesPerSecond: 5_000 },
      crashes: [1, 2].map((host) => ({ host, atMs: 300 * host, how: "kill" as const })),
    }));
    expect(brokenIn(scenarios)).toMatch(/host \d+ hangs below itself$/);
  });

  test("a host that wants something after its end", () => {
    const honest = Member.prototype.handle;
    vi.spyOn(Member.prototype, "handle").mockImplementation(function (this: Member, event, now) {
      const effects = honest.call(this, event, now);
      if (!effects.some(({ type }) => type === "end")) return effects;
      return [...effects, { type: "store-chunk", index: 0, payload: new Uint8Array(0) }];
    });
    expect(brokenIn([{ seed: 1, peerCount: 3 }])).toMatch(
      /host \d wants store-chunk after its end$/,
    );
  });

  test("a session that does not end", () => {
    vi.spyOn(Intake.prototype, "onSeal").mockReturnValue(undefined);
    const scenario = { seed: 1, peerCount: 3, timeoutMs: 1e9, mostMs: 60_000 };
    expect(brokenIn([scenario])).toMatch(/the session has not ended after 60000 ms$/);
  });

  test("a timer that is due for ever", () => {
    vi.spyOn(Tree.prototype, "deadline").mockReturnValue(1);
    expect(brokenIn([{ seed: 1, peerCount: 3 }])).toMatch(
      /time stands still: a timer is due for ever$/,
    );
  });
});

describe("randomScenario", () => {
  const scenarios = seeds(2_000).map(randomScenario);

  test("draws the same scenario from the same seed, and another from another", () => {
    expect(randomScenario(7)).toEqual(randomScenario(7));
    expect(randomScenario(7)).not.toEqual({ ...randomScenario(8), seed: 7 });
  });

  test("draws sizes and fanouts over their whole range", () => {
    const sizes = new Set(scenarios.map(({ peerCount }) => peerCount));
    expect([Math.min(...sizes), Math.max(...sizes), sizes.size]).toEqual([2, 64, 63]);
    expect(new Set(scenarios.map(({ fanout }) => fanout))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    const chains = scenarios.filter(({ fanout }) => fanout === 1);
    expect(chains.every(({ peerCount, network }) => peerCount <= 8 && network?.loss === 0)).toBe(
      true,
    );
    expect(scenarios.some(({ chunkCount }) => chunkCount === 0)).toBe(true);
  });

  test("leaves whole classes of faults out at random, so that each is also met alone", () => {
    for (const fault of ["loss", "duplication", "reordering", "corruption"] as const) {
      const values = scenarios.map(({ network }) => network?.[fault] ?? 0);
      expect(values.some((value) => value === 0)).toBe(true);
      expect(values.some((value) => value > 0)).toBe(true);
      expect(Math.max(...values)).toBeLessThanOrEqual(0.15);
    }
    const alone = scenarios.filter(
      ({ network, crashes }) =>
        crashes?.length === 0 &&
        [network?.duplication, network?.reordering, network?.corruption].every((p) => p === 0) &&
        network?.loss !== 0,
    );
    expect(alone.length).toBeGreaterThan(50);
  });

  test("lets at most a quarter of the receivers die, each once, and never the root", () => {
    for (const { crashes = [], peerCount } of scenarios) {
      const hosts = crashes.map(({ host }) => host);
      expect(hosts.length).toBeLessThanOrEqual((peerCount - 1) / 4);
      expect(new Set(hosts).size).toBe(hosts.length);
      expect(hosts.every((host) => host > 0 && host < peerCount)).toBe(true);
    }
    const hows = scenarios.flatMap(({ crashes = [] }) => crashes.map(({ how }) => how));
    expect(new Set(hows)).toEqual(new Set(["kill", "vanish"]));
  });
});
