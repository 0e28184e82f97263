#!/usr/bin/env node
import { faultsOf, roughScenario, simulate } from "@palmtree/relay/sim";
import { type Order, parseOrder, usage } from "./order.js";

const exitCodes = { kept: 0, broken: 1, usage: 2 } as const;

/** How often it says how far it is. */
const reportMs = 10_000;

process.exitCode = main(process.argv.slice(2));

function main(args: readonly string[]): number {
  let order: Order | undefined;
  try {
    order = parseOrder(args, Date.now() % 2 ** 32);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return exitCodes.usage;
  }
  if (order === undefined) {
    console.log(usage);
    return exitCodes.kept;
  }
  return soak(order);
}

function soak({ minutes, mostSwarms, seed: firstSeed }: Order): number {
  const startedAt = performance.now();
  const endsAt = startedAt + minutes * 60_000;
  let reportAt = startedAt + reportMs;
  let swarms = 0;
  let failed = 0;
  while (swarms < mostSwarms && performance.now() < endsAt) {
    const seed = (firstSeed + swarms) % 2 ** 32;
    const faults = faultsOfSwarm(seed);
    swarms += 1;
    if (faults.length > 0) {
      failed += 1;
      console.log(`${[`swarm ${seed}: ${describe(seed)}`, ...faults].join("\n  ")}`);
    }
    if (performance.now() < reportAt) continue;
    reportAt = performance.now() + reportMs;
    console.error(`${swarms} swarms, ${failed} with faults`);
  }
  const last = (firstSeed + swarms - 1) % 2 ** 32;
  console.log(`${swarms} swarms, seeds ${firstSeed} to ${last}: ${failed} with faults`);
  if (failed > 0) console.log("repeat one with: npm run soak -- --swarms 1 --seed SEED");
  return failed === 0 ? exitCodes.kept : exitCodes.broken;
}

function faultsOfSwarm(seed: number): string[] {
  const scenario = roughScenario(seed);
  try {
    return faultsOf(scenario, simulate(scenario));
  } catch (error) {
    return [String(error)];
  }
}

/** What was drawn, in a line: what tells swarms apart first. */
function describe(seed: number): string {
  const { strategy, planKind, seed: _, peerOptions: __, ...drawn } = roughScenario(seed);
  return JSON.stringify({ strategy, planKind, ...drawn });
}
