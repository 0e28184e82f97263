import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LabNetwork } from "../network/network.js";
import type { Host } from "../network/shape.js";
import { type Palmtree, receiveArguments, sendArguments } from "../processes/palmtree.js";
import { Roster } from "../processes/roster.js";
import type { Printed, WatchedProcess } from "../processes/watched-process.js";
import type { Source } from "../source.js";
import { ChaosHost } from "./chaos-host.js";
import type { Strategy, SwarmShape } from "./scenario.js";

/** Palm Tree's own port: nothing else runs on the hosts. */
const port = 4747;

/** How often connections are looked at. */
const lookMs = 50;

/** Where and how a swarm lives. */
export interface SwarmOptions {
  readonly palmtree: Palmtree;
  /** Made for it, and removed by the caller. */
  readonly directory: string;
  readonly logDirectory: string | undefined;
  readonly signal: AbortSignal;
}

/** A root and its receivers, in a network of their own, and the ways to harm them. */
export class Swarm {
  readonly hosts: readonly ChaosHost[];
  readonly source: Source;
  readonly network: LabNetwork;
  readonly signal: AbortSignal;
  readonly #shape: SwarmShape;
  readonly #strategy: Strategy;
  readonly #palmtree: Palmtree;
  readonly #roster: Roster;
  #sender: WatchedProcess | undefined;
  #begunAtMs: number | undefined;

  private constructor(
    shape: SwarmShape,
    strategy: Strategy,
    source: Source,
    network: LabNetwork,
    { palmtree, directory, logDirectory, signal }: SwarmOptions,
  ) {
    this.#shape = shape;
    this.#strategy = strategy;
    this.source = source;
    this.network = network;
    this.signal = signal;
    this.#palmtree = palmtree;
    if (logDirectory !== undefined) mkdirSync(logDirectory, { recursive: true });
    this.#roster = new Roster(signal, { logDirectory, sampleIntervalMs: 1_000 });
    this.hosts = network.hosts.slice(1).map((host) => {
      const own = join(directory, `host-${host.number}`);
      mkdirSync(own, { recursive: true });
      return new ChaosHost(host, own, (...order) => this.#startReceiver(...order));
    });
  }

  /** Builds the network; nothing runs on it yet. */
  static async build(
    shape: SwarmShape,
    strategy: Strategy,
    source: Source,
    options: SwarmOptions,
  ): Promise<Swarm> {
    const { receiverCount, bitsPerSecond, slowBitsPerSecond } = shape;
    const linkRates = Array.from(
      { length: 1 + receiverCount },
      (_, number) => slowBitsPerSecond?.[number] ?? bitsPerSecond,
    );
    const network = await LabNetwork.build({ linkRates });
    return new Swarm(shape, strategy, source, network, options);
  }

  /** The sender that runs, or ran last. */
  get sender(): WatchedProcess {
    if (this.#sender === undefined) throw new Error("nothing is sent yet");
    return this.#sender;
  }

  get root(): Host {
    const [root] = this.network.hosts;
    if (root === undefined) throw new Error("the network has no root");
    return root;
  }

  /** The host of a number, from 1. */
  host(number: number): ChaosHost {
    const found = this.hosts[number - 1];
    if (found === undefined) throw new RangeError(`there is no host ${number}`);
    return found;
  }

  /** All but these. */
  others(...excluded: readonly ChaosHost[]): readonly ChaosHost[] {
    return this.hosts.filter((host) => !excluded.includes(host));
  }

  /** Starts receivers, then the sender; resolves when the first chunks are on a disk. */
  async begin(receivers: readonly ChaosHost[] = this.hosts): Promise<void> {
    await Promise.all(receivers.map((host) => host.receive()));
    this.send();
    while (this.hosts.every(({ progress }) => progress.bytes === 0)) await this.pauseMs(lookMs);
    this.#begunAtMs = performance.now();
  }

  /** Starts the sender, or starts it again. */
  send(): void {
    const order = {
      path: this.source.path,
      addresses: this.hosts.map(({ host }) => `${host.address}:${port}`),
      sendArguments: [
        ...["--listen", `${this.root.address}:${port}`, "--strategy", this.#strategy],
        ...(this.#strategy === "tree" ? ["--fanout", "2"] : []),
        ...this.#shape.sendArguments,
      ],
    };
    const args = sendArguments(this.#palmtree, order);
    this.#sender = this.#start(this.root, "root", args, () => {});
  }

  /** Waits until so many seconds after the first chunk. */
  async at(seconds: number): Promise<void> {
    const at = (this.#begunAtMs ?? performance.now()) + seconds * 1_000;
    await this.pauseMs(Math.max(0, at - performance.now()));
  }

  async pauseMs(durationMs: number): Promise<void> {
    await pause(durationMs, undefined, { signal: this.signal });
  }

  /**
   * How long it takes until none of these has a TCP connection to a host any more, in seconds;
   * undefined when it takes longer than asked for.
   */
  async noticedSeconds(
    host: Host,
    by: readonly ChaosHost[],
    withinSeconds: number,
  ): Promise<number | undefined> {
    const startedAtMs = performance.now();
    for (;;) {
      const seconds = (performance.now() - startedAtMs) / 1_000;
      if (!by.some((one) => one.isConnectedTo(host))) return seconds;
      if (seconds > withinSeconds) return undefined;
      await this.pauseMs(lookMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#roster[Symbol.asyncDispose]();
    this.network.remove();
  }

  #startReceiver(
    { host, name, directory }: ChaosHost,
    more: readonly string[],
    onPrinted: (printed: Printed) => void,
  ): WatchedProcess {
    const place = { listen: `${host.address}:${port}`, directory };
    const standIn = this.#shape.standIns?.[host.number];
    const args = standIn?.(place) ?? receiveArguments(this.#palmtree, { name, ...place, more });
    return this.#start(host, name, args, onPrinted);
  }

  #start(
    host: Host,
    name: string,
    args: readonly string[],
    onPrinted: (printed: Printed) => void,
  ): WatchedProcess {
    const command = this.network.commandOn(host, process.execPath, args);
    const options = { name, timeoutMs: this.#shape.timeoutMs, onPrinted };
    return this.#roster.start(command.program, command.args, options);
  }
}
