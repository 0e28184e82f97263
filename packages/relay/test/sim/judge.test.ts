import { expect, test } from "vitest";
import { faultsOf, type Scenario, type SimulationResult, simulate } from "../../src/sim/index.js";

const calm: Scenario = { seed: 1, peerCount: 4 };
const fine = simulate(calm);

/** The swarm as it ended, but with another end for its second receiver. */
function ended(code: string | undefined): SimulationResult {
  const results = fine.results.filter(({ address }) => address !== "10.0.0.2:4747");
  if (code === undefined) return { ...fine, results };
  const error = { code, message: "" };
  const failed = { address: "10.0.0.2:4747", number: 2, bytes: 0, seconds: 60, error };
  return { ...fine, results: [...results, { ...failed, status: "failed" }] };
}

const crash = { host: 2, atMs: 5, how: "kill" } as const;
const disk = { host: 2, afterWrites: 0, code: "disk-full" } as const;

test("a swarm in which everybody is complete has no fault", () => {
  expect(faultsOf(calm, fine)).toEqual([]);
});

test.each<[string, Partial<Scenario>, SimulationResult]>([
  ["who fails without a reason", {}, ended("timed-out")],
  ["who has no result", {}, ended(undefined)],
  ["who crashed and is said to have ended otherwise", { crashes: [crash] }, ended("left")],
  [
    "who was started anew early, and is not complete",
    { crashes: [crash], restarts: [{ host: 2, atMs: 50, tornWrites: 0, how: "wait" }] },
    ended("timed-out"),
  ],
  [
    "whose disk failed and who is said to have ended otherwise",
    { diskFaults: [disk] },
    { ...ended("timed-out"), failedDisks: [2] },
  ],
  [
    "who is said to be complete with a disk that failed",
    { diskFaults: [disk] },
    { ...fine, failedDisks: [2] },
  ],
  [
    "who is complete only long after all has healed",
    {
      partitions: [{ hosts: [2], way: "both", since: "start", atMs: 10, durationMs: 1_000 }],
    },
    { ...fine, lastFinishedMs: 62_000 },
  ],
  [
    "who is added, and said not to answer though it was reached again before",
    {
      latecomers: [{ host: 2, atMs: 50, how: "added" }],
      partitions: [{ hosts: [2], way: "in", since: "start", atMs: 0, durationMs: 50_000 }],
    },
    { ...ended("not-answering"), durationMs: 90_000 },
  ],
  [
    "who is added, cut off only later, and said not to answer",
    {
      latecomers: [{ host: 2, atMs: 50, how: "added" }],
      partitions: [{ hosts: [2], way: "in", since: "start", atMs: 30_000, durationMs: 40_000 }],
    },
    { ...ended("not-answering"), durationMs: 90_000 },
  ],
  [
    "who comes late, in time, and has no result",
    { latecomers: [{ host: 2, atMs: 50, how: "added" }] },
    { ...ended(undefined), durationMs: 60_000 },
  ],
])("%s is a fault", (_who, more, result) => {
  expect(faultsOf({ ...calm, ...more }, result)).toHaveLength(1);
});

test.each<[string, Partial<Scenario>, SimulationResult]>([
  ["who crashed and timed out", { crashes: [crash] }, ended("timed-out")],
  [
    "who comes late behind a partition that heals just before the end, and is not let in any more",
    {
      latecomers: [{ host: 2, atMs: 50, how: "added" }],
      partitions: [{ hosts: [2], way: "both", since: "start", atMs: 0, durationMs: 55_000 }],
    },
    { ...ended(undefined), durationMs: 60_000 },
  ],
  // Seed 300236.
  [
    "who is added, and cut off for longer than the root waits for it",
    {
      latecomers: [{ host: 2, atMs: 50, how: "added" }],
      partitions: [{ hosts: [2], way: "in", since: "start", atMs: 0, durationMs: 61_000 }],
    },
    { ...ended("not-answering"), durationMs: 90_000 },
  ],
  // Seed 401033.
  [
    "who is added, and cut off at once for longer than the root waits for it",
    {
      latecomers: [{ host: 2, atMs: 50, how: "added" }],
      partitions: [{ hosts: [2], way: "out", since: "start", atMs: 250, durationMs: 61_000 }],
    },
    { ...ended("not-answering"), durationMs: 90_000 },
  ],
  [
    "who is added, and cut off until just before the root stops to wait for it",
    {
      latecomers: [{ host: 2, atMs: 50, how: "added" }],
      partitions: [{ hosts: [2], way: "out", since: "start", atMs: 250, durationMs: 59_000 }],
    },
    { ...ended("not-answering"), durationMs: 90_000 },
  ],
  [
    "whose disk failed, and who says so",
    { diskFaults: [disk] },
    { ...ended("disk-full"), failedDisks: [2] },
  ],
  [
    "who knocks when all is nearly over, and has no result",
    { latecomers: [{ host: 2, atMs: fine.durationMs - 5, how: "knock" }] },
    ended(undefined),
  ],
])("%s is no fault", (_who, more, result) => {
  expect(faultsOf({ ...calm, ...more }, result)).toEqual([]);
});
