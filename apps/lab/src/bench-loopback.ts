import { fileURLToPath } from "node:url";
import { type BenchOptions, runScenario } from "./bench.js";
import type { Setting } from "./report/conditions.js";
import { renderPage, renderReport } from "./report/render.js";
import { hasFailures, makeReport, type Outcome, type Report } from "./report/report.js";
import { saveJson, saveText } from "./report/save.js";
import type { Scenario } from "./scenario.js";

/** From `apps/lab/dist`. */
const savedJson = fileURLToPath(new URL("../../../docs/benchmarks/loopback.json", import.meta.url));
const savedPage = fileURLToPath(new URL("../../../docs/benchmarks/loopback.md", import.meta.url));

/** Runs scenarios on loopback and prints the report. */
export async function benchLoopback(
  scenarios: readonly Scenario[],
  setting: Setting,
  options: BenchOptions,
): Promise<Report> {
  const outcomes: Outcome[] = [];
  for (const scenario of scenarios) outcomes.push(await runScenario(scenario, options));
  const report = makeReport(setting, outcomes);
  console.log(`\n${renderReport(report)}`);
  return report;
}

export async function saveLoopback(report: Report): Promise<void> {
  if (hasFailures(report)) return console.error("nothing is saved of loopback: a run failed");
  await saveJson(savedJson, report);
  await saveText(savedPage, renderPage(report));
}
