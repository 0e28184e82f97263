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
  groupGap: 16,
  axisHeight: 48,
} as const;

/** Longer bars are cut here, with their number beside: the others would be too short to compare. */
const ratioMax = 3;
const ticks = [0, 0.5, 1, 1.5, 2, 2.5, 3];

/** The page behind the picture may be light or dark: it has no background of its own. */
const style = `
  text { font: 12px system-ui, sans-serif; fill: #33404d; }
  .title { font-weight: 600; }
  .faint { fill: #667583; }
  .peer { fill: #9aa9b8; }
  .palmtree { fill: #1f9d63; }
  .grid { stroke: #667583; stroke-opacity: 0.25; }
  .limit { stroke: #c2410c; stroke-width: 1.5; stroke-dasharray: 4 3; }
  .limit-text { fill: #c2410c; }
  @media (prefers-color-scheme: dark) {
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
  const title = "Time until the last host has the whole file, divided by the time over one link";
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${layout.width} ${height}`,
      role: "img",
      "aria-label": title,
    },
    [`<style>${style}</style>`, plotAxis(top), ...groups, plotLimit(top), ""].join("\n"),
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
  const title = `${scenario}: ${about}`;
  return [
    label(title, { class: "title", x: 8, y: top + 14 }),
    ...tools
      .filter(hasRun)
      .map((tool, at) => plotBar(tool, top + layout.titleHeight + at * layout.barStep)),
  ].join("\n");
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

function plotAxis(bottom: number): string {
  const lines = ticks.flatMap((tick) => {
    const x = placeOf(tick);
    const line = element("line", { class: "grid", x1: x, x2: x, y1: 0, y2: bottom });
    const text = { class: "faint", x, y: bottom + 16, "text-anchor": "middle" };
    return [line, label(String(tick), text)];
  });
  const text = { class: "faint", x: layout.barsAt, y: bottom + 36 };
  return [...lines, label("× F/B, the time that the bytes alone take over one link", text)].join(
    "\n",
  );
}

function plotLimit(bottom: number): string {
  const x = placeOf(1);
  const text = { class: "limit-text", x: placeOf(ratioMax), y: bottom + 36, "text-anchor": "end" };
  return [
    element("line", { class: "limit", x1: x, x2: x, y1: 0, y2: bottom }),
    label("dashed: the limit, 1.0", text),
  ].join("\n");
}

function placeOf(ratio: number): number {
  return layout.barsAt + ((layout.barsEnd - layout.barsAt) * ratio) / ratioMax;
}
