#!/usr/bin/env node
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeAllNetworks } from "../network/network.js";
import { lackOfNetwork } from "../network/requirements.js";
import { findPalmtree } from "../processes/palmtree.js";
import { killAll } from "../processes/roster.js";
import { saveText } from "../report/save.js";
import { formatNumber } from "../units.js";
import { lackOfRoom, makeWorkplace, removeWorkplace, removeWorkplaceNow } from "../workplace.js";
import { type Order, parseOrder, usage } from "./order.js";
import { renderChaos, renderChaosPage } from "./report.js";
import { type ChaosOutcome, isHeld, runScenario } from "./run.js";
import type { ChaosScenario } from "./scenario.js";
import { chaosScenarios } from "./scenarios.js";

/** From `apps/lab/dist/chaos`. */
const page = fileURLToPath(new URL("../../../../docs/benchmarks/chaos.md", import.meta.url));

const exitCodes = { held: 0, broken: 1, usage: 2, interrupted: 130 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let order: Order | undefined;
  try {
    order = parseOrder(args, chaosScenarios);
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${usage(chaosScenarios)}`);
    return exitCodes.usage;
  }
  if (order === undefined) {
    console.log(usage(chaosScenarios));
    return exitCodes.held;
  }
  const lack = await lackOfNetwork();
  if (lack !== undefined) {
    console.log(`skipped: ${lack}`);
    return exitCodes.held;
  }
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new Error("interrupted"));
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  try {
    return await makeChaos(order, interruption.signal);
  } catch (error) {
    console.error(messageOf(error));
    return interruption.signal.aborted ? exitCodes.interrupted : exitCodes.broken;
  }
}

async function makeChaos(order: Order, signal: AbortSignal): Promise<number> {
  const wanted = Math.max(...order.scenarios.map(neededBytes));
  const workplace = await makeWorkplace(order.directory, wanted);
  // However this process ends, nothing that it started, built or wrote is left.
  const clear = (): void => {
    killAll();
    removeAllNetworks();
    removeWorkplaceNow(workplace);
  };
  process.on("exit", clear);
  try {
    const lack = await lackOfRoom(workplace.directory, wanted);
    if (lack !== undefined) throw new Error(`there is no room: ${lack}`);
    const outcomes = await runAll(order, workplace.directory, signal);
    console.log(`\n${renderChaos(outcomes)}`);
    if (order.isSaved) await saveText(page, renderChaosPage(outcomes, conditions(order)));
    return outcomes.every(isHeld) ? exitCodes.held : exitCodes.broken;
  } finally {
    await removeWorkplace(workplace);
    process.off("exit", clear);
  }
}

async function runAll(order: Order, directory: string, signal: AbortSignal) {
  const outcomes: ChaosOutcome[] = [];
  const palmtree = findPalmtree(undefined);
  for (const scenario of order.scenarios) {
    for (const strategy of scenario.strategies) {
      if (!order.strategies.includes(strategy)) continue;
      const name = `${scenario.name}-${strategy}`;
      const logDirectory = order.logDirectory && join(order.logDirectory, name);
      const options = { palmtree, directory: join(directory, name), logDirectory, signal };
      const outcome = await runScenario(scenario, strategy, options);
      outcomes.push(outcome);
      console.error(`${name}: ${describe(outcome)}`);
    }
  }
  return outcomes;
}

function describe(outcome: ChaosOutcome): string {
  const { claims, failure, seconds, foreignPercent } = outcome;
  const told = claims.map(
    ({ what, seen, isHeld: held }) => `${held ? "" : "NOT HELD: "}${what}: ${seen}`,
  );
  const time = `${formatNumber(seconds)} s, others ${foreignPercent.toFixed(0)} %`;
  return [`${isHeld(outcome) ? "held" : "BROKEN"} (${time})`, ...told, failure]
    .filter((line) => line !== undefined)
    .join("\n    ");
}

function neededBytes({ receiverCount, sizeBytes }: ChaosScenario): number {
  return (receiverCount + 2) * sizeBytes;
}

function conditions({ command }: Order): { readonly command: string; readonly machine: string } {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${date}, Node ${process.version}, ${availableParallelism()} cores.`;
  return { command, machine };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
