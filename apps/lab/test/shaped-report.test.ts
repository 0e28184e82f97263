import { describe, expect, test } from "vitest";
import { star } from "../src/peers/star.js";
import type { Tool, ToolName } from "../src/peers/tool.js";
import type { ShapedMeasurement } from "../src/shaped/metrics.js";
import { plotRatios } from "../src/shaped/plot.js";
import type { RaceOutcome, ToolOutcome } from "../src/shaped/race.js";
import { renderShapedPage, renderShapedReport } from "../src/shaped/render.js";
import { flawOf, makeShapedReport, type ShapedConditions } from "../src/shaped/report.js";
import type { ShapedPromise, ShapedScenario } from "../src/shaped/scenario.js";

const conditions: ShapedConditions = {
  date: "2026-01-31",
  node: "v20.20.0",
  loadBefore: 0.25,
  storage: "memory",
  runCount: 3,
  command: "npm run bench -- some --runs 3",
  sendArguments: ["--strategy", "tree"],
  congestionControl: "bbr",
  shaping: { burstBytes: 32_768, latencyMs: 50 },
};
const setting = { machine: { platform: "linux x64", cores: 2 }, conditions };
const scenario: ShapedScenario = {
  name: "some",
  about: "1 MiB to 2 receivers & links of 50 Mbit/s",
  sizeBytes: 2 ** 20,
  receiverCount: 2,
  bitsPerSecond: 50e6,
  faults: {},
  tools: ["palmtree", "star"],
  promises: [{ metric: "ratio", atMost: 1.1, judged: "median" }],
  timeoutMs: 1_000,
  isDefault: true,
};

function ran(
  name: ToolName,
  runs: readonly ShapedMeasurement[],
  more: Partial<ToolOutcome> = {},
): ToolOutcome {
  const tool: Tool = { ...star, name };
  const made = runs.map((measured) => ({
    measured,
    completeCount: measured.seconds === undefined ? 1 : 2,
    countedCount: 2,
  }));
  return { tool, runs: made, failure: undefined, missing: [], ...more };
}

const took = (ratio: number): ShapedMeasurement => ({ ratio, seconds: 10 * ratio });
const ratios = (name: ToolName, ...values: number[]) => ran(name, values.map(took));

function report(tools: readonly ToolOutcome[], promises?: readonly ShapedPromise[]) {
  const outcome: RaceOutcome = {
    scenario: { ...scenario, promises: promises ?? scenario.promises },
    tools,
    skipped: undefined,
  };
  return makeShapedReport(setting, [outcome]);
}

describe("a promise", () => {
  test("about a ratio is kept by the median of the runs", () => {
    const { sections, isHeld } = report([ratios("palmtree", 1.09, 1.3, 1.1)]);
    expect(sections[0]?.promises).toMatchObject([{ measured: 1.1, held: true }]);
    expect(isHeld).toBe(true);
    expect(report([ratios("palmtree", 1.09, 1.3, 1.101)]).isHeld).toBe(false);
  });

  test("about every run is broken by one", () => {
    const promise: ShapedPromise = { metric: "root-memory", atMost: 150, judged: "every-run" };
    const runs = [100, 151, 100].map((memory) => ({ ...took(1), "root-memory": memory }));
    expect(report([ran("palmtree", runs)], [promise]).isHeld).toBe(false);
  });

  test("beside a peer is judged by what the peer took in the same runs", () => {
    const promise: ShapedPromise = {
      ...{ metric: "seconds", versus: "libtorrent", atMost: 0.6, judged: "median" },
    };
    const held = report([ratios("palmtree", 3), ratios("libtorrent", 5)], [promise]);
    expect(held.sections[0]?.promises[0]).toMatchObject({
      ...{ promise: "≤ 0.60 × libtorrent", measured: 0.6, held: true },
    });
    const broken = report([ratios("palmtree", 3.1), ratios("libtorrent", 5)], [promise]);
    expect(broken.isHeld).toBe(false);
  });

  test("of Palm Tree unencrypted is judged by that, and says so", () => {
    const promise: ShapedPromise = {
      ...{ metric: "seconds", by: "palmtree-open", versus: "libtorrent" },
      ...{ atMost: 0.6, judged: "median" },
    };
    const took = [ratios("palmtree", 9), ratios("palmtree-open", 3), ratios("libtorrent", 5)];
    expect(report(took, [promise]).sections[0]?.promises[0]).toMatchObject({
      label: expect.stringContaining("unencrypted"),
      ...{ measured: 0.6, held: true },
    });
  });

  test("is not measured without the peer, which breaks nothing", () => {
    const promise: ShapedPromise = {
      ...{ metric: "seconds", versus: "libtorrent", atMost: 0.6, judged: "median" },
    };
    const { sections, isHeld } = report([ratios("palmtree", 3)], [promise]);
    expect(sections[0]?.promises[0]).not.toHaveProperty("held");
    expect(isHeld).toBe(true);
  });

  test("about time is broken by a run that did not finish, however fast the others were", () => {
    const { sections, isHeld } = report([ran("palmtree", [took(1), took(1), {}])]);
    expect(sections[0]?.promises[0]).toMatchObject({ held: false });
    expect(isHeld).toBe(false);
  });
});

