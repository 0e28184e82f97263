import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseReport } from "../src/report/parse.js";
import { renderPage } from "../src/report/render.js";
import { reportOf, type Section, sectionOutline } from "../src/report/report.js";
import { plotRatios } from "../src/shaped/plot.js";
import { renderShapedPage } from "../src/shaped/render.js";
import { type ShapedSection, shapedReportOf, shapedSectionOutline } from "../src/shaped/report.js";

const fileOf = (name: string) =>
  fileURLToPath(new URL(`../../../docs/benchmarks/${name}`, import.meta.url));
const read = (name: string) => readFileSync(fileOf(name), "utf8");

// After a change of how pages look, this file with `--update` writes them anew of their numbers.
describe("docs/benchmarks has the pages that this program makes", () => {
  test("of what was measured on loopback", async () => {
    const saved = parseReport<Section>(read("loopback.json"), sectionOutline);
    const report = reportOf(saved.machine, saved.sections);
    expect(saved).toEqual(report);
    await expect(renderPage(report)).toMatchFileSnapshot(fileOf("loopback.md"));
  });

  test("of what was measured on shaped links", async () => {
    const saved = parseReport<ShapedSection>(read("shaped.json"), shapedSectionOutline);
    const report = shapedReportOf(saved.machine, saved.sections);
    expect(saved).toEqual(report);
    await expect(renderShapedPage(report)).toMatchFileSnapshot(fileOf("shaped.md"));
    await expect(plotRatios(report)).toMatchFileSnapshot(fileOf("shaped.svg"));
  });
});
