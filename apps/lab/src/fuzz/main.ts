#!/usr/bin/env node
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import type { Job, Outcome } from "./job.js";
import { type Order, parseOrder, usageOf } from "./order.js";
import { supervise } from "./supervisor.js";
import { targets } from "./targets.js";
import { work } from "./worker.js";

const exitCodes = { kept: 0, broken: 1, usage: 2 } as const;

if (isMainThread) process.exitCode = await main(process.argv.slice(2));
else parentPort?.postMessage(await work(workerData as Job));

async function main(args: readonly string[]): Promise<number> {
  const usage = usageOf(targets.map(({ name, promise }) => `  ${name}: ${promise}`));
  let order: Order | undefined;
  try {
    const names = targets.map(({ name }) => name);
    order = parseOrder(args, names, Date.now() % 2 ** 32);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return exitCodes.usage;
  }
  if (order === undefined) {
    console.log(usage);
    return exitCodes.kept;
  }
  return await fuzz(order);
}

async function fuzz({ targets: names, minutes, mostCases, seed }: Order): Promise<number> {
  console.log(`seed ${seed}`);
  let isBroken = false;
  const endsAt = performance.now() + minutes * 60_000;
  for (const [place, target] of names.entries()) {
    // What one target leaves of its time is shared by those behind it.
    const minutesLeft = (endsAt - performance.now()) / 60_000;
    const job = { target, seed, mostCases, minutes: minutesLeft / (names.length - place) };
    const end = await supervise(job, new URL(import.meta.url));
    const findings = end.type === "done" ? end.outcome.findings : [end.finding];
    console.log(end.type === "done" ? lineOf(target, end.outcome) : `${target}: broken off`);
    for (const finding of findings) console.log(`\n${finding}\n`);
    isBroken ||= findings.length > 0;
  }
  return isBroken ? exitCodes.broken : exitCodes.kept;
}

function lineOf(target: string, outcome: Outcome): string {
  const { cases, accepted, seconds, cpuSeconds, slowestMs, growthBytes, findings } = outcome;
  return [
    `${target}: ${cases.toLocaleString("en")} cases in ${seconds.toFixed(1)} s`,
    `${Math.round(cases / cpuSeconds).toLocaleString("en")} in a second of CPU time`,
    `${Math.round((100 * accepted) / Math.max(1, cases))} % accepted`,
    `slowest ${slowestMs.toFixed(1)} ms`,
    `heap ${growthBytes < 0 ? "" : "+"}${(growthBytes / 2 ** 20).toFixed(2)} MiB`,
    `${findings.length} findings`,
  ].join(", ");
}
