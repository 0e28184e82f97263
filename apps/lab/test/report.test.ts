import { describe, expect, test } from "vitest";
import type { Setting } from "../src/report/conditions.js";
import { renderPage, renderReport } from "../src/report/render.js";
import { hasFailures, makeReport, type Outcome } from "../src/report/report.js";
import type { Scenario } from "../src/scenario.js";

const scenario: Scenario = {
  name: "some",
  about: "1 MiB to 1 receiver",
  source: { type: "file", sizeBytes: 1, isSparse: false },
  receiverCount: 1,
  sendArguments: [],
  baselines: [],
  promises: [
    { metric: "slowest-receiver-rate", comparison: "at-least", limit: 300, judged: "median" },
    { metric: "sender-memory", comparison: "below", limit: 200, judged: "every-run" },
  ],
  timeoutMs: 1_000,
  isDefault: true,
};
const setting: Setting = {
  machine: { platform: "linux x64", cores: 2 },
  conditions: {
    date: "2026-01-31",
    commit: "0123456789+",
    node: "v20.20.0",
    loadBefore: 0.25,
    storage: "memory",
    runCount: 3,
    command: "npm run bench -- some --runs 3",
  },
};

function outcome(rates: readonly number[], part: Partial<Outcome> = {}): Outcome {
  const runs = rates.map((rate) => ({
    "slowest-receiver-rate": rate,
    "sender-memory": rate / 3,
    "command-time": 3.5,
  }));
  return { scenario, runs, failure: undefined, skipped: undefined, ...part };
}

describe("a report", () => {
  test("has a row for each metric that was measured, with its promise", () => {
    const { sections, isHeld } = makeReport(setting, [outcome([310, 300, 500])]);
    expect(sections[0]?.rows).toMatchObject([
      { metric: "slowest-receiver-rate", median: 310, min: 300, max: 500, held: true },
      { metric: "command-time", median: 3.5, unit: "s" },
      { metric: "sender-memory", promise: "< 200 MiB", held: true },
    ]);
    expect(sections[0]?.rows[1]).not.toHaveProperty("held");
    expect(isHeld).toBe(true);
  });

  test("is not held when one promise is broken", () => {
    expect(makeReport(setting, [outcome([310]), outcome([299])]).isHeld).toBe(false);
  });

  test("is not held when a run failed, though the others were good", () => {
    const failed = outcome([310], { failure: "receiver-1 exited with 1" });
    const report = makeReport(setting, [failed]);
    expect(report.isHeld).toBe(false);
    expect(renderReport(report)).toContain("some failed: receiver-1 exited with 1");
  });

  test("says what was skipped and why, and does not hold it against anybody", () => {
    const skipped = outcome([], { skipped: "it needs 5 GiB and 1 GiB are free" });
    const report = makeReport(setting, [outcome([310]), skipped]);
    expect(report.isHeld).toBe(true);
    expect(renderReport(report)).toContain("some was skipped: it needs 5 GiB and 1 GiB are free");
  });

  test("in which everything was skipped shows nothing, and is not held", () => {
    expect(makeReport(setting, [outcome([], { skipped: "no room" })]).isHeld).toBe(false);
  });

  test("names the promises that could not be measured", () => {
    const runs = [{ "slowest-receiver-rate": 310 }];
    const report = makeReport(setting, [{ ...outcome([]), runs }]);
    expect(report.sections[0]?.unmeasured).toEqual(["peak memory of the sender < 200 MiB"]);
    expect(renderReport(report)).toContain("not measurable on this system: peak memory");
    expect(report.isHeld).toBe(true);
  });

  test("has four digits of each number, judged before they were rounded", () => {
    const { sections } = makeReport(setting, [outcome([299.999])]);
    expect(sections[0]?.rows[0]).toMatchObject({ median: 300, values: [300], held: false });
  });

  test("knows whether a run failed", () => {
    expect(hasFailures(makeReport(setting, [outcome([250])]))).toBe(false);
    expect(hasFailures(makeReport(setting, [outcome([310], { failure: "no" })]))).toBe(true);
  });

  test("survives being written as JSON", () => {
    const report = makeReport(setting, [outcome([310, 300])]);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report.sections[0]?.rows[0]?.values).toEqual([310, 300]);
  });
});

describe("the table", () => {
  test("names the scenario once and says where a promise is broken", () => {
    const lines = renderReport(makeReport(setting, [outcome([250])])).split("\n");
    const results = lines.slice(0, lines.indexOf(""));
    expect(results.filter((line) => line.startsWith("some "))).toHaveLength(1);
    expect(lines[2]).toMatch(/^some +rate of the slowest receiver +250 +250 +250 +MB\/s +.* NO$/);
    expect(lines.at(-2)).toBe("linux x64, 2 cores");
    expect(lines.at(-3)).toMatch(
      /^some +2026-01-31 +0123456789\+ +3 +v20\.20\.0 +0\.25 +in memory$/,
    );
  });
});

describe("the page", () => {
  const page = renderPage(makeReport(setting, [outcome([310])]));

  test("has the date, Node's version, the cores and the command that repeats it", () => {
    for (const part of ["2026-01-31", "v20.20.0", "2 cores", "npm run bench -- some --runs 3"])
      expect(page).toContain(part);
  });

  test("has Markdown tables with a cell for every column", () => {
    const tables = page.split("\n\n").filter((part) => part.startsWith("|"));
    expect(tables).toHaveLength(2);
    for (const table of tables) {
      const cellCounts = table.split("\n").map((row) => row.split("|").length);
      expect(new Set(cellCounts).size).toBe(1);
    }
  });
});
