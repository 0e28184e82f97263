import { rm } from "node:fs/promises";
import { join } from "node:path";
import { foreignPercent, readMachineTimes } from "../processes/machine-load.js";
import { endedChildrenCpuSeconds } from "../processes/proc-status.js";
import { makeSource } from "../source.js";
import { type Claim, Judge } from "./judge.js";
import type { ChaosScenario, Strategy } from "./scenario.js";
import { Swarm, type SwarmOptions } from "./swarm.js";

/** What came of one scenario in one strategy. */
export interface ChaosOutcome {
  readonly scenario: ChaosScenario;
  readonly strategy: Strategy;
  readonly claims: readonly Claim[];
  /** What stopped it before it could be judged. */
  readonly failure: string | undefined;
  readonly seconds: number;
  /** What other programs took of the machine meanwhile. */
  readonly foreignPercent: number;
}

/** Whether everything came as promised. */
export function isHeld({ claims, failure }: ChaosOutcome): boolean {
  return failure === undefined && claims.every((claim) => claim.isHeld);
}

/**
 * Lets a scenario happen once. What goes wrong is in the outcome.
 *
 * @throws the signal's reason when it aborts
 */
export async function runScenario(
  scenario: ChaosScenario,
  strategy: Strategy,
  options: SwarmOptions,
): Promise<ChaosOutcome> {
  const { directory, signal } = options;
  const judge = new Judge();
  let failure: string | undefined;
  const startedAtMs = performance.now();
  const machineBefore = readMachineTimes();
  const cpuBefore = endedChildrenCpuSeconds() ?? 0;
  try {
    const shape = { type: "file", sizeBytes: scenario.sizeBytes, isSparse: false } as const;
    const source = await makeSource(join(directory, "source"), shape, signal);
    await using swarm = await Swarm.build(scenario, strategy, source, options);
    await scenario.play(swarm, judge);
  } catch (error) {
    signal.throwIfAborted();
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
  const ownSeconds = (endedChildrenCpuSeconds() ?? 0) - cpuBefore;
  return {
    scenario,
    strategy,
    claims: judge.claims,
    failure,
    seconds: (performance.now() - startedAtMs) / 1_000,
    foreignPercent: foreignPercent(machineBefore, readMachineTimes(), ownSeconds),
  };
}
