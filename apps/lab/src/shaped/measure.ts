import { rm } from "node:fs/promises";
import { fingerprint } from "../fingerprint.js";
import { LabNetwork } from "../network/network.js";
import type { Station, Tool } from "../peers/tool.js";
import { foreignPercent, readMachineTimes } from "../processes/machine-load.js";
import { endedChildrenCpuSeconds } from "../processes/proc-status.js";
import type { Source } from "../source.js";
import type { Course } from "./course.js";
import type { ShapedMeasurement } from "./metrics.js";
import { linkRatesOf, linkSeconds, type ShapedScenario } from "./scenario.js";
import { type RunOptions, Scene } from "./scene.js";

/** What came of one run of one tool. */
export interface Run {
  readonly measured: ShapedMeasurement;
  /** Of those that count, how many had the file when the run ended. */
  readonly completeCount: number;
  readonly countedCount: number;
}

/**
 * Distributes the source once, in a network of its own, and compares the copies with it.
 *
 * @throws Error when a process fails or a copy is wrong
 */
export async function measureRun(
  scenario: ShapedScenario,
  tool: Tool,
  source: Source,
  options: RunOptions,
): Promise<Run> {
  const { directory, signal } = options;
  try {
    await using network = await LabNetwork.build({ linkRates: linkRatesOf(scenario) });
    const machineBefore = readMachineTimes();
    const cpuBefore = endedChildrenCpuSeconds() ?? 0;
    const scene = new Scene(scenario, source, network, options);
    const course = await scene.play(tool);
    const cpuSeconds = (endedChildrenCpuSeconds() ?? 0) - cpuBefore;
    const foreign = foreignPercent(machineBefore, readMachineTimes(), cpuSeconds);
    await requireIntact(scene.complete(course), source, signal);
    return {
      measured: {
        ...timesOf(scenario, course),
        ...scene.usage(tool),
        "cpu-time": cpuSeconds,
        "foreign-cpu": foreign,
        ...course.said,
      },
      completeCount: course.completeCount,
      countedCount: course.countedCount,
    };
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

function timesOf(scenario: ShapedScenario, course: Course): ShapedMeasurement {
  const { countedSeconds, allSeconds } = course;
  if (countedSeconds === undefined) return {};
  const full = linkSeconds(scenario);
  const late = course.lateSeconds;
  const hasOthers = course.countedCount < scenario.receiverCount;
  return {
    seconds: countedSeconds,
    ...(late === undefined ? {} : { "late-seconds": late }),
    ...(full === undefined ? {} : { ratio: countedSeconds / full }),
    ...(full === undefined || allSeconds === undefined || !hasOthers
      ? {}
      : { "ratio-of-all": allSeconds / full }),
  };
}

/** @throws Error when a station says that it has the file and has another */
async function requireIntact(
  stations: readonly Station[],
  source: Source,
  signal: AbortSignal,
): Promise<void> {
  for (const { name, file } of stations) {
    const found = await fingerprint(file, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (found !== source.fingerprint) throw new Error(`${name} has another file than the root`);
  }
}