describe("a report of the lab", () => {
  test("does not hold it against Palm Tree when a peer fails or does not finish", () => {
    const failed = ran("star", [], { failure: "curl exited with 7" });
    const all = report([ratios("palmtree", 1), ran("chain", [{}]), failed]);
    expect(all.isHeld).toBe(true);
    expect(flawOf(all)).toBe("a run failed");
    const text = renderShapedReport(all);
    expect(text).toContain("some: star failed: curl exited with 7");
    expect(text).toMatch(/chain +unfinished/);
  });

  test("is not held when Palm Tree fails", () => {
    expect(report([ran("palmtree", [], { failure: "no" })]).isHeld).toBe(false);
    expect(flawOf(report([ratios("palmtree", 5)]))).toBeUndefined();
  });

  test("names what is not installed", () => {
    const text = renderShapedReport(report([ran("star", [], { missing: ["nginx-light"] })]));
    expect(text).toMatch(/star +not installed/);
    expect(text).toContain("star is not installed: nginx-light");
  });

  test("says why a scenario was skipped, and holds it against nobody", () => {
    const skipped = makeShapedReport(setting, [{ scenario, tools: [], skipped: "no root" }]);
    expect(skipped.isHeld).toBe(true);
    expect(renderShapedReport(skipped)).toContain("some was skipped: no root");
    expect(flawOf(skipped)).toBe("nothing was measured");
  });

  test("has a page with a cell for every column, the plot, and the command that repeats it", () => {
    const page = renderShapedPage(report([ratios("palmtree", 1.05), ratios("star", 8.4)]));
    const tables = page.split("\n\n").filter((part) => part.startsWith("|"));
    expect(tables).toHaveLength(3);
    for (const table of tables) {
      const cellCounts = table.split("\n").map((row) => row.split("|").length);
      expect(new Set(cellCounts).size).toBe(1);
    }
    for (const part of [
      "shaped.svg",
      conditions.command,
      "2 cores",
      "| bbr | 32 | 50 | --strategy tree |",
    ])
      expect(page).toContain(part);
  });

  test("survives being written as JSON", () => {
    const all = report([ratios("palmtree", 1.05), ran("star", [], { missing: ["curl"] })]);
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  });
});

describe("the plot", () => {
  const plot = plotRatios(report([ratios("palmtree", 1), ratios("star", 2), ratios("uftp", 9)]));
  const barsOf = (svg: string) => [
    ...svg.matchAll(/<rect class="(?:palmtree|peer)"[^>]* width="([\d.]+)"/g),
  ];

  test("has bars as long as their ratios, from the same place", () => {
    const [ours, theirs] = barsOf(plot).map(([, width]) => Number(width));
    expect(theirs! / ours!).toBeCloseTo(2, 2);
    const limit = Number(/class="limit" x1="([\d.]+)"/.exec(plot)?.[1]);
    const start = Number(/<rect class="palmtree" x="([\d.]+)"/.exec(plot)?.[1]);
    expect(limit - start).toBeCloseTo(ours!, 0);
  });

  test("cuts a bar that would dwarf the others, and says its number", () => {
    expect(plot).toContain("9.0 →");
    const widths = barsOf(plot).map(([, width]) => Number(width));
    expect(widths[2]! / widths[0]!).toBeCloseTo(3, 2);
  });

  test("is readable on light and dark pages, and is well-formed with any text", () => {
    expect(plot).toContain("prefers-color-scheme: dark");
    expect(plot).toContain("2 receivers &amp; links");
    const opened = plot.match(/<(?:svg|style|text)\b/g)!;
    const closed = plot.match(/<\/(?:svg|style|text)>/g)!;
    expect(opened).toHaveLength(closed.length);
  });

  test("says who did not finish, and leaves out scenarios without a limit", () => {
    expect(plotRatios(report([ran("chain", [{ "cpu-time": 1 }])]))).toContain("did not finish");
    const unshaped = { ...scenario, bitsPerSecond: undefined };
    const outcome = { scenario: unshaped, tools: [ratios("palmtree", 1)], skipped: undefined };
    expect(barsOf(plotRatios(makeShapedReport(setting, [outcome])))).toHaveLength(0);
  });
});
