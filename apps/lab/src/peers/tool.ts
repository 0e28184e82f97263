import type { Host } from "../network/shape.js";
import type { ProcessOptions, WatchedProcess } from "../processes/watched-process.js";
import type { ShapedMeasurement } from "../shaped/metrics.js";
import type { Source } from "../source.js";

/** Everything that can distribute a file in the lab: Palm Tree and its peers. */
export const toolNames = [
  "palmtree",
  "palmtree-open",
  "palmtree-calm",
  "chain",
  "libtorrent",
  "uftp",
  "star",
] as const;
export type ToolName = (typeof toolNames)[number];

/** A program that a tool is made of, and the package of Debian that holds it. */
interface Requirement {
  readonly package: string;
  /** What is run to see whether it is there: it must end well. */
  readonly probe: readonly [program: string, ...args: string[]];
}

/** One way to distribute a file. */
export interface Tool {
  readonly name: ToolName;
  /** What it is and what it does not do, in a phrase. */
  readonly about: string;
  readonly requirements: readonly Requirement[];
  /** Whether its hosts are spared what a scenario does to them: others are compared with it. */
  readonly isSpared?: boolean;
  /** Prepares all hosts, then begins to distribute. */
  start(stage: Stage): Promise<Distribution>;
}

/** A host with what it has. */
export interface Station {
  readonly host: Host;
  /** Of the host, in messages and logs: `root`, `host-3`. */
  readonly name: string;
  /** Its own; it exists. */
  readonly directory: string;
  /** Where the copy must be in the end; on the root, the source. */
  readonly file: string;
}

/** What a tool works with in one run. */
export interface Stage {
  readonly source: Source;
  readonly root: Station;
  /** Those that are there from the start, in the order in which they are listed. */
  readonly receivers: readonly Station[];
  /** What the root's link carries, bits a second; undefined where links are not shaped. */
  readonly bitsPerSecond: number | undefined;
  /** Starts a program on a host. It is ended with the run at the latest. */
  readonly start: (
    station: Station,
    program: string,
    args: readonly string[],
    options?: Omit<ProcessOptions, "name" | "timeoutMs">,
  ) => WatchedProcess;
}

/** A distribution that has begun. */
export interface Distribution {
  /** When it began, everything being prepared; on `performance.now()`'s clock. */
  readonly startedAtMs: number;
  /** When each receiver had the whole file, in their order. One that is cut off never has. */
  readonly completions: readonly Promise<number>[];
  /** What the tool itself says in the end, once it has ended; absent: it says nothing. */
  readonly ended?: Promise<ShapedMeasurement>;
  /** Lets another host take part: when it had the whole file. Absent: nobody can join late. */
  readonly join?: (station: Station) => Promise<number>;
}
