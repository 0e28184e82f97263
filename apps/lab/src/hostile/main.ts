#!/usr/bin/env node
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { removeAllNetworks } from "../network/network.js";
import { lackOfNetwork } from "../network/requirements.js";
import { findPalmtree, withKey } from "../processes/palmtree.js";
import { killAll } from "../processes/roster.js";
import { saveJson, saveText } from "../report/save.js";
import { lackOfRoom, makeWorkplace, removeWorkplace, removeWorkplaceNow } from "../workplace.js";
import { lies } from "./lies.js";
import { memberCommand, runMember } from "./member.js";
import { type Order, parseOrder, usage } from "./order.js";
import { type Conditions, renderHostile, renderHostilePage } from "./report.js";
import { tryAll } from "./run.js";

/** From `apps/lab/dist/hostile`. */
const page = fileURLToPath(new URL("../../../../docs/benchmarks/hostile.md", import.meta.url));

const memberFile = fileURLToPath(import.meta.url);

const exitCodes = { held: 0, broken: 1, usage: 2, interrupted: 130 } as const;

const [first, ...rest] = process.argv.slice(2);
if (first === memberCommand) await runMember(rest);
else process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let order: Order | undefined;
  try {
    order = parseOrder(args, lies);
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${usage(lies)}`);
    return exitCodes.usage;
  }
  if (order === undefined) {
    console.log(usage(lies));
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
    return await tryLies(order, interruption.signal);
  } catch (error) {
    console.error(messageOf(error));
    return interruption.signal.aborted ? exitCodes.interrupted : exitCodes.broken;
  }
}

async function tryLies(order: Order, signal: AbortSignal): Promise<number> {
  const { receiverCount, sizeBytes } = order.shape;
  const wanted = (receiverCount + 2) * sizeBytes;
  const workplace = await makeWorkplace(order.directory, wanted);
  const { directory } = workplace;
  // However this process ends, nothing that it started, built or wrote is left.
  const clear = (): void => {
    killAll();
    removeAllNetworks();
    removeWorkplaceNow(workplace);
  };
  process.on("exit", clear);
  try {
    const lack = await lackOfRoom(directory, wanted);
    if (lack !== undefined) throw new Error(`there is no room: ${lack}`);
    const palmtree = await withKey(findPalmtree(undefined), directory);
    const keyFile = palmtree.keyArguments.at(-1) ?? "";
    const log = (line: string): void => console.error(line);
    const place = { directory, palmtree, keyFile, memberFile, signal, log };
    const verdicts = await tryAll({ ...order, ...place });
    console.log(`\n${renderHostile(verdicts)}`);
    const conditions = conditionsOf(order);
    if (order.jsonFile !== undefined) await saveJson(order.jsonFile, { ...conditions, verdicts });
    if (order.isSaved) await saveText(page, renderHostilePage(verdicts, conditions));
    return verdicts.every(({ isHeld }) => isHeld) ? exitCodes.held : exitCodes.broken;
  } finally {
    await removeWorkplace(workplace);
    process.off("exit", clear);
  }
}

function conditionsOf({ command, shape }: Order): Conditions {
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${date}, Node ${process.version}, ${availableParallelism()} cores.`;
  return { command, machine, shape };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
