import { describe, expect, test } from "vitest";
import {
  randomScenario,
  type Scenario,
  type SimulationResult,
  simulate,
} from "../../src/sim/index.js";

const swarmCount = 200;
const batchSize = 20;

/** One seed to repeat, if one is asked for. */
const only = process.env.PALMTREE_SWARM;
const seeds =
  only === undefined ? Array.from({ length: swarmCount }, (_, place) => place + 1) : [Number(only)];
const batches = Array.from({ length: Math.ceil(seeds.length / batchSize) }, (_, place) =>
  seeds.slice(place * batchSize, (place + 1) * batchSize),
);

/** What is wrong with a swarm's result. The simulation itself watches what must never happen. */
function faultsOf(scenario: Scenario, result: SimulationResult): string[] {
  const { peerCount, crashes = [], network } = scenario;
  const faults: string[] = [];
  const crashed = new Set(crashes.map(({ host }) => `10.0.0.${host}:4747`));
  const results = new Map(result.results.map((one) => [one.address, one]));
  if (result.results.length !== peerCount - 1 || results.size !== peerCount - 1)
    faults.push(`${result.results.length} results for ${peerCount - 1} receivers`);
  for (const { address, status, error } of results.values()) {
    const why = `${error?.code}: ${error?.message}`;
    if (status === "failed" && !crashed.has(address)) faults.push(`${address} failed, ${why}`);
    if (status === "failed" && !["timed-out", "not-answering"].includes(error?.code ?? ""))
      faults.push(`${address} crashed, but is said to have ended by ${why}`);
  }
  const complete = result.results.filter(({ status }) => status === "complete").length;
  // A receiver may die when it is complete, before or after its report has come up.
  if (complete > result.landedCount)
    faults.push(`${complete} are said to be complete, ${result.landedCount} are`);
  const isHonest = network?.corruption === 0;
  if (isHonest && result.blamed.length > 0) faults.push(`wrongly blamed: ${result.blamed[0]}`);
  if (isHonest && crashes.length === 0 && result.duplicateCount > 0)
    faults.push(`${result.duplicateCount} chunks were sent to who had them`);
  return faults;
}

function run(seed: number): string[] {
  const scenario = randomScenario(seed);
  try {
    return faultsOf(scenario, simulate(scenario));
  } catch (error) {
    return [String(error)];
  }
}

function report(seed: number, faults: readonly string[]): string {
  const again = `PALMTREE_SWARM=${seed} npx vitest run packages/relay/test/sim/swarms.test.ts`;
  return [`swarm ${seed} (to repeat it: ${again})`, ...faults].join("\n  ");
}

describe("in random swarms of up to 64 peers", () => {
  const named = batches.map((batch) => ({ first: batch[0], last: batch.at(-1), batch }));

  test.each(named)(
    "every surviving peer becomes complete and every crashed one is reported, seeds $first to $last",
    { timeout: 60_000 },
    ({ batch }) => {
      const failures = batch.flatMap((seed) => {
        const faults = run(seed);
        return faults.length === 0 ? [] : [report(seed, faults)];
      });
      expect(failures.join("\n")).toBe("");
    },
  );
});
