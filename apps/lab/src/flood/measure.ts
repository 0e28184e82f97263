import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Measurement } from "../metrics.js";
import { type Palmtree, startReceiver, withKey } from "../processes/palmtree.js";
import { Roster } from "../processes/roster.js";
import type { WatchedProcess } from "../processes/watched-process.js";
import type { Flooding, Scenario } from "../scenario.js";
import type { Source } from "../source.js";
import { measureTransfer } from "../transfer.js";
import { mebibyte } from "../units.js";
import { floodArguments } from "./flood.js";

/** Where and how a flooded transfer runs. */
export interface FloodedOptions {
  readonly palmtree: Palmtree;
  /** The lab's own program, which can be a stranger. */
  readonly labFile: string;
  /** Made for it, and removed. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

type FloodedScenario = Scenario & { readonly flooding: Flooding };

/** After this a process that was started does not grow by itself: it has rehearsed. */
const settledMs = 3_000;

/**
 * Floods a receiver that nobody sends to; then measures a transfer that is left alone, and the same
 * one while its sender and a receiver are flooded. A session that begins under such a flood may not
 * come about: an invitation is one datagram among 100,000.
 *
 * @throws Error when a process fails or hangs
 */
export async function measureFlooded(
  scenario: FloodedScenario,
  source: Source,
  options: FloodedOptions,
): Promise<Measurement> {
  const { directory, signal } = options;
  await mkdir(directory, { recursive: true });
  try {
    const palmtree = await withKey(options.palmtree, directory);
    const idle = await measureIdle(scenario, { ...options, palmtree });
    const place = join(directory, "transfer");
    const alone = await measureTransfer(scenario, source, { palmtree, directory: place, signal });
    const strangers = new Strangers(scenario, { ...options, palmtree });
    const sender = `127.0.0.1:${await freePort()}`;
    const listening = [...scenario.sendArguments, "--listen", sender];
    const flooded = await measureTransfer({ ...scenario, sendArguments: listening }, source, {
      palmtree,
      directory: place,
      signal,
      onStarted: (roster, [receiver = ""]) => strangers.flood(roster, [receiver, sender]),
    });
    const rate = { "transfer-junk-rate": strangers.rate };
    return { ...flooded, ...idle, ...rate, ...growthOf(flooded, alone) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Processes that flood. */
class Strangers {
  readonly #scenario: FloodedScenario;
  readonly #labFile: string;
  readonly #keyFile: string;
  readonly #processes: WatchedProcess[] = [];

  constructor(scenario: FloodedScenario, { labFile, palmtree }: FloodedOptions) {
    this.#scenario = scenario;
    this.#labFile = labFile;
    this.#keyFile = palmtree.keyArguments.at(-1) ?? "";
  }

  /** Resolves when all of them have begun. */
  async flood(roster: Roster, targets: readonly string[]): Promise<void> {
    const { flooding, timeoutMs } = this.#scenario;
    const { datagramsPerSecond, strangerCount } = flooding;
    const share = datagramsPerSecond / strangerCount / targets.length;
    const flood = { targets, datagramsPerSecond: share, connectionsPerSecond: 0 };
    const args = [this.#labFile, ...floodArguments({ ...flood, keyFile: this.#keyFile })];
    const started = Array.from({ length: strangerCount }, (_, at) =>
      roster.start(process.execPath, args, { name: `stranger ${at + 1}`, timeoutMs }),
    );
    this.#processes.push(...started);
    await Promise.all(started.map((each) => each.first("flooding")));
  }

  /** Datagrams a second of all together. */
  get rate(): number {
    return this.#processes.reduce((sum, each) => sum + rateOf(each), 0);
  }
}

/** From its first word on how much it has said to its last one. */
function rateOf(stranger: WatchedProcess): number {
  const told = stranger.printed("said");
  const [first, last] = [told[0], told.at(-1)];
  if (first === undefined || last === undefined || first === last) return 0;
  const said = Number(last.value.datagrams) - Number(first.value.datagrams);
  return said / ((last.atMs - first.atMs) / 1_000);
}

async function measureIdle(
  scenario: FloodedScenario,
  options: FloodedOptions,
): Promise<Measurement> {
  const { palmtree, directory, signal } = options;
  const { flooding, timeoutMs } = scenario;
  const strangers = new Strangers(scenario, options);
  await using roster = new Roster(signal);
  const place = join(directory, "idle");
  const order = { name: "receiver", directory: place, timeoutMs };
  const { process: receiver, address } = await startReceiver(roster, palmtree, order);
  await sleep(settledMs, undefined, { signal });
  receiver.sample();
  const before = receiver.usage?.memoryBytes;
  await strangers.flood(roster, [address]);
  await sleep(flooding.idleMs, undefined, { signal });
  receiver.sample();
  const after = receiver.usage?.peakMemoryBytes;
  const rate = { "junk-rate": strangers.rate };
  if (before === undefined || after === undefined) return rate;
  return { ...rate, "idle-growth": (after - before) / mebibyte };
}

/** Nothing where the system does not tell. */
function growthOf(flooded: Measurement, alone: Measurement): Measurement {
  const growth = (of: "sender-memory" | "receiver-memory"): number | undefined => {
    const [more, less] = [flooded[of], alone[of]];
    return more === undefined || less === undefined ? undefined : Math.max(0, more - less);
  };
  const [sender, receiver] = [growth("sender-memory"), growth("receiver-memory")];
  if (sender === undefined || receiver === undefined) return {};
  return { "sender-growth": sender, "receiver-growth": receiver };
}

/** The sender says nothing of its port: so one is chosen for it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
