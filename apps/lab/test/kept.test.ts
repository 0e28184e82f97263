import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keptOfLoopback, saveLoopback } from "../src/bench-loopback.js";
import { keptOfShaped, saveShaped } from "../src/bench-shaped.js";
import { star } from "../src/peers/star.js";
import { mergeSections } from "../src/report/merge.js";
import { makeReport } from "../src/report/report.js";
import { scenarios } from "../src/scenarios.js";
import type { RaceOutcome } from "../src/shaped/race.js";
import { makeShapedReport, type ShapedConditions } from "../src/shaped/report.js";
import { shapedScenarios } from "../src/shaped/scenarios.js";

const machine = { platform: "linux x64", cores: 2 };
const shaping = { burstBytes: 32_768, latencyMs: 50 };

function conditionsOf(date: string, ...words: readonly string[]): ShapedConditions {
  const command = ["npm run bench --", ...words, "--runs 1"].join(" ");
  return {
    ...{ date, node: "v20.20.0", loadBefore: 0.25, storage: "memory", runCount: 1, command },
    ...{ sendArguments: [], congestionControl: "bbr", shaping },
  };
}

function raced(name: string, seconds: number, isInstalled = true): RaceOutcome {
  const scenario = shapedScenarios.find((listed) => listed.name === name)!;
  const run = { measured: { seconds, ratio: seconds }, completeCount: 8, countedCount: 8 };
  const ours = { tool: { ...star, name: "palmtree" as const }, failure: undefined, missing: [] };
  const peer = { tool: star, failure: undefined, missing: isInstalled ? [] : ["nginx-light"] };
  const tools = [
    { ...ours, runs: [run] },
    { ...peer, runs: isInstalled ? [run] : [] },
  ];
  return { scenario, tools, skipped: undefined };
}

function shapedReport(date: string, ...outcomes: readonly RaceOutcome[]) {
  const conditions = conditionsOf(date, ...outcomes.map(({ scenario }) => scenario.name));
  return makeShapedReport({ machine, conditions }, outcomes);
}

describe("sections that are merged", () => {
  const old = (scenario: string, more = {}) => ({
    ...{ scenario, conditions: conditionsOf("2026-01-01", scenario), ...more },
  });
  const fresh = (scenario: string, more = {}) => ({
    ...{ scenario, conditions: conditionsOf("2026-02-02", scenario), ...more },
  });

  test("stay as they are when they were not measured anew", () => {
    expect(mergeSections([fresh("b")], [old("a")], ["a", "b"])).toEqual([old("a"), fresh("b")]);
  });

  test("are replaced, each as a whole, when they were", () => {
    const kept = [old("a", { tools: ["one", "two"] }), old("b")];
    const measured = [fresh("a", { tools: ["one"] })];
    expect(mergeSections(measured, kept, ["a", "b"])).toEqual([...measured, old("b")]);
  });

  test("are in the order of the scenarios, whichever were measured first", () => {
    const merged = mergeSections(
      [fresh("c"), fresh("a")],
      [old("d"), old("b")],
      ["a", "b", "c", "d"],
    );
    expect(merged.map(({ scenario }) => scenario).join("")).toBe("abcd");
  });

  test("are dropped when there is no such scenario any more", () => {
    expect(mergeSections([fresh("a")], [old("gone")], ["a"])).toEqual([fresh("a")]);
  });

  test("keep their numbers when the scenario was skipped this time", () => {
    const skipped = fresh("a", { skipped: "no room" });
    expect(mergeSections([skipped], [old("a")], ["a"])).toEqual([old("a")]);
    expect(mergeSections([skipped], [], ["a"])).toEqual([skipped]);
    const skippedBefore = old("a", { skipped: "no root" });
    expect(mergeSections([fresh("a")], [skippedBefore], ["a"])).toEqual([fresh("a")]);
    expect(mergeSections([skipped], [skippedBefore], ["a"])).toEqual([skipped]);
    expect(mergeSections([], [skippedBefore], ["a"])).toEqual([skippedBefore]);
  });
});

