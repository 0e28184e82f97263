import { describe, expect, test } from "vitest";
import { faultsOf, roughScenario, simulate } from "../../src/sim/index.js";

const swarmCount = 200;
const batchSize = 20;

/** One seed to repeat, if one is asked for. */
const only = process.env.PALMTREE_SWARM;
const seeds =
  only === undefined ? Array.from({ length: swarmCount }, (_, place) => place + 1) : [Number(only)];
const batches = Array.from({ length: Math.ceil(seeds.length / batchSize) }, (_, place) =>
  seeds.slice(place * batchSize, (place + 1) * batchSize),
);

function run(seed: number): string[] {
  const scenario = roughScenario(seed);
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
    { timeout: 240_000 },
    ({ batch }) => {
      const failures = batch.flatMap((seed) => {
        const faults = run(seed);
        return faults.length === 0 ? [] : [report(seed, faults)];
      });
      expect(failures.join("\n")).toBe("");
    },
  );
});
