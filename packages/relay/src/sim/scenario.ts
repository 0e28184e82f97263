import type { PlanKind } from "@palmtree/topology";
import type { Strategy } from "@palmtree/wire";
import type { Effect } from "../core/effect.js";
import type { PeerOptions } from "../core/options.js";
import type { PeerResult } from "../core/step.js";
import type { HostileParty } from "./hostile-party.js";
import type { LinkRates, NetworkConditions } from "./network/conditions.js";

/** One host's end during a simulation. */
export interface Crash {
  /** The host in the order of invitation: 0 is the root, 1 the first receiver. */
  readonly host: number;
  readonly atMs: number;
  /** `kill`: its connections break at once. `vanish`: it only falls silent. */
  readonly how: "kill" | "vanish";
}

/** Something that happens to one host during a simulation. Hosts are counted as in {@link Crash}. */
export type ScenarioEvent =
  /** The host's link gets other rates, also for what is under way; what is not named stays. */
  | ({ readonly type: "set-rate"; readonly atMs: number; readonly host: number } & LinkRates)
  /** Nothing reaches the host or leaves it, and nobody is told; it goes on, and `set-rate` heals. */
  | { readonly type: "cut"; readonly atMs: number; readonly host: number }
  | ({ readonly type: "crash" } & Crash);

/** Hosts that are cut off from all others for a while. Hosts are counted as in {@link Crash}. */
export interface Partition {
  readonly hosts: readonly number[];
  /** `out`: nothing leaves them. `in`: nothing reaches them. */
  readonly way: "both" | "out" | "in";
  /** From when `atMs` counts: the simulation's start, or the moment from which chunks may leave. */
  readonly since: "start" | "opening";
  readonly atMs: number;
  readonly durationMs: number;
}

/** A host that is not invited at first. Hosts are counted as in {@link Crash}. */
export interface Latecomer {
  readonly host: number;
  readonly atMs: number;
  /** `knock`: it asks to be taken in. `added`: the root is told of it, and invites it. */
  readonly how: "knock" | "added";
}

/**
 * A host that crashed runs again: another process at the same address, with what the disk has. Hosts are
 * counted as in {@link Crash}.
 */
export interface Restart {
  readonly host: number;
  /** After the host's crash. */
  readonly atMs: number;
  /** Chunks written last that are torn, as when the power went. */
  readonly tornWrites: number;
  /** `wait`: until the root invites it again. `knock`: it asks to be taken in. */
  readonly how: "wait" | "knock";
}

/** A disk that refuses to take more. Hosts are counted as in {@link Crash}. */
export interface DiskFault {
  readonly host: number;
  /** Chunks that it takes before. */
  readonly afterWrites: number;
  /** What the host says of it. */
  readonly code: "disk-full" | "store-failed";
}

/** Milliseconds for which a simulated stream gives nothing, by the index of the chunk that is late. */
export type StreamPauses = ReadonlyMap<number, number>;

/**
 * What is on a host's disk from an earlier session: the chunk's right bytes, others (a torn write),
 * or nothing.
 */
export type Leftover = "intact" | "torn" | undefined;

/**
 * What becomes of something that a host's machine wants done: other things, or nothing. So a host
 * may say what it should not, and keep back what it should say.
 */
export type Lie = (effect: Effect) => readonly Effect[];

