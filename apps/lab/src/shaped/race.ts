import { rm } from "node:fs/promises";
import { join } from "node:path";
import { missingPackages } from "../peers/installed.js";
import type { Tool } from "../peers/tool.js";
import { makeSource, type Source } from "../source.js";
import { formatNumber } from "../units.js";
import { lackOfRoom } from "../workplace.js";
import { measureRun, type Run } from "./measure.js";
import { neededBytes, type ShapedScenario } from "./scenario.js";

/** What came of one tool in one scenario. */
export interface ToolOutcome {
  readonly tool: Tool;
  /** One for each that was made, in order. */
  readonly runs: readonly Run[];
  /** Why a run failed; this tool's runs after it were not made. */
  readonly failure: string | undefined;
  /** Packages that it needs and this machine does not have: it was not run. */
  readonly missing: readonly string[];
}

/** What came of one scenario. */
export interface RaceOutcome {
  readonly scenario: ShapedScenario;
  readonly tools: readonly ToolOutcome[];
  /** Why nothing was run. */
  readonly skipped: string | undefined;
}

/** Where and how the lab runs. */
export interface RaceOptions {
  readonly tools: readonly Tool[];
  /** Why this scenario cannot be run here at all; undefined when it can. */
  readonly skipped: string | undefined;
  /** Everything is written below it. */
  readonly directory: string;
  readonly logDirectory: string | undefined;
  readonly runCount: number;
  readonly signal: AbortSignal;
  /** Told what happens, for people. */
  readonly log: (line: string) => void;
}

/**
 * Runs a scenario: every tool in turn, and that as often as there are runs, so that what disturbs
 * the machine disturbs all of them. What goes wrong is in the outcome.
 *
 * @throws the signal's reason when it aborts
 */
export async function race(scenario: ShapedScenario, options: RaceOptions): Promise<RaceOutcome> {
  const { directory, tools, runCount, signal, log } = options;
  const skipped = options.skipped ?? (await lackOfRoom(directory, neededBytes(scenario)));
  if (skipped !== undefined) {
    log(`${scenario.name}: skipped: ${skipped}`);
    return { scenario, tools: [], skipped };
  }
  const place = join(directory, scenario.name);
  try {
    log(`${scenario.name}: ${scenario.about}`);
    const shape = { type: "file", sizeBytes: scenario.sizeBytes, isSparse: false } as const;
    const source = await makeSource(join(place, "source"), shape, signal);
    const lanes = await Promise.all(tools.map((tool) => makeLane(tool)));
    for (let run = 1; run <= runCount; run += 1)
      for (const lane of lanes) await runOnce(lane, run, { scenario, source, place, options });
    return { scenario, tools: lanes, skipped: undefined };
  } finally {
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** An outcome in the making. */
interface Lane {
  readonly tool: Tool;
  readonly runs: Run[];
  failure: string | undefined;
  readonly missing: readonly string[];
}

async function makeLane(tool: Tool): Promise<Lane> {
  return { tool, runs: [], failure: undefined, missing: await missingPackages(tool) };
}

interface Heat {
  readonly scenario: ShapedScenario;
  readonly source: Source;
  readonly place: string;
  readonly options: RaceOptions;
}

async function runOnce(lane: Lane, run: number, heat: Heat): Promise<void> {
  const { scenario, source, place, options } = heat;
  const { runCount, signal, log, logDirectory } = options;
  const { name } = lane.tool;
  if (lane.missing.length > 0 || lane.failure !== undefined) return;
  const title = `${scenario.name}: run ${run} of ${runCount}: ${name}`;
  try {
    const made = await measureRun(scenario, lane.tool, source, {
      directory: join(place, name),
      logDirectory: logDirectory && join(logDirectory, `${scenario.name}-${run}-${name}`),
      signal,
    });
    lane.runs.push(made);
    log(`${title}: ${describe(made)}`);
  } catch (error) {
    signal.throwIfAborted();
    lane.failure = error instanceof Error ? error.message : String(error);
    log(`${title}: failed: ${lane.failure}`);
  }
}

function describe({ measured, completeCount, countedCount }: Run): string {
  const { ratio, seconds } = measured;
  if (seconds === undefined) return `not finished: ${completeCount} of ${countedCount} hosts`;
  const time = `${formatNumber(seconds)} s`;
  return ratio === undefined ? time : `${ratio.toFixed(3)} × F/B, ${time}`;
}
