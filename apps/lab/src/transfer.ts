import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fingerprint } from "./fingerprint.js";
import type { Measurement } from "./metrics.js";
import { foreignPercent, type MachineTimes, readMachineTimes } from "./processes/machine-load.js";
import { type Palmtree, type Receiver, startReceiver, startSender } from "./processes/palmtree.js";
import { Roster } from "./processes/roster.js";
import type { Exit, Printed, WatchedProcess } from "./processes/watched-process.js";
import type { Scenario } from "./scenario.js";
import { type Source, sourceName } from "./source.js";
import { mebibyte, megabyte } from "./units.js";

/** Where and how a transfer runs. */
export interface TransferOptions {
  readonly palmtree: Palmtree;
  /** The receivers' directories are made in it; it is removed at the end. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Told the receivers' addresses once content is on its way; what it starts ends with the run. */
  readonly onStarted?: (roster: Roster, addresses: readonly string[]) => Promise<void>;
}

/** The part of `send`'s last object that is read here. */
interface SendResult {
  readonly status: string;
  readonly peers: readonly {
    readonly address: string;
    readonly status: string;
    readonly seconds: number;
  }[];
}

/**
 * Sends once, with real processes, and compares every copy with the source.
 *
 * @throws Error when a process fails, hangs, or says something else than that all is well
 */
export async function measureTransfer(
  scenario: Scenario,
  source: Source,
  { palmtree, directory, signal, onStarted }: TransferOptions,
): Promise<Measurement> {
  const { receiverCount, sendArguments, timeoutMs } = scenario;
  try {
    await using roster = new Roster(signal);
    const before = readMachineTimes();
    const receivers = await Promise.all(
      Array.from({ length: receiverCount }, (_, at) => {
        const name = `receiver-${at + 1}`;
        return startReceiver(roster, palmtree, {
          name,
          directory: join(directory, name),
          timeoutMs,
        });
      }),
    );
    const addresses = receivers.map(({ address }) => address);
    const order = { path: source.path, addresses, sendArguments, timeoutMs };
    const sender = startSender(roster, palmtree, order);
    if (onStarted !== undefined) {
      const started = receivers.map((receiver) => receiver.process.first("started"));
      await Promise.race([Promise.all(started), sender.success()]);
      await onStarted(roster, addresses);
    }
    const exit = await sender.success();
    await Promise.all(receivers.map((receiver) => receiver.process.success()));
    return {
      ...timesOf({ sender, exit, source }),
      ...usageOf({ roster, before, sender, receivers }),
      "intact-copies": await countIntact(receivers, source, signal),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Sent {
  readonly sender: WatchedProcess;
  readonly exit: Exit;
  readonly source: Source;
}

function timesOf({ sender, exit, source }: Sent): Measurement {
  const result = sender.printed("result").at(-1);
  if (result === undefined) throw new Error("send printed no result");
  const { status, peers } = result.value as unknown as SendResult;
  if (status !== "complete") throw new Error(`send ended with the status ${status}`);
  const reportedAtMs = Math.max(...peers.map(({ address }) => endOf(address, sender, result)));
  const seconds = (reportedAtMs - sender.startedAtMs) / 1_000;
  const sessionSeconds = Math.max(...peers.map((peer) => peer.seconds));
  const megabytes = source.bytes / megabyte;
  return {
    "slowest-receiver-rate": megabytes / seconds,
    "session-rate": megabytes / sessionSeconds,
    ...(source.files > 1 ? { "file-rate": source.files / seconds } : {}),
    "command-time": (exit.atMs - sender.startedAtMs) / 1_000,
  };
}

/** When `send` said that a peer had ended; it says so again in its result, at the latest. */
function endOf(address: string, sender: WatchedProcess, result: Printed): number {
  const ended = sender.printed("peer-ended").find(({ value }) => value.address === address);
  return (ended ?? result).atMs;
}

interface Used {
  readonly roster: Roster;
  readonly before: MachineTimes;
  readonly sender: WatchedProcess;
  readonly receivers: readonly Receiver[];
}

/** Nothing where the system does not tell: `cpuSeconds` is undefined if any process was not seen. */
function usageOf({ roster, before, sender, receivers }: Used): Measurement {
  const { cpuSeconds } = roster;
  if (cpuSeconds === undefined) return {};
  const peakOf = ({ usage }: WatchedProcess): number => (usage?.peakMemoryBytes ?? 0) / mebibyte;
  return {
    "cpu-time": cpuSeconds,
    "foreign-cpu": foreignPercent(before, readMachineTimes(), cpuSeconds),
    "sender-memory": peakOf(sender),
    "receiver-memory": Math.max(...receivers.map((receiver) => peakOf(receiver.process))),
  };
}

async function countIntact(
  receivers: readonly Receiver[],
  source: Source,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for (const { directory } of receivers) {
    const path = join(directory, sourceName);
    // A copy that is not there is no intact one.
    const found = await fingerprint(path, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (found === source.fingerprint) count += 1;
  }
  return count;
}
