import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Strategy } from "../chaos/scenario.js";
import { makeSource } from "../source.js";
import type { Lie } from "./lie.js";
import { honesty } from "./lies.js";
import { holdTrial, type Trial, type TrialOptions } from "./trial.js";
import { judge, type Tried, type Verdict } from "./verdict.js";

/** Lies after which the time without one is measured anew: the machine may be busier by then. */
const liesPerCalm = 6;

/** Where and how lies are tried. */
export interface RunOptions extends Omit<TrialOptions, "source"> {
  readonly lies: readonly Lie[];
  readonly strategies: readonly Strategy[];
  readonly runCount: number;
  readonly isTimed: boolean;
  /** Told what is seen, for people. */
  readonly log: (line: string) => void;
}

/** What is seen of one lie in one strategy, in the making. */
interface Lane extends Tried {
  readonly trials: Trial[];
  readonly ratios: number[];
}

/**
 * Tries every lie in every strategy, as often as there are runs, and honesty between them.
 *
 * @throws Error when no transfer comes about without a lie
 * @throws the signal's reason when it aborts
 */
export async function tryAll(options: RunOptions): Promise<readonly Verdict[]> {
  const { directory, shape, signal, lies, strategies, runCount } = options;
  const file = { type: "file", sizeBytes: shape.sizeBytes, isSparse: false } as const;
  const source = await makeSource(join(directory, "source"), file, signal);
  const groups = strategies.flatMap((strategy) =>
    inGroups(lies).map((group) => group.map((lie) => makeLane(lie, strategy))),
  );
  for (let run = 1; run <= runCount; run += 1)
    for (const group of groups) await tryGroup(group, run, { ...options, source });
  return groups.flat().map((lane) => judge(lane, options.isTimed));
}

function inGroups(lies: readonly Lie[]): readonly (readonly Lie[])[] {
  const count = Math.ceil(lies.length / liesPerCalm);
  return Array.from({ length: count }, (_, at) =>
    lies.slice(at * liesPerCalm, (at + 1) * liesPerCalm),
  );
}

function makeLane(lie: Lie, strategy: Strategy): Lane {
  return { lie, strategy, trials: [], ratios: [] };
}

type TrialRunOptions = TrialOptions & Pick<RunOptions, "log">;

/** One after the other, in the same strategy, after a transfer without a lie. */
async function tryGroup(
  lanes: readonly Lane[],
  run: number,
  options: TrialRunOptions,
): Promise<void> {
  let calmSeconds: number | undefined;
  for (const { lie, strategy, trials, ratios } of lanes) {
    calmSeconds ??= (await holdOne(honesty, strategy, run, options)).seconds;
    if (calmSeconds === undefined) throw new Error("without a lie not everybody gets the file");
    const trial = await holdOne(lie, strategy, run, options);
    trials.push(trial);
    ratios.push((trial.seconds ?? Number.POSITIVE_INFINITY) / calmSeconds);
  }
}

async function holdOne(
  lie: Lie,
  strategy: Strategy,
  run: number,
  options: TrialRunOptions,
): Promise<Trial> {
  const { logDirectory } = options;
  const name = `${lie.name}-${strategy}-${run}`;
  const directory = join(options.directory, name);
  try {
    const trial = await holdTrial(lie, strategy, {
      ...options,
      directory,
      logDirectory: logDirectory && join(logDirectory, name),
    });
    options.log(`${name}: ${describe(trial)}`);
    return trial;
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

function describe({ seconds, endSeconds, faults, blamed, foreignPercent }: Trial): string {
  const time = seconds === undefined ? "not all" : `all after ${seconds.toFixed(2)} s`;
  const others = `others ${foreignPercent.toFixed(0)} %`;
  return [
    `${time}, ${endSeconds === undefined ? "not ended" : `ended after ${endSeconds.toFixed(2)} s`}, ${others}`,
    ...faults,
    ...blamed.map((who) => `blamed: ${who}`),
  ].join("\n    ");
}
