import { join } from "node:path";
import { type BenchOptions, runScenario } from "./bench.js";
import type { Machine, Setting } from "./report/conditions.js";
import { readKept } from "./report/kept.js";
import { mergeSections } from "./report/merge.js";
import { renderPage, renderReport } from "./report/render.js";
import {
  hasFailures,
  makeReport,
  type Outcome,
  type Report,
  reportOf,
  type Section,
  sectionOutline,
} from "./report/report.js";
import { saveJson, saveText } from "./report/save.js";
import type { Scenario } from "./scenario.js";
import { scenarios } from "./scenarios.js";

/** Runs scenarios on loopback and prints the report. */
export async function benchLoopback(
  wanted: readonly Scenario[],
  setting: Setting,
  options: BenchOptions,
): Promise<Report> {
  const outcomes: Outcome[] = [];
  for (const scenario of wanted) outcomes.push(await runScenario(scenario, options));
  const report = makeReport(setting, outcomes);
  console.log(`\n${renderReport(report)}`);
  return report;
}

/** The sections that a saved report has. @throws Error when none can be added to them here */
export function keptOfLoopback(directory: string, machine: Machine): Promise<readonly Section[]> {
  return readKept({ file: join(directory, "loopback.json"), machine, section: sectionOutline });
}

/** Adds it to the report that is saved in a directory. */
export async function saveLoopback(report: Report, directory: string): Promise<void> {
  if (hasFailures(report)) return console.error("nothing is saved of loopback: a run failed");
  const { machine, sections } = report;
  const kept = await keptOfLoopback(directory, machine);
  const names = scenarios.map(({ name }) => name);
  const all = reportOf(machine, mergeSections(sections, kept, names));
  await saveJson(join(directory, "loopback.json"), all);
  await saveText(join(directory, "loopback.md"), renderPage(all));
}
