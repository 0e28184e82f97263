#!/usr/bin/env node
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { benchLoopback, keptOfLoopback, saveLoopback } from "./bench-loopback.js";
import { benchShaped, keptOfShaped, saveShaped } from "./bench-shaped.js";
import { catalog } from "./catalog.js";
import { type Order, parseOrder } from "./command-line.js";
import { readCommit } from "./commit.js";
import { floodCommand, runFlood } from "./flood/flood.js";
import { removeAllNetworks } from "./network/network.js";
import { plainCopyCommand, runPlainCopy } from "./plain-copy.js";
import { findPalmtree } from "./processes/palmtree.js";
import { killAll } from "./processes/roster.js";
import type { Conditions, Machine } from "./report/conditions.js";
import type { Report } from "./report/report.js";
import { saveJson } from "./report/save.js";
import { neededBytes } from "./scenario.js";
import type { ShapedReport } from "./shaped/report.js";
import { neededBytes as neededBytesShaped } from "./shaped/scenario.js";
import { usage } from "./usage.js";
import { makeWorkplace, removeWorkplace, removeWorkplaceNow, type Workplace } from "./workplace.js";

const labFile = fileURLToPath(import.meta.url);

/** From `apps/lab/dist`. */
const benchmarks = fileURLToPath(new URL("../../../docs/benchmarks", import.meta.url));

const exitCodes = { held: 0, broken: 1, usage: 2, interrupted: 130 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === plainCopyCommand) {
    await runPlainCopy(rest);
    return exitCodes.held;
  }
  if (first === floodCommand) await runFlood(rest);
  const order = orderOf(args);
  if (typeof order === "number") return order;
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new Error("interrupted"));
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
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
    const order = parseOrder(args, catalog);
    if (order !== undefined) return order;
    console.log(usage(catalog));
    return exitCodes.held;
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${usage(catalog)}`);
    return exitCodes.usage;
  }
}

/** What `--json` writes: a report for each set that was run. */
interface Reports {
  readonly loopback?: Report;
  readonly shaped?: ShapedReport;
}

async function bench(order: Order, signal: AbortSignal): Promise<number> {
  if (order.isSaved) await checkKept(order);
  const { loopback, shaped } = await runAll(order, signal);
  const reports = { ...(loopback && { loopback }), ...(shaped && { shaped }) };
  if (order.jsonFile !== undefined) await saveJson(order.jsonFile, reports);
  if (order.isSaved && loopback !== undefined) await saveLoopback(loopback, benchmarks);
  if (order.isSaved && shaped !== undefined) await saveShaped(shaped, benchmarks);
  return Object.values(reports).every(({ isHeld }) => isHeld) ? exitCodes.held : exitCodes.broken;
}

/** What cannot be added to is found now, not after an hour. */
async function checkKept({ loopback, shaped }: Order): Promise<void> {
  if (loopback.length > 0) await keptOfLoopback(benchmarks, thisMachine());
  if (shaped.length > 0) await keptOfShaped(benchmarks, thisMachine());
}

async function runAll(order: Order, signal: AbortSignal): Promise<Reports> {
  const loadBefore = loadavg()[0] ?? 0;
  const wanted = [...order.loopback.map(neededBytes), ...order.shaped.map(neededBytesShaped)];
  const workplace = await makeWorkplace(order.directory, Math.max(...wanted));
  const { directory, storage } = workplace;
  // However this process ends, nothing that it started, built or wrote is left.
  const clear = (): void => {
    killAll();
    removeAllNetworks();
    removeWorkplaceNow(workplace);
  };
  process.on("exit", clear);
  const log = (line: string): void => console.error(line);
  log(`files go to ${directory} (${storage === "memory" ? "memory, no disk" : "a disk"})`);
  const palmtree = findPalmtree(order.profileDirectory);
  const options = { palmtree, labFile, directory, runCount: order.runCount, signal, log };
  const setting = {
    machine: thisMachine(),
    conditions: await conditionsOf(order, workplace, loadBefore),
  };
  try {
    const reports = [
      order.loopback.length > 0 && {
        loopback: await benchLoopback(order.loopback, setting, options),
      },
      order.shaped.length > 0 && { shaped: await benchShaped(order, setting, options) },
    ];
    return Object.assign({}, ...reports) as Reports;
  } finally {
    await removeWorkplace(workplace);
    process.off("exit", clear);
  }
}

function thisMachine(): Machine {
  return { platform: `${process.platform} ${process.arch}`, cores: availableParallelism() };
}

async function conditionsOf(
  { command, runCount }: Order,
  { storage }: Workplace,
  loadBefore: number,
): Promise<Conditions> {
  const commit = await readCommit();
  return {
    date: new Date().toISOString().slice(0, 10),
    ...(commit === undefined ? {} : { commit }),
    node: process.version,
    loadBefore,
    storage,
    runCount,
    command,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
