import { describe, expect, test } from "vitest";
import { type Experiment, runExperiment } from "../../src/simulated/experiment.js";

const base: Experiment = {
  peerCount: 16,
  chunkCount: 200,
  chunkSizeBytes: 64 * 1_024,
  bytesPerSecond: 12_500_000,
  strategy: "tree",
  fanout: 2,
  plan: undefined,
  pull: "rarest-first",
  trouble: "none",
  seed: 5,
};

/** Every look at this clock is a second later. */
function clock(): () => number {
  let seconds = 0;
  return () => {
    seconds += 1;
    return seconds * 1_000;
  };
}

const run = (changes: Partial<Experiment> = {}) => runExperiment({ ...base, ...changes }, clock());

describe("a simulated tree takes what theory says", () => {
  test.each([1, 2, 3, 4])("with fanout %i", (fanout) => {
    const { overTree = Number.NaN } = run({ fanout, chunkCount: 500 });
    expect(Math.abs(overTree - 1)).toBeLessThan(0.03);
  });

  test.each([2, 5, 9, 33, 64])("with %i peers", (peerCount) => {
    const { overTree = Number.NaN } = run({ peerCount, chunkCount: 500 });
    expect(Math.abs(overTree - 1)).toBeLessThan(0.03);
  });

  test("and one receiver takes the least time that is possible, to a hundredth", () => {
    const { overLeast = Number.NaN } = run({ peerCount: 2, chunkCount: 500 });
    expect(overLeast).toBeGreaterThanOrEqual(1);
    expect(overLeast).toBeLessThan(1.01);
  });
});

describe("an experiment", () => {
  test("counts copies, duplicates and messages, and the time that it takes itself", () => {
    const found = run();
    expect(found).toMatchObject({ finishedCount: 15, duplicateShare: 0, cpuSeconds: 1 });
    expect(Math.abs(found.mostCopies - 2)).toBeLessThan(0.05);
    expect(found.datagramsPerPeer).toBeGreaterThan(5);
    expect(found.datagramsPerPeer).toBeLessThan(100);
    // No chunks are among these frames: there are 200 of them for each receiver.
    expect(found.controlFramesPerPeer).toBeGreaterThan(5);
    expect(found.controlFramesPerPeer).toBeLessThan(150);
  });

  test("with a slow peer tells it and the others apart: those below it are as late as it is", () => {
    const { overLeast = 0, slowOverLeast = 0, overTree, finishedCount } = run({ trouble: "slow" });
    expect(finishedCount).toBe(15);
    expect(slowOverLeast).toBeGreaterThan(0.99);
    expect(slowOverLeast).toBeLessThan(1.1);
    // It has two children, and a tenth of the rate.
    expect(overLeast).toBeGreaterThan(19);
    expect(overTree).toBeUndefined();
  });

  test("with a crashed peer counts the survivors only, who all become complete", () => {
    const { overLeast = 0, slowOverLeast, finishedCount } = run({ trouble: "crash" });
    expect(finishedCount).toBe(14);
    expect(overLeast).toBeGreaterThan(1);
    expect(overLeast).toBeLessThan(4);
    expect(slowOverLeast).toBeUndefined();
  });
});

describe("a simulated pipeline", () => {
  const flow = (changes: Partial<Experiment> = {}) => run({ strategy: "pipeline", ...changes });

  test("follows the plan that it was told, or else the planner's choice", () => {
    expect(flow({ plan: "k-ary" }).planKind).toBe("k-ary");
    expect(flow().planKind).toBe("double-tree");
    expect(flow({ chunkCount: 1_000 }).planKind).toBe("chain");
    expect(run().planKind).toBeUndefined();
  });

  test("with its default is next to the least time, and uploads one copy", () => {
    const { overLeast = 9, overTree, mostCopies, duplicateShare } = flow({ chunkCount: 500 });
    expect(overLeast).toBeLessThan(1.03);
    expect(overTree).toBeUndefined();
    expect(mostCopies).toBeLessThan(1.02);
    expect(duplicateShare).toBe(0);
  });

  test.each(["slow", "crash", "crash, loss"] as const)(
    "goes on around one in the middle that is in trouble: %s",
    (trouble) => {
      const { overLeast = 9, finishedCount } = flow({ trouble, chunkCount: 1_000 });
      expect(overLeast).toBeLessThan(1.35);
      expect(finishedCount).toBe(trouble === "slow" ? 15 : 14);
    },
  );
});
