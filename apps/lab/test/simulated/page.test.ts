import { describe, expect, test } from "vitest";
import type { Measurement } from "../../src/simulated/experiment.js";
import { renderMeasurements, renderPage } from "../../src/simulated/page.js";

const measurement: Measurement = {
  experiment: {
    strategy: "tree",
    fanout: 4,
    plan: undefined,
    pull: "rarest-first",
    peerCount: 64,
    chunkCount: 1_000,
    chunkSizeBytes: 65_536,
    bytesPerSecond: 12_500_000,
    trouble: "none",
    seed: 1,
  },
  planKind: undefined,
  seconds: 21,
  overLeast: 4.0001,
  overTree: 0.9996,
  slowOverLeast: undefined,
  finishedCount: 63,
  mostCopies: 4.004,
  duplicateShare: 0.0123,
  datagramsPerPeer: 101.2,
  controlFramesPerPeer: 150,
  events: 400_000,
  cpuSeconds: 2.34,
};

describe("the table of simulations", () => {
  test("has a line for each experiment", () => {
    const [, , line] = renderMeasurements([measurement]).split("\n");
    expect(line?.split(/ {2,}/)).toEqual([
      "tree, fanout 4",
      "64",
      "1000",
      "4.000",
      "1.000",
      "63/63",
      "4.00",
      "1.23 %",
      "101",
      "150",
      "2.3",
    ]);
  });

  test("names the plan, and whether it was chosen or asked for, and what is pulled", () => {
    const { experiment } = measurement;
    const flow = { ...experiment, strategy: "pipeline" } as const;
    const lines = [
      { ...measurement, planKind: "chain", experiment: flow } as const,
      { ...measurement, planKind: "chain", experiment: { ...flow, plan: "chain" } } as const,
    ].map((one) => renderMeasurements([one]).split("\n")[2]?.split(/ {2,}/).slice(0, 3));
    expect(lines).toEqual([
      ["default plan: chain", "rarest-first", "64"],
      ["chain", "rarest-first", "64"],
    ]);
  });

  test("says never where nobody finished", () => {
    const lost = { ...measurement, seconds: undefined, overLeast: undefined, overTree: undefined };
    expect(renderMeasurements([lost])).toContain("never");
  });

  test("becomes a page that says how to repeat it", () => {
    const page = renderPage({
      version: 2,
      date: "2026-01-02",
      node: "v20",
      command: "npm run bench:sim -- --peers 64",
      measurements: [measurement],
    });
    expect(page).toContain("| tree, fanout 4 |  | 64 | 1000 |  | 4.000 |");
    expect(page).toContain("```sh\nnpm run bench:sim -- --peers 64\n```");
  });
});
