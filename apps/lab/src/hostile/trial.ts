import type { ChaosHost } from "../chaos/chaos-host.js";
import { exits } from "../chaos/endings.js";
import type { Strategy, SwarmShape } from "../chaos/scenario.js";
import { Swarm, type SwarmOptions } from "../chaos/swarm.js";
import { foreignPercent, readMachineTimes } from "../processes/machine-load.js";
import { endedChildrenCpuSeconds } from "../processes/proc-status.js";
import type { Exit } from "../processes/watched-process.js";
import type { Source } from "../source.js";
import type { Lie } from "./lie.js";
import { memberArguments } from "./member.js";
import type { Shape } from "./shape.js";

/** What came of one transfer in which one member told a lie. */
export interface Trial {
  /** From the start of `palmtree send` until the last honest host had all; undefined: one has not. */
  readonly seconds: number | undefined;
  /**
   * The same until `send` had ended; undefined: the liar kept it waiting for longer than was
   * waited.
   */
  readonly endSeconds: number | undefined;
  /** What the honest hosts lack that are not whole, each in a phrase. */
  readonly faults: readonly string[];
  /** Who cut whom off, as the sender's report has it: `host-2 by host-1, host-3`. */
  readonly blamed: readonly string[];
  /** Whom the sender put where nobody waits for it, while the session ran. */
  readonly putAside: readonly string[];
  /** What other programs took of the machine meanwhile. */
  readonly foreignPercent: number;
}

/** Where and how trials are held. */
export interface TrialOptions extends SwarmOptions {
  readonly shape: Shape;
  readonly source: Source;
  /** The program that can be such a member. */
  readonly memberFile: string;
  readonly keyFile: string;
}

/**
 * Lets one host of a swarm tell a lie while everybody is sent a file.
 *
 * @throws Error when a process of an honest host cannot be started
 * @throws the signal's reason when it aborts
 */
export async function holdTrial(
  { name }: Lie,
  strategy: Strategy,
  options: TrialOptions,
): Promise<Trial> {
  const { shape, memberFile, keyFile } = options;
  const swarmShape: SwarmShape = {
    ...shape,
    sendArguments: [],
    standIns: {
      [shape.liar[strategy]]: (place) => [
        memberFile,
        ...memberArguments({ lie: name, ...place, keyFile }),
      ],
    },
  };
  const machineBefore = readMachineTimes();
  const cpuBefore = endedChildrenCpuSeconds() ?? 0;
  const seen = await transfer(swarmShape, strategy, options);
  const ownSeconds = (endedChildrenCpuSeconds() ?? 0) - cpuBefore;
  return { ...seen, foreignPercent: foreignPercent(machineBefore, readMachineTimes(), ownSeconds) };
}

/** All processes have ended after it. */
async function transfer(
  swarmShape: SwarmShape,
  strategy: Strategy,
  options: TrialOptions,
): Promise<Omit<Trial, "foreignPercent">> {
  const { shape, source } = options;
  await using swarm = await Swarm.build(swarmShape, strategy, source, options);
  const honest = swarm.others(swarm.host(shape.liar[strategy]));
  await swarm.begin();
  const { sender } = swarm;
  const exit = await endOf(swarm, honest);
  const hasFailed =
    exit !== undefined && exit.code !== exits.complete && exit.code !== exits.partial;
  const reported = (sender.printed("result").at(-1)?.value.peers ?? []) as readonly Reported[];
  const faults = await Promise.all(
    honest.map((host) => faultOf(host, swarm, exit && (reported.find(isOf(host)) ?? "nothing"))),
  );
  const landed = honest.map(({ landedAtMs }) => landedAtMs ?? Number.POSITIVE_INFINITY);
  const seconds = (Math.max(...landed) - sender.startedAtMs) / 1_000;
  return {
    seconds: Number.isFinite(seconds) ? seconds : undefined,
    endSeconds: exit && (exit.atMs - sender.startedAtMs) / 1_000,
    faults: [
      ...(hasFailed ? [`the sender ended with ${exit.code ?? exit.signal}`] : []),
      ...faults.filter((fault) => fault !== undefined),
    ],
    blamed: reported.flatMap(blamedIn(swarm)),
    putAside: [
      ...new Set(
        sender.printed("demoted").map(({ value }) => nameIn(swarm, value.address as string)),
      ),
    ],
  };
}

/** What a receiver may take to end once the session is over. */
const lingerMs = 8_000;

/** How often it is looked whether everything is over. */
const lookMs = 100;

/** What the sender's report says of a peer. */
interface Reported {
  readonly address: string;
  readonly status: string;
  readonly blamedBy?: { readonly peers: readonly string[] };
}

/** A liar that gets its own copy slowly may keep a session open, as anybody may who is slow. */
const mostWaitMs = 40_000;

/** How the sender ended; undefined when it still runs long after all honest hosts have everything. */
async function endOf(swarm: Swarm, honest: readonly ChaosHost[]): Promise<Exit | undefined> {
  const { sender } = swarm;
  for (let landedAtMs: number | undefined; !sender.hasExited; await swarm.pauseMs(lookMs)) {
    const haveAll = honest.every((host) => host.landedAtMs !== undefined);
    if (haveAll) landedAtMs ??= performance.now();
    if (landedAtMs !== undefined && performance.now() > landedAtMs + mostWaitMs) return undefined;
  }
  swarm.signal.throwIfAborted();
  return sender.exited;
}

/**
 * What keeps an honest host from being whole.
 *
 * @param reported - what the sender says of it; undefined as long as the session goes on
 */
async function faultOf(
  host: ChaosHost,
  { source, signal }: Swarm,
  reported: Reported | "nothing" | undefined,
): Promise<string | undefined> {
  const end = reported && (await host.ended(lingerMs));
  if (!(await host.isWhole(source.fingerprint, signal)))
    return `${host.name} has no copy: ${host.errorCode}`;
  if (reported === undefined) return undefined;
  if (end?.code !== exits.complete) return `${host.name} has not ended well`;
  if (reported === "nothing") return `${host.name} is not in the sender's report`;
  return reported.status === "complete" ? undefined : `${host.name} has failed for the sender`;
}

function isOf({ host }: ChaosHost): (peer: Pick<Reported, "address">) => boolean {
  return ({ address }) => address.startsWith(`${host.address}:`);
}

function nameIn({ hosts }: Swarm, address: string): string {
  return hosts.find((host) => isOf(host)({ address }))?.name ?? "the root";
}

function blamedIn(swarm: Swarm): (peer: Reported) => readonly string[] {
  const nameOf = (address: string): string => nameIn(swarm, address);
  return ({ address, blamedBy }) =>
    blamedBy === undefined
      ? []
      : [`${nameOf(address)} by ${blamedBy.peers.map(nameOf).join(", ")}`];
}