describe("what is saved", () => {
  let place: string;
  const read = (name: string) => readFile(join(place, name), "utf8");

  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), "palmtree-lab-"));
  });
  afterEach(() => rm(place, { recursive: true }));

  test("of shaped links in parts is a page of all, with when and how each was measured", async () => {
    await saveShaped(shapedReport("2026-01-01", raced("one-slow", 1.2, false)), place);
    await saveShaped(shapedReport("2026-02-02", raced("eight-at-50", 1.1)), place);
    await saveShaped(shapedReport("2026-03-03", raced("sixteen-at-25", 1.3)), place);
    const sections = await keptOfShaped(place, machine);
    expect(sections.map(({ scenario, conditions }) => [scenario, conditions.date])).toEqual([
      ["eight-at-50", "2026-02-02"],
      ["sixteen-at-25", "2026-03-03"],
      ["one-slow", "2026-01-01"],
    ]);
    const page = await read("shaped.md");
    expect(page).toMatch(/one-slow \| palmtree \| 1\.200 .*\n.* star \| not installed/);
    expect(page).toContain("one-slow: star is not installed: nginx-light");
    for (const { scenario, conditions } of sections) {
      expect(page).toContain(`| ${scenario} | ${conditions.date} |  | 1 |`);
      expect(page).toContain(`\n${conditions.command}\n`);
      expect(await read("shaped.svg")).toContain(`${scenario}: `);
    }
  });

  test("is held only if what was kept is", async () => {
    await saveShaped(shapedReport("2026-01-01", raced("one-slow", 2)), place);
    await saveShaped(shapedReport("2026-02-02", raced("eight-at-50", 1.1)), place);
    expect(JSON.parse(await read("shaped.json"))).toMatchObject({ isHeld: false });
    await saveShaped(shapedReport("2026-03-03", raced("one-slow", 1.2)), place);
    expect(JSON.parse(await read("shaped.json"))).toMatchObject({ isHeld: true });
  });

  test("of loopback in parts is a page of all too", async () => {
    const save = async (name: string, date: string) => {
      const scenario = scenarios.find((listed) => listed.name === name)!;
      const runs = [{ "slowest-receiver-rate": 310 }];
      const outcome = { scenario, runs, failure: undefined, skipped: undefined };
      await saveLoopback(
        makeReport({ machine, conditions: conditionsOf(date, name) }, [outcome]),
        place,
      );
    };
    await save("tree-six", "2026-01-01");
    await save("one-receiver", "2026-02-02");
    const sections = await keptOfLoopback(place, machine);
    expect(sections.map(({ scenario }) => scenario)).toEqual(["one-receiver", "tree-six"]);
    const page = await read("loopback.md");
    expect(page).toContain("| one-receiver | 2026-02-02 |  | 1 |");
    expect(page).toContain("| tree-six | 2026-01-01 |  | 1 |");
  });

  test("on another machine is neither mixed nor lost: it is refused, and says why", async () => {
    await saveShaped(shapedReport("2026-01-01", raced("one-slow", 1.2)), place);
    const before = await read("shaped.json");
    const other = { ...shapedReport("2026-02-02", raced("eight-at-50", 1.1)) };
    const elsewhere = { ...other, machine: { platform: "linux x64", cores: 16 } };
    await expect(saveShaped(elsewhere, place)).rejects.toThrow(
      /shaped\.json: machine: got linux x64, 2 cores, expected this one, linux x64, 16 cores/,
    );
    await expect(keptOfShaped(place, { ...machine, platform: "darwin arm64" })).rejects.toThrow(
      /got linux x64, 2 cores.*darwin arm64, 2 cores.*remove it to begin anew/,
    );
    expect(await read("shaped.json")).toBe(before);
  });

  test.each([
    ["{", /shaped\.json: .*JSON/],
    ["[]", /shaped\.json: got a list, expected an object/],
    ['{"version":7}', /shaped\.json: version: got 7, expected 1 or 2/],
    ['{"version":2}', /shaped\.json: machine: got nothing, expected an object/],
  ])("that is %s is no report: it is refused with what is wrong", async (text, message) => {
    await writeFile(join(place, "shaped.json"), text);
    await expect(keptOfShaped(place, machine)).rejects.toThrow(message);
    await expect(
      saveShaped(shapedReport("2026-02-02", raced("eight-at-50", 1.1)), place),
    ).rejects.toThrow(message);
    expect(await readdir(place)).toEqual(["shaped.json"]);
    expect(await read("shaped.json")).toBe(text);
  });

  test("is nothing where there is no file", async () => {
    expect(await keptOfShaped(place, machine)).toEqual([]);
  });
});
