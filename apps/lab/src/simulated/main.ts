#!/usr/bin/env node
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Measurement, runExperiment } from "./experiment.js";
import { experimentsOf } from "./experiments.js";
import { type Order, parseOrder, usage } from "./order.js";
import { renderMeasurements, renderPage, type SimulatedReport, wayOf } from "./page.js";

/** From `apps/lab/dist/simulated`. */
const folder = new URL("../../../../docs/benchmarks/", import.meta.url);

const exitCodes = { ended: 0, broken: 1, usage: 2 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const order = orderOf(args);
  if (typeof order === "number") return order;
  try {
    const measurements = measureAll(order);
    console.log(`\n${renderMeasurements(measurements)}\n`);
    if (order.isSaved) await save(reportOf(order, measurements));
    return exitCodes.ended;
  } catch (error) {
    console.error(messageOf(error));
    return exitCodes.broken;
  }
}

/** What to do, or the exit code when there is nothing to do. */
function orderOf(args: readonly string[]): Order | number {
  try {
    const order = parseOrder(args);
    if (order !== undefined) return order;
    console.log(usage());
    return exitCodes.ended;
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${usage()}`);
    return exitCodes.usage;
  }
}

function measureAll(order: Order): readonly Measurement[] {
  const experiments = experimentsOf(order, order.seed);
  return experiments.map((experiment, place) => {
    const { peerCount, chunkCount, pull, trouble } = experiment;
    const what = `${wayOf(experiment)}, ${peerCount} peers, ${chunkCount} chunks, ${trouble}, ${pull}`;
    console.error(`${place + 1}/${experiments.length} ${what}`);
    return runExperiment(experiment, cpuMs);
  });
}

/** What this process has computed so far, on all its threads. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function reportOf({ command }: Order, measurements: readonly Measurement[]): SimulatedReport {
  const date = new Date().toISOString().slice(0, 10);
  return { version: 2, date, node: process.version, command, measurements };
}

async function save(report: SimulatedReport): Promise<void> {
  await mkdir(folder, { recursive: true });
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  await writeFile(fileURLToPath(new URL("simulated.json", folder)), json);
  await writeFile(fileURLToPath(new URL("simulated.md", folder)), renderPage(report));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
