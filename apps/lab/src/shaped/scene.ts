import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { floodArguments } from "../flood/flood.js";
import type { LabNetwork } from "../network/network.js";
import type { Host } from "../network/shape.js";
import type { Distribution, Stage, Station, Tool } from "../peers/tool.js";
import { Roster } from "../processes/roster.js";
import type { WatchedProcess } from "../processes/watched-process.js";
import { type Source, sourceName } from "../source.js";
import { mebibyte } from "../units.js";
import { Course } from "./course.js";
import type { ShapedMeasurement } from "./metrics.js";
import { type Faults, isCounted, linkSeconds, type ShapedScenario } from "./scenario.js";

/** Where and how a run is made. */
export interface RunOptions {
  /** Made for it, and removed. */
  readonly directory: string;
  /** Where what every process says is kept; undefined: nowhere. */
  readonly logDirectory: string | undefined;
  readonly signal: AbortSignal;
}

/** A process is ended with its run; this is for one that the lab somehow lost. */
const graceMs = 60_000;

/** Of every tool of the lab that is flooded. */
const port = 4747;

/** The lab itself, which is one file when it is built. */
const labFile = fileURLToPath(new URL("main.js", import.meta.url));

/** Two cores have enough to do with 32 hosts. */
const sampleIntervalMs = 500;

/** The hosts of one run and what runs on them. */
export class Scene {
  readonly stage: Stage;
  readonly #scenario: ShapedScenario;
  readonly #network: LabNetwork;
  readonly #roster: Roster;
  readonly #latecomers: readonly Station[];
  readonly #stranger: Station | undefined;
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
    if (logDirectory !== undefined) mkdirSync(logDirectory, { recursive: true });
    this.#roster = new Roster(signal, { logDirectory, sampleIntervalMs });
    const stations = network.hosts.map((host) => makeStation(host, directory, source));
    const [root, ...others] = stations;
    if (root === undefined) throw new RangeError("a lab needs a root");
    const { receiverCount, timeoutMs, bitsPerSecond, faults } = scenario;
    this.#latecomers = others.slice(receiverCount, receiverCount + (faults.join?.count ?? 0));
    this.#stranger = faults.flood === undefined ? undefined : others.at(-1);
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
    const faults = tool.isSpared ? {} : this.#scenario.faults;
    await this.#flood(faults);
    const distribution = await tool.start(this.stage);
    const course = new Course(distribution, (at) => isCounted(this.#scenario, at + 1));
    const incidents = this.#incidents(faults, distribution, course);
    try {
      await course.end(this.#scenario.timeoutMs);
      this.#sentBytes = await this.#network.sentBytes(this.stage.root.host);
      roster.sample();
      return course;
    } finally {
      for (const timer of incidents) clearTimeout(timer);
    }
  }

  /** The stranger begins before anybody else. */
  async #flood({ flood }: Faults): Promise<void> {
    if (flood === undefined || this.#stranger === undefined) return;
    const { hosts, ...rates } = flood;
    const targets = hosts.map((number) => `${this.#network.hosts[number]?.address}:${port}`);
    const args = [labFile, ...floodArguments({ targets, ...rates })];
    await this.stage.start(this.#stranger, process.execPath, args).first("flooding");
  }

  /** Those that say that they have the file. */
  complete(course: Course): readonly Station[] {
    const early = this.stage.receivers.filter((_, at) => course.isComplete(at));
    return course.lateSeconds === undefined ? early : [...early, ...this.#latecomers];
  }

  /** What was used, once all have ended. */
  usage({ name }: Tool): ShapedMeasurement {
    const peakOf = (isWanted: (station: Station) => boolean): number => {
      const wanted = this.#started.filter(({ station }) => isWanted(station));
      return Math.max(...wanted.map(({ process }) => process.usage?.peakMemoryBytes ?? 0));
    };
    const notReceiving = [this.stage.root, this.#stranger];
    const root = peakOf((station) => station === this.stage.root) / mebibyte;
    const receiver = peakOf((station) => !notReceiving.includes(station)) / mebibyte;
    const egress = this.#sentBytes;
    return {
      ...(egress === undefined ? {} : { "root-egress": egress / this.stage.source.bytes }),
      ...(root === 0 ? {} : { "root-memory": root }),
      // A chain's hosts run several programs each: none of them says anything about memory.
      ...(receiver === 0 || name === "chain" ? {} : { "receiver-memory": receiver }),
    };
  }

  /** What happens on the way, by the clock. */
  #incidents(
    { cutOff, join: late }: Faults,
    { startedAtMs, join: letJoin }: Distribution,
    course: Course,
  ): NodeJS.Timeout[] {
    const fullMs = (linkSeconds(this.#scenario) ?? 0) * 1_000;
    const timers: NodeJS.Timeout[] = [];
    const at = (share: number, happen: () => void): void => {
      timers.push(setTimeout(happen, startedAtMs + share * fullMs - performance.now()));
    };
    const host = cutOff && this.#network.hosts[cutOff.host];
    if (cutOff !== undefined && host !== undefined)
      at(cutOff.atShare, () => course.include(this.#network.cutOff(host)));
    if (late !== undefined && letJoin !== undefined)
      at(late.atShare, () => {
        for (const station of this.#latecomers) course.expectLate(letJoin(station));
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
