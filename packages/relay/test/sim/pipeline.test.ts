/** Whole swarms in which chunks travel by plans. */
import type { PlanKind } from "@palmtree/topology";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.js";
import {
  randomScenario,
  type Scenario,
  type SimulationResult,
  simulate,
} from "../../src/sim/index.js";

const kinds = ["chain", "double-tree", "k-ary"] as const;
const fast = { leastLatencyMs: 1, mostLatencyMs: 5 };
/** 800 chunks of 128 bytes, of which each copy keeps its uplink busy for 2.3 s. */
const slow = {
  chunkCount: 800,
  chunkSizeBytes: 128,
  network: { ...fast, sendBufferBytes: 4_096, receiveBufferBytes: 4_096 },
  links: { uplinkBytesPerSecond: 50_000, downlinkBytesPerSecond: 50_000 },
};

function flow(planKind: PlanKind, peerCount: number, more: Partial<Scenario> = {}): Scenario {
  return {
    seed: peerCount,
    peerCount,
    strategy: "pipeline",
    planKind,
    chunkCount: 150,
    chunkSizeBytes: 128,
    network: fast,
    links: { uplinkBytesPerSecond: 1_000_000 },
    ...more,
  };
}

/** Seconds from the session's start until the last of those that are complete was. */
function lastSeconds({ results }: SimulationResult): number {
  const complete = results.filter(({ status }) => status === "complete");
  return Math.max(...complete.map(({ seconds }) => seconds));
}

describe.each(kinds)("a %s", (kind) => {
  test.each([2, 3, 4, 5, 8, 9, 17, 33])(
    "of %d peers brings every chunk to everybody, once, and blames nobody",
    (peerCount) => {
      const result = simulate(flow(kind, peerCount));
      expect(result).toMatchObject({
        landedCount: peerCount - 1,
        duplicateCount: 0,
        blamed: [],
        treeSize: peerCount,
      });
    },
  );

  test.each([5, 12, 24])(
    "of %d peers does so over a network that loses and repeats",
    (peerCount) => {
      const network = { ...fast, loss: 0.1, duplication: 0.05, reordering: 0.05 };
      for (const seed of [1, 2, 3]) {
        const result = simulate(flow(kind, peerCount, { seed, network }));
        expect(result).toMatchObject({ landedCount: peerCount - 1, blamed: [] });
        expect(result.results.every(({ status }) => status === "complete")).toBe(true);
      }
    },
  );

  test.each(["kill", "vanish"] as const)(
    "goes on around a peer that ends in the middle (%s): all others are complete, soon",
    (how) => {
      const undisturbed = lastSeconds(simulate(flow(kind, 13, slow)));
      for (const host of [1, 2, 7, 12]) {
        const crashes = [{ host, atMs: 600, how }];
        const result = simulate(flow(kind, 13, { ...slow, crashes }));
        expect(result).toMatchObject({ landedCount: 11, blamed: [] });
        const failed = result.results.filter(({ status }) => status === "failed");
        expect(failed).toMatchObject([{ number: host, error: { code: "timed-out" } }]);
        // Noticed after 0.7 s, and told once more where the first word was too early to be heeded.
        expect(lastSeconds(result)).toBeLessThan(undisturbed + 6);
      }
    },
  );

  test("goes on around several that end, one after the other", () => {
    const crashes = [3, 4, 9].map((host, place) => ({
      host,
      atMs: 400 + 500 * place,
      how: place === 1 ? ("vanish" as const) : ("kill" as const),
    }));
    const result = simulate(flow(kind, 16, { ...slow, crashes }));
    expect(result).toMatchObject({ landedCount: 12, blamed: [] });
  });
});

test("a chain of 24 takes hardly longer than a chain of 2, and a tree of 4 children 4 times as long", () => {
  const [one, many] = [2, 24].map((peerCount) =>
    lastSeconds(simulate(flow("chain", peerCount, slow))),
  );
  const tree = lastSeconds(simulate(flow("k-ary", 24, slow)));
  expect((many as number) / (one as number)).toBeLessThan(1.6);
  expect(tree / (one as number)).toBeGreaterThan(3);
});

test("the seal is sent once over each link, although tree and feeds together have circles", () => {
  const frames = (chunkCount: number): number => simulate(flow("chain", 16, { chunkCount })).frames;
  // Without chunks: manifest, seal and their like, over 15 links of the tree and 15 feeds.
  expect(frames(0)).toBeLessThan(15 * 20);
});

describe("in random swarms by random plans", () => {
  const batches = Array.from({ length: 5 }, (_, place) => 1_000 + 8 * place);

  /** The swarm of the seed, by a plan that is drawn too. */
  function planned(seed: number): Scenario {
    const planKind = kinds[new Random(seed ^ 0x9e37).below(kinds.length)] as PlanKind;
    return { ...randomScenario(seed), strategy: "pipeline", planKind };
  }

  test.each(batches)(
    "every surviving peer becomes complete, seeds from %d",
    { timeout: 120_000 },
    (first) => {
      for (let seed = first; seed < first + 8; seed += 1) {
        const scenario = planned(seed);
        const { crashes = [] } = scenario;
        const crashed = new Set(crashes.map(({ host }) => `10.0.0.${host}:4747`));
        const result = simulate(scenario);
        const failed = result.results.filter(({ status }) => status === "failed");
        const lost = failed.filter(({ address }) => !crashed.has(address));
        expect({ seed, lost }).toEqual({ seed, lost: [] });
        if (scenario.network?.corruption === 0)
          expect({ seed, blamed: result.blamed }).toEqual({ seed, blamed: [] });
      }
    },
  );
});
