import type { ToolName } from "../peers/tool.js";
import type { ShapedMetric } from "./metrics.js";

/** What happens to the hosts of a run while it goes on. Times are shares of F/B. */
export interface Faults {
  /** A host whose link is slower than the others' from the start. */
  readonly slow?: { readonly host: number; readonly bitsPerSecond: number };
  /** A host that falls silent. */
  readonly cutOff?: { readonly host: number; readonly atShare: number };
  /** Hosts that come late. */
  readonly join?: { readonly count: number; readonly atShare: number };
  /** A stranger on the network, from the start, and whom it floods. */
  readonly flood?: {
    readonly hosts: readonly number[];
    readonly datagramsPerSecond: number;
    readonly connectionsPerSecond: number;
  };
}

/** A number that Palm Tree promises not to exceed. */
export interface ShapedPromise {
  readonly metric: ShapedMetric;
  /** In which of its ways to run: encrypted, if it is not said. */
  readonly by?: "palmtree-open";
  readonly atMost: number;
  /** The limit is this many times what the tool took in the same runs; absent: a number as is. */
  readonly versus?: ToolName;
  /** `median`: of several runs the middle one keeps it. `every-run`: no run breaks it. */
  readonly judged: "median" | "every-run";
}

/** One benchmark in the lab: a file sent to some hosts over links that are alike. */
export interface ShapedScenario {
  readonly name: string;
  /** A phrase for people. */
  readonly about: string;
  readonly sizeBytes: number;
  /** Those that are there from the start. */
  readonly receiverCount: number;
  /** What every link carries each way, in bits a second; undefined: what the machine can do. */
  readonly bitsPerSecond: number | undefined;
  readonly faults: Faults;
  /** Those that run unless others are named. */
  readonly tools: readonly ToolName[];
  readonly promises: readonly ShapedPromise[];
  /** How long a distribution may take. A tool that takes longer did not finish. */
  readonly timeoutMs: number;
  /** Whether it runs when no scenario is named. */
  readonly isDefault: boolean;
}

/** F/B, the time that the file takes over one link, in seconds; undefined where nothing is shaped. */
export function linkSeconds({ sizeBytes, bitsPerSecond }: ShapedScenario): number | undefined {
  return bitsPerSecond === undefined ? undefined : (sizeBytes * 8) / bitsPerSecond;
}

/** Whether a host's time counts: those that are slow, cut off or late do not hold up the others. */
export function isCounted({ faults }: ShapedScenario, host: number): boolean {
  return host !== faults.slow?.host && host !== faults.cutOff?.host;
}

/** The link of each host, root first, latecomers behind the others, a stranger last. */
export function linkRatesOf(scenario: ShapedScenario): readonly (number | undefined)[] {
  const { receiverCount, bitsPerSecond, faults } = scenario;
  const strangerCount = faults.flood === undefined ? 0 : 1;
  const hostCount = 1 + receiverCount + (faults.join?.count ?? 0) + strangerCount;
  return Array.from({ length: hostCount }, (_, number) =>
    number === faults.slow?.host ? faults.slow.bitsPerSecond : bitsPerSecond,
  );
}

/** Bytes that a run takes of the disk at most: the source and all copies. */
export function neededBytes(scenario: ShapedScenario): number {
  return linkRatesOf(scenario).length * scenario.sizeBytes;
}
