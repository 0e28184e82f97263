import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fingerprint } from "../fingerprint.js";
import { LabNetwork } from "../network/network.js";
import type { Host } from "../network/shape.js";
import type { Distribution, Stage, Station, Tool } from "../peers/tool.js";
import { foreignPercent, readMachineTimes } from "../processes/machine-load.js";
import { endedChildrenCpuSeconds } from "../processes/proc-status.js";
import { Roster } from "../processes/roster.js";
import type { WatchedProcess } from "../processes/watched-process.js";
import { type Source, sourceName } from "../source.js";
import { mebibyte } from "../units.js";
import { Course } from "./course.js";
import type { ShapedMeasurement } from "./metrics.js";
import { isCounted, linkRatesOf, linkSeconds, type ShapedScenario } from "./scenario.js";

/** Where and how a run is made. */
export interface RunOptions {
  /** Made for it, and removed. */
  readonly directory: string;
  /** Where what every process says is kept; undefined: nowhere. */
  readonly logDirectory: string | undefined;
  readonly signal: AbortSignal;
}

/** What came of one run of one tool. */
export interface Run {
  readonly measured: ShapedMeasurement;
  /** Of those that count, how many had the file when the run ended. */
  readonly completeCount: number;
  readonly countedCount: number;
}

/** A process is ended by its run; this is for one that the lab somehow lost. */
const graceMs = 60_000;

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
  const { directory, logDirectory, signal } = options;
  try {
    await using network = await LabNetwork.build({ linkRates: linkRatesOf(scenario) });
    if (logDirectory !== undefined) mkdirSync(logDirectory, { recursive: true });
    const machineBefore = readMachineTimes();
    const cpuBefore = endedChildrenCpuSeconds() ?? 0;
    const scene = new Scene(scenario, source, network, options);
    const course = await scene.play(tool);
    const cpuSeconds = (endedChildrenCpuSeconds() ?? 0) - cpuBefore;
    await requireIntact(scene.stage.receivers, course, source, signal);
    return {
      measured: {
        ...timesOf(scenario, course),
        ...scene.usage(tool),
        "cpu-time": cpuSeconds,
        "foreign-cpu": foreignPercent(machineBefore, readMachineTimes(), cpuSeconds),
        ...course.said,
      },
      completeCount: course.completeCount,
      countedCount: course.countedCount,
    };
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The hosts of one run and what runs on them. */
class Scene {
  readonly stage: Stage;
  readonly #scenario: ShapedScenario;
  readonly #network: LabNetwork;
  readonly #roster: Roster;
  readonly #latecomers: readonly Station[];
  readonly #started: { readonly station: Station; readonly process: WatchedProcess }[] = [];
  #sentBytes: number | undefined;

  constructor(
    scenario: ShapedScenario,
    source: Source,
    network: LabNetwork,
    { directory, logDirectory, signal }: RunOptions,
  ) {
    this.#scenario = scenario;
    this.#network = network;
    this.#roster = new Roster(signal, logDirectory);
    const stations = network.hosts.map((host) => makeStation(host, directory, source));
    const [root, ...others] = stations;
    if (root === undefined) throw new RangeError("a lab needs a root");
    const { receiverCount, timeoutMs, bitsPerSecond } = scenario;
    this.#latecomers = others.slice(receiverCount);
    this.stage = {
      source,
      root,
      receivers: others.slice(0, receiverCount),
      bitsPerSecond,
      start: (station, program, args, more = {}) => {
        const command = network.commandOn(station.host, program, args);
        const options = { ...more, name: station.name, timeoutMs: timeoutMs + graceMs };
        const process = this.#roster.start(command.program, command.args, options);
        this.#started.push({ station, process });
        return process;
      },
    };
  }

  /** From the first process to the last: all have ended then. */
  async play(tool: Tool): Promise<Course> {
    await using roster = this.#roster;
    const distribution = await tool.start(this.stage);
    const course = new Course(distribution, (at) => isCounted(this.#scenario, at + 1));
    const incidents = this.#incidents(distribution);
    try {
      await course.end(this.#scenario.timeoutMs);
      this.#sentBytes = await this.#network.sentBytes(this.stage.root.host);
      roster.sample();
      return course;
    } finally {
      for (const timer of incidents) clearTimeout(timer);
    }
  }

  usage({ name }: Tool): ShapedMeasurement {
    const peakOf = (isWanted: (station: Station) => boolean): number => {
      const wanted = this.#started.filter(({ station }) => isWanted(station));
      return Math.max(...wanted.map(({ process }) => process.usage?.peakMemoryBytes ?? 0));
    };
    const root = peakOf((station) => station === this.stage.root) / mebibyte;
    const receiver = peakOf((station) => station !== this.stage.root) / mebibyte;
    const egress = this.#sentBytes;
    return {
      ...(egress === undefined ? {} : { "root-egress": egress / this.stage.source.bytes }),
      ...(root === 0 ? {} : { "root-memory": root }),
      // A chain's hosts run several programs each: none of them says anything about memory.
      ...(receiver === 0 || name === "chain" ? {} : { "receiver-memory": receiver }),
    };
  }

  /** What happens on the way, by the clock. */
  #incidents({ startedAtMs, join: joinLate }: Distribution): readonly NodeJS.Timeout[] {
    const { cutOff, join: late } = this.#scenario.faults;
    const fullMs = (linkSeconds(this.#scenario) ?? 0) * 1_000;
    const timers: NodeJS.Timeout[] = [];
    const at = (share: number, happen: () => void): void => {
      timers.push(setTimeout(happen, startedAtMs + share * fullMs - performance.now()));
    };
    const host = cutOff && this.#network.hosts[cutOff.host];
    if (cutOff !== undefined && host !== undefined)
      at(cutOff.atShare, () => void this.#network.cutOff(host));
    if (late !== undefined)
      at(late.atShare, () => {
        for (const station of this.#latecomers) joinLate?.(station);
      });
    return timers;
  }
}

function makeStation(host: Host, directory: string, source: Source): Station {
  const name = host.number === 0 ? "root" : `host-${host.number}`;
  const own = join(directory, name);
  mkdirSync(own, { recursive: true });
  const file = host.number === 0 ? source.path : join(own, sourceName);
  return { host, name, directory: own, file };
}

function timesOf(scenario: ShapedScenario, course: Course): ShapedMeasurement {
  const { countedSeconds, allSeconds } = course;
  if (countedSeconds === undefined) return {};
  const full = linkSeconds(scenario);
  const hasOthers = course.countedCount < scenario.receiverCount;
  return {
    seconds: countedSeconds,
    ...(full === undefined ? {} : { ratio: countedSeconds / full }),
    ...(full === undefined || allSeconds === undefined || !hasOthers
      ? {}
      : { "ratio-of-all": allSeconds / full }),
  };
}

async function requireIntact(
  receivers: readonly Station[],
  course: Course,
  source: Source,
  signal: AbortSignal,
): Promise<void> {
  for (const [at, { name, file }] of receivers.entries()) {
    if (!course.isComplete(at)) continue;
    const found = await fingerprint(file, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (found !== source.fingerprint) throw new Error(`${name} has another file than the root`);
  }
}