/** What is simulated. The same scenario always gives the same result, to the last message. */
export interface Scenario {
  /** From it all randomness follows. */
  readonly seed: number;
  /** Hosts, the root among them; at least 2. */
  readonly peerCount: number;
  /** How chunks are handed on, as the invitation says it. Default: `tree`. */
  readonly strategy?: Strategy;
  /** Strategy `pipeline`: which plan. Default: the one whose predicted time is shortest. */
  readonly planKind?: PlanKind;
  readonly fanout?: number;
  readonly chunkCount?: number;
  readonly chunkSizeBytes?: number;
  /** Every chunk is of full size; else every seventh is short, as if a file ended there. */
  readonly areChunksEqual?: boolean;
  /**
   * What is sent is a stream: nobody is told how many chunks there are, all but the last are full, and
   * the root's source pauses where this says. Default: it is not.
   */
  readonly stream?: StreamPauses;
  readonly timeoutMs?: number;
  readonly network?: Partial<NetworkConditions>;
  /** What each host's link carries, for all or by the host's number; default: no limit. */
  readonly links?: LinkRates | ((host: number) => LinkRates);
  /** Whether hosts challenge whoever invites them, as real ones do. Default: they do not. */
  readonly areHostsWary?: boolean;
  readonly peerOptions?: Partial<PeerOptions>;
  readonly mostDiskMs?: number;
  readonly crashes?: readonly Crash[];
  /** Parts of the network that are cut off, and heal. */
  readonly partitions?: readonly Partition[];
  /** Those that are started anew after their crash, each once. */
  readonly restarts?: readonly Restart[];
  /** Those that take part later than the others. */
  readonly latecomers?: readonly Latecomer[];
  /** What receivers find on their disks; hosts are counted as in {@link Crash}. Default: nothing. */
  readonly leftovers?: (host: number, chunk: number) => Leftover;
  /** Disks that fail; one for a host at most. Default: none. */
  readonly diskFaults?: readonly DiskFault[];
  /**
   * Hosts that do not follow the protocol, counted as in {@link Crash}; nothing is promised of
   * them.
   */
  readonly liars?: ReadonlyMap<number, Lie>;
  /** What else happens, in any order. */
  readonly events?: readonly ScenarioEvent[];
  /**
   * Hosts that say what they like, whatever their machines want. They may break what is promised of
   * the tree's shape and of the bytes on the way; what the others land is watched as ever.
   *
   * @internal for fuzzing
   */
  readonly hostile?: HostileParty;
  /** Stop as soon as the tree spans. */
  readonly isFormationOnly?: boolean;
  /** Virtual time after which the simulation has failed. */
  readonly mostMs?: number;
}

/** What happened. Lists by host are in the order of invitation, the root first. */
export interface SimulationResult {
  /** Virtual milliseconds until the root's machine ended; all others' where the root crashed. */
  readonly durationMs: number;
  /** The plan that the root chose, or was told; undefined with strategy `tree`. */
  readonly planKind: PlanKind | undefined;
  /**
   * When chunks could leave: in a pipeline once all knew their neighbours, else once the tree spanned;
   * undefined if they never could.
   */
  readonly openedAtMs: number | undefined;
  /** When the tree spanned all that had joined, or all had everything; undefined if it never did. */
  readonly formedAtMs: number | undefined;
  /** Peers in the tree at that moment, the root among them. */
  readonly treeSize: number;
  /** Links between the root and the furthest peer, at that moment. */
  readonly treeDepth: number;
  /**
   * Each host's parent at that moment, by its place; undefined for the root, for who is not in the
   * tree, and for the last of all: the root knows a moment before it does.
   */
  readonly treeParents: readonly (number | undefined)[];
  readonly results: readonly PeerResult[];
  /** Hosts that hold every byte. */
  readonly landedCount: number;
  /** Latecomers that were told that the session is over. */
  readonly refusedCount: number;
  /** When each host had every byte in its place; undefined for the root and where that never was. */
  readonly finishedMs: readonly (number | undefined)[];
  /** When the last of them had; undefined when none did. */
  readonly lastFinishedMs: number | undefined;
  /** Hosts whose disk refused a write, in the order of invitation. */
  readonly failedDisks: readonly number[];
  /** Chunks that came to a host although it held them, or was just verifying them. */
  readonly duplicateCount: number;
  /** Bytes of chunks that reached each host, duplicates among them. */
  readonly payloadBytesReceived: readonly number[];
  /** Bytes of chunks that reached each host again, after they had come intact. */
  readonly duplicateBytes: readonly number[];
  /**
   * The longest time for which nothing came to each host that it had not got, between its first and
   * last.
   */
  readonly longestPauseMs: readonly number[];
  /** Bytes that left each host over its link: frames with their heads, and datagrams. */
  readonly linkBytesSent: readonly number[];
  readonly linkBytesReceived: readonly number[];
  readonly datagrams: number;
  readonly frames: number;
  readonly events: number;
  readonly blamed: readonly string[];
  /** Numbers of those that the root found slow or silent, in that order. */
  readonly demoted: readonly number[];
}
