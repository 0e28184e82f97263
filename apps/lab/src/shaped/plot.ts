import { element, label } from "../report/svg.js";
import type { ShapedReport, ShapedSection, ToolSection } from "./report.js";

/** In pixels, of a picture that a page may scale. */
const layout = {
  width: 760,
  /** Where bars begin; tools are named before it. */
  barsAt: 100,
  /** Where a bar of the largest ratio that is shown ends; its number has room behind it. */
  barsEnd: 690,
  titleHeight: 26,
  barHeight: 15,
  barStep: 19,
  groupGap: 18,
  /** Lines stand out above and below bars by this. */
  lineOverhang: 4,
  axisHeight: 40,
} as const;

/** Longer bars are cut here, with their number beside: the others would be too short to compare. */
const ratioMax = 3;
const ticks = [0, 0.5, 1, 1.5, 2, 2.5, 3];

/** Light or dark as the reader's system is; its own background, since a page may be otherwise. */
const style = `
  .page { fill: #ffffff; }
  text { font: 12px system-ui, sans-serif; fill: #33404d; }
  .title { font-weight: 600; }
  .faint { fill: #667583; }
  .peer { fill: #9aa9b8; }
  .palmtree { fill: #1f9d63; }
  .grid { stroke: #667583; stroke-opacity: 0.25; }
  .limit { stroke: #c2410c; stroke-width: 1.5; stroke-dasharray: 4 3; }
  .limit-text { fill: #c2410c; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #14191f; }
    text { fill: #dbe3ea; }
    .faint { fill: #9fb0bf; }
    .peer { fill: #66788a; }
    .palmtree { fill: #34c583; }
    .limit { stroke: #fb923c; }
    .limit-text { fill: #fb923c; }
  }
`;

/** Bars of the ratio for each scenario and tool, and the limit that nothing can be below. */
export function plotRatios({ sections }: ShapedReport): string {
  const groups: string[] = [];
  let top = layout.groupGap;
  for (const section of sections.filter(hasRatio)) {
    groups.push(plotGroup(section, top));
    top += heightOf(section) + layout.groupGap;
  }
  const height = top + layout.axisHeight;
  const page = element("rect", { class: "page", width: layout.width, height, rx: 6 });
  const title = "Time until the last host has the whole file, divided by the time over one link";
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${layout.width} ${height}`,
      role: "img",
      "aria-label": title,
    },
    [`<style>${style}</style>`, page, ...groups, plotAxis(top), ""].join("\n"),
  )}\n`;
}

/** Where links are not shaped there is no limit to compare with. */
function hasRatio({ linkSeconds, tools }: ShapedSection): boolean {
  return linkSeconds !== undefined && tools.some((tool) => hasRun(tool));
}

function hasRun({ rows }: ToolSection): boolean {
  return rows.length > 0;
}

function heightOf({ tools }: ShapedSection): number {
  return layout.titleHeight + tools.filter(hasRun).length * layout.barStep;
}

function plotGroup({ scenario, about, tools }: ShapedSection, top: number): string {
  const shown = tools.filter(hasRun);
  const barsTop = top + layout.titleHeight;
  const barsBottom = barsTop + shown.length * layout.barStep;
  return [
    label(`${scenario}: ${about}`, { class: "title", x: 8, y: top + 14 }),
    ...ticks.map((tick) => plotLine("grid", tick, barsTop, barsBottom)),
    ...shown.map((tool, at) => plotBar(tool, barsTop + at * layout.barStep)),
    plotLine("limit", 1, barsTop, barsBottom),
  ].join("\n");
}

/** Across all bars of a group. */
function plotLine(kind: string, ratio: number, top: number, bottom: number): string {
  const x = placeOf(ratio);
  const [y1, y2] = [top - layout.lineOverhang, bottom - layout.barStep + layout.barHeight];
  return element("line", { class: kind, x1: x, x2: x, y1, y2: y2 + layout.lineOverhang });
}

function plotBar({ tool, rows, unfinishedCount }: ToolSection, top: number): string {
  const baseline = top + layout.barHeight - 3;
  const name = label(tool, { x: layout.barsAt - 8, y: baseline, "text-anchor": "end" });
  const ratio = rows.find(({ metric }) => metric === "ratio")?.median;
  if (ratio === undefined || unfinishedCount > 0) {
    const text = "did not finish";
    return [name, label(text, { class: "faint", x: layout.barsAt + 6, y: baseline })].join("\n");
  }
  const end = placeOf(Math.min(ratio, ratioMax));
  const bar = element("rect", {
    class: tool === "palmtree" ? "palmtree" : "peer",
    x: layout.barsAt,
    y: top,
    width: end - layout.barsAt,
    height: layout.barHeight,
    rx: 2,
  });
  const number = ratio > ratioMax ? `${ratio.toFixed(1)} →` : ratio.toFixed(2);
  return [name, bar, label(number, { x: end + 6, y: baseline })].join("\n");
}

function plotAxis(top: number): string {
  const numbers = ticks.map((tick) =>
    label(String(tick), { class: "faint", x: placeOf(tick), y: top + 6, "text-anchor": "middle" }),
  );
  const y = top + 28;
  const end = { x: placeOf(ratioMax), y, "text-anchor": "end" };
  return [
    ...numbers,
    label("× F/B, the time that the bytes alone take over one link", {
      class: "faint",
      x: layout.barsAt,
      y,
    }),
    label("dashed: the limit, 1.0", { class: "limit-text", ...end }),
  ].join("\n");
}

function placeOf(ratio: number): number {
  return layout.barsAt + ((layout.barsEnd - layout.barsAt) * ratio) / ratioMax;
}
