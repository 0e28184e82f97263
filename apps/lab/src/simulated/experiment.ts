import type { PlanKind, PullPolicyName } from "@palmtree/relay";
import { type Scenario, type SimulationResult, simulate } from "@palmtree/relay/sim";
import { downlinkSeconds, type Load, leastSeconds, treeSeconds } from "./bounds.js";
import { blowOf, networkOf, slowness, type Trouble } from "./trouble.js";

/** One line of the table. */
export interface Experiment extends Load {
  readonly strategy: NonNullable<Scenario["strategy"]>;
  /** Most children of a peer in the control tree, and in strategy `tree` for chunks too. */
  readonly fanout: number;
  /** Strategy `pipeline`: which plan; undefined for the planner's choice. */
  readonly plan: PlanKind | undefined;
  /** Which of the chunks that are overdue are asked for first. */
  readonly pull: PullPolicyName;
  readonly trouble: Trouble;
  readonly seed: number;
}

/** What came of an experiment. Times count from the moment from which chunks may leave. */
export interface Measurement {
  readonly experiment: Experiment;
  /** The plan that was followed; undefined with strategy `tree`. */
  readonly planKind: PlanKind | undefined;
  /**
   * Until the last had everything, of those that could: without the slow and the crashed one.
   * Undefined when nobody ever had.
   */
  readonly seconds: number | undefined;
  /** The same divided by the least time that is possible without trouble. */
  readonly overLeast: number | undefined;
  /**
   * The same divided by what a tree of that shape takes; undefined with trouble or another
   * strategy.
   */
  readonly overTree: number | undefined;
  /** Until the slow one had everything, divided by what its downlink takes at least. */
  readonly slowOverLeast: number | undefined;
  /** Receivers that have everything. */
  readonly finishedCount: number;
  /** Copies of the content that the busiest peer has uploaded. */
  readonly mostCopies: number;
  /** Chunk bytes that came to peers that had them, as a part of all chunk bytes. */
  readonly duplicateShare: number;
  readonly datagramsPerPeer: number;
  /** Frames that are no chunks. */
  readonly controlFramesPerPeer: number;
  readonly events: number;
  /** CPU time that the simulation took; other programs disturb it less than they do real time. */
  readonly cpuSeconds: number;
}

/** Long enough for whatever may come of it. */
const mostMs = 1e9;

/**
 * Run one experiment.
 *
 * @param clock CPU time of this process in milliseconds
 * @throws BrokenPromise when the protocol breaks one
 */
export function runExperiment(experiment: Experiment, clock: () => number): Measurement {
  const calm = scenarioOf(experiment);
  const blow = blowOf(experiment.trouble, calm, {
    leastSeconds: leastSeconds(experiment),
    bytesPerSecond: experiment.bytesPerSecond,
  });
  const since = clock();
  const result = simulate(blow === undefined ? calm : { ...calm, events: [blow.event] });
  return measure(experiment, {
    result,
    struck: blow?.host,
    cpuSeconds: (clock() - since) / 1_000,
  });
}

function scenarioOf(experiment: Experiment): Scenario {
  const { seed, peerCount, chunkCount, chunkSizeBytes, fanout, strategy, plan } = experiment;
  const rate = experiment.bytesPerSecond;
  return {
    seed,
    peerCount,
    chunkCount,
    chunkSizeBytes,
    fanout,
    strategy,
    ...(plan === undefined ? {} : { planKind: plan }),
    peerOptions: { pullPolicy: experiment.pull },
    network: networkOf(experiment.trouble),
    areChunksEqual: true,
    mostMs,
    links: { uplinkBytesPerSecond: rate, downlinkBytesPerSecond: rate },
  };
}

function measure(
  experiment: Experiment,
  {
    result,
    struck,
    cpuSeconds,
  }: {
    readonly result: SimulationResult;
    /** The host in trouble. */
    readonly struck: number | undefined;
    readonly cpuSeconds: number;
  },
): Measurement {
  const { peerCount, chunkCount, chunkSizeBytes, trouble } = experiment;
  const { openedAtMs = Number.NaN, finishedMs } = result;
  const secondsUntil = (atMs: number | undefined): number | undefined =>
    atMs === undefined ? undefined : (atMs - openedAtMs) / 1_000;
  const able = finishedMs.filter((_, host) => host !== struck);
  const seconds = secondsUntil(latest(able));
  const isSlow = trouble === "slow" && struck !== undefined;
  const slowSeconds = isSlow ? secondsUntil(finishedMs[struck]) : undefined;
  const least = leastSeconds(experiment);
  const contentBytes = chunkCount * chunkSizeBytes;
  const mostCopies = Math.max(...result.linkBytesSent) / contentBytes;
  const chunkBytes = sum(result.payloadBytesReceived);
  return {
    experiment,
    planKind: result.planKind,
    seconds,
    overLeast: quotient(seconds, least),
    overTree: isPlainTree(experiment)
      ? quotient(seconds, treeSeconds(experiment, shapeOf(result, mostCopies)))
      : undefined,
    slowOverLeast: quotient(slowSeconds, downlinkSeconds(experiment) * slowness),
    finishedCount: result.landedCount,
    mostCopies,
    duplicateShare: sum(result.duplicateBytes) / chunkBytes,
    datagramsPerPeer: result.datagrams / peerCount,
    controlFramesPerPeer: (result.frames - chunkBytes / chunkSizeBytes) / peerCount,
    events: result.events,
    cpuSeconds,
  };
}

function isPlainTree({ strategy, trouble }: Experiment): boolean {
  return strategy === "tree" && trouble === "none";
}

function shapeOf(
  { treeDepth }: SimulationResult,
  mostCopies: number,
): Parameters<typeof treeSeconds>[1] {
  // The root knows that the tree spans a moment before the last child does.
  return { copies: Math.round(mostCopies), depth: Math.max(1, treeDepth) };
}

/** The latest of these times, where there is one. */
function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function quotient(dividend: number | undefined, divisor: number): number | undefined {
  return dividend === undefined ? undefined : dividend / divisor;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
