import { rm } from "node:fs/promises";
import { join } from "node:path";
import { measureBaseline } from "./baselines.js";
import { measureFlooded } from "./flood/measure.js";
import type { Measurement } from "./metrics.js";
import type { Palmtree } from "./processes/palmtree.js";
import type { Outcome } from "./report/report.js";
import { neededBytes, type Scenario } from "./scenario.js";
import { makeSource, type Source } from "./source.js";
import { measureTransfer } from "./transfer.js";
import { lackOfRoom } from "./workplace.js";

/** Where and how the benchmarks run. */
export interface BenchOptions {
  readonly palmtree: Palmtree;
  /** The lab's own program, which can be one end of a plain copy. */
  readonly labFile: string;
  /** Everything is written below it. */
  readonly directory: string;
  readonly runCount: number;
  readonly signal: AbortSignal;
  /** Told what happens, for people. */
  readonly log: (line: string) => void;
}

/**
 * Runs a scenario: makes what it sends once, then measures baselines and transfer in turn. What
 * goes wrong is in the outcome.
 *
 * @throws the signal's reason when it aborts
 */
export async function runScenario(scenario: Scenario, options: BenchOptions): Promise<Outcome> {
  const { directory, runCount, signal, log } = options;
  const skipped = await lackOfRoom(directory, neededBytes(scenario));
  if (skipped !== undefined) {
    log(`${scenario.name}: skipped: ${skipped}`);
    return { scenario, runs: [], failure: undefined, skipped };
  }
  const place = join(directory, scenario.name);
  const runs: Measurement[] = [];
  try {
    log(`${scenario.name}: ${scenario.about}`);
    const source = await makeSource(join(place, "source"), scenario.source, signal);
    for (let run = 1; run <= runCount; run += 1) {
      log(`${scenario.name}: run ${run} of ${runCount}`);
      runs.push(await measureOnce(scenario, source, { ...options, directory: place }));
    }
    return { scenario, runs, failure: undefined, skipped: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const failure = error instanceof Error ? error.message : String(error);
    log(`${scenario.name}: failed: ${failure}`);
    return { scenario, runs, failure, skipped: undefined };
  } finally {
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function measureOnce(
  scenario: Scenario,
  source: Source,
  { palmtree, labFile, directory, signal }: BenchOptions,
): Promise<Measurement> {
  const { baselines, receiverCount: copies, timeoutMs } = scenario;
  let measured: Measurement = {};
  for (const baseline of baselines) {
    const place = join(directory, "baseline");
    const options = { directory: place, labFile, copies, timeoutMs, signal };
    measured = { ...measured, ...(await measureBaseline(baseline, source, options)) };
  }
  const place = join(directory, "receivers");
  const options = { palmtree, labFile, directory: place, signal };
  const transfer =
    scenario.flooding === undefined
      ? await measureTransfer(scenario, source, options)
      : await measureFlooded({ ...scenario, flooding: scenario.flooding }, source, options);
  return withRatio({ ...measured, ...transfer });
}

/** Both rates of one run, minutes apart at most: their ratio depends little on the machine. */
function withRatio(measured: Measurement): Measurement {
  const plain = measured["plain-tcp-rate"];
  const ours = measured["slowest-receiver-rate"];
  if (plain === undefined || ours === undefined) return measured;
  return { ...measured, "plain-tcp-ratio": ours / plain };
}
