#!/usr/bin/env node
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { runScenario } from "./bench.js";
import { type Order, parseOrder, usage } from "./command-line.js";
import { plainCopyCommand, runPlainCopy } from "./plain-copy.js";
import { findPalmtree } from "./processes/palmtree.js";
import { killAll } from "./processes/roster.js";
import { renderReport } from "./report/render.js";
import { type Conditions, hasFailures, makeReport, type Outcome } from "./report/report.js";
import { saveJson, savePage } from "./report/save.js";
import { neededBytes } from "./scenario.js";
import { scenarios } from "./scenarios.js";
import { makeWorkplace, removeWorkplace, removeWorkplaceNow, type Workplace } from "./workplace.js";

const labFile = fileURLToPath(import.meta.url);
/** From `apps/lab/dist`. */
const savedJson = fileURLToPath(new URL("../../../docs/benchmarks/loopback.json", import.meta.url));
const savedPage = fileURLToPath(new URL("../../../docs/benchmarks/loopback.md", import.meta.url));

const exitCodes = { held: 0, broken: 1, usage: 2, interrupted: 130 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === plainCopyCommand) {
    await runPlainCopy(rest);
    return exitCodes.held;
  }
  const order = orderOf(args);
  if (typeof order === "number") return order;
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new Error("interrupted"));
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  try {
    return await bench(order, interruption.signal);
  } catch (error) {
    console.error(messageOf(error));
    return interruption.signal.aborted ? exitCodes.interrupted : exitCodes.broken;
  }
}

/** What to do, or the exit code when there is nothing to do. */
function orderOf(args: readonly string[]): Order | number {
  try {
    const order = parseOrder(args, scenarios);
    if (order !== undefined) return order;
    console.log(usage(scenarios));
    return exitCodes.held;
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${usage(scenarios)}`);
    return exitCodes.usage;
  }
}

async function bench(order: Order, signal: AbortSignal): Promise<number> {
  const loadBefore = loadavg()[0] ?? 0;
  const wantedBytes = Math.max(...order.scenarios.map(neededBytes));
  const workplace = await makeWorkplace(order.directory, wantedBytes);
  const outcomes = await runAll(order, workplace, signal);
  const report = makeReport(conditionsOf(order, workplace, loadBefore), outcomes);
  console.log(`\n${renderReport(report)}`);
  if (order.jsonFile !== undefined) await saveJson(order.jsonFile, report);
  if (order.isSaved && hasFailures(report)) console.error("nothing is saved: a run failed");
  else if (order.isSaved) {
    await saveJson(savedJson, report);
    await savePage(savedPage, report);
  }
  return report.isHeld ? exitCodes.held : exitCodes.broken;
}

async function runAll(
  order: Order,
  workplace: Workplace,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const { directory, storage } = workplace;
  // However this process ends, nothing that it started or wrote is left.
  const clear = (): void => {
    killAll();
    removeWorkplaceNow(workplace);
  };
  process.on("exit", clear);
  const log = (line: string): void => console.error(line);
  log(`files go to ${directory} (${storage === "memory" ? "memory, no disk" : "a disk"})`);
  const palmtree = findPalmtree(order.profileDirectory);
  const options = { palmtree, labFile, directory, runCount: order.runCount, signal, log };
  try {
    const outcomes: Outcome[] = [];
    for (const scenario of order.scenarios) outcomes.push(await runScenario(scenario, options));
    return outcomes;
  } finally {
    await removeWorkplace(workplace);
    process.off("exit", clear);
  }
}

function conditionsOf({ command }: Order, { storage }: Workplace, loadBefore: number): Conditions {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
    loadBefore,
    storage,
    command,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
