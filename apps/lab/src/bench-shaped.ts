import { join } from "node:path";
import type { Order } from "./command-line.js";
import { shaping } from "./network/commands.js";
import { congestionControlOfHosts } from "./network/congestion-control.js";
import { lackOfNetwork } from "./network/requirements.js";
import { runCommand } from "./network/run-command.js";
import { chain } from "./peers/chain.js";
import { installPeers } from "./peers/installed.js";
import { libtorrent } from "./peers/libtorrent.js";
import { palmtreeTool } from "./peers/palmtree.js";
import { star } from "./peers/star.js";
import type { Tool, ToolName } from "./peers/tool.js";
import { uftp } from "./peers/uftp.js";
import { type Palmtree, withKey } from "./processes/palmtree.js";
import type { Machine, Setting } from "./report/conditions.js";
import { readKept } from "./report/kept.js";
import { mergeSections } from "./report/merge.js";
import { saveJson, saveText } from "./report/save.js";
import { plotRatios } from "./shaped/plot.js";
import { type RaceOutcome, race } from "./shaped/race.js";
import { renderShapedPage, renderShapedReport } from "./shaped/render.js";
import {
  flawOf,
  makeShapedReport,
  type ShapedReport,
  type ShapedSection,
  shapedReportOf,
  shapedSectionOutline,
} from "./shaped/report.js";
import type { ShapedScenario } from "./shaped/scenario.js";
import { shapedScenarios } from "./shaped/scenarios.js";

/** Where and how the lab runs. */
export interface ShapedOptions {
  readonly palmtree: Palmtree;
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Runs scenarios in the lab and prints the report. */
export async function benchShaped(
  order: Order,
  { machine, conditions }: Setting,
  options: ShapedOptions,
): Promise<ShapedReport> {
  const { sendArguments, runCount, logDirectory, timeLimitMs } = order;
  const { palmtree } = options;
  const keyed = await withKey(palmtree, options.directory);
  const tools: Readonly<Record<ToolName, Tool>> = {
    palmtree: palmtreeTool({ name: "palmtree", palmtree: keyed, sendArguments }),
    "palmtree-calm": palmtreeTool({ name: "palmtree-calm", palmtree: keyed, sendArguments }),
    "palmtree-open": palmtreeTool({ name: "palmtree-open", palmtree, sendArguments }),
    chain,
    libtorrent,
    uftp,
    star,
  };
  const lack = await lackOfNetwork();
  if (order.installsPeers && lack === undefined) {
    await installPeers(Object.values(tools), options);
  }
  const canJoin = await canJoinLate(palmtree);
  const outcomes: RaceOutcome[] = [];
  for (const listed of order.shaped) {
    const scenario = timeLimitMs === undefined ? listed : { ...listed, timeoutMs: timeLimitMs };
    const wanted = (order.only ?? scenario.tools).map((name) => tools[name]);
    const lackOfSkill = canJoin ? undefined : lackOfJoin(scenario);
    const skipped = lack ?? lackOfSkill;
    outcomes.push(
      await race(scenario, { ...options, tools: wanted, skipped, logDirectory, runCount }),
    );
  }
  const congestionControl = congestionControlOfHosts();
  const shown = { ...conditions, sendArguments, shaping, congestionControl };
  const report = makeShapedReport({ machine, conditions: shown }, outcomes);
  console.log(`\n${renderShapedReport(report)}`);
  return report;
}

/** The sections that a saved report has. @throws Error when none can be added to them here */
export function keptOfShaped(
  directory: string,
  machine: Machine,
): Promise<readonly ShapedSection[]> {
  return readKept({ file: join(directory, "shaped.json"), machine, section: shapedSectionOutline });
}

/** Adds it to the report that is saved in a directory. */
export async function saveShaped(report: ShapedReport, directory: string): Promise<void> {
  const flaw = flawOf(report);
  if (flaw !== undefined) return console.error(`nothing is saved of the lab: ${flaw}`);
  const { machine, sections } = report;
  const kept = await keptOfShaped(directory, machine);
  const names = shapedScenarios.map(({ name }) => name);
  const all = shapedReportOf(machine, mergeSections(sections, kept, names));
  await saveJson(join(directory, "shaped.json"), all);
  await saveText(join(directory, "shaped.md"), renderShapedPage(all));
  await saveText(join(directory, "shaped.svg"), plotRatios(all));
}

/** Whether this version's receivers can join a session that has begun: its help says so. */
async function canJoinLate({ file }: Palmtree): Promise<boolean> {
  const help = await runCommand(process.execPath, [file, "receive", "--help"]);
  return help.includes("--join");
}

function lackOfJoin({ faults }: ShapedScenario): string | undefined {
  if (faults.join === undefined) return undefined;
  return "this version has no `palmtree receive --join`";
}
