import type { Address, Invite } from "@palmtree/wire";
import type { Effect } from "../core/effect.js";
import type { ChunkSizes, PeerEvent } from "../core/event.js";
import { defaultPeerOptions, type PeerOptions } from "../core/options.js";
import { Random } from "../core/random.js";
import { Root } from "../core/root.js";
import type { Step } from "../core/step.js";
import { Chronicle } from "./chronicle.js";
import { SimulatedContent } from "./content.js";
import { Disk, torn } from "./disk.js";
import { EventQueue } from "./event-queue.js";
import { Host, type World } from "./host.js";
import { hostAddress } from "./host-address.js";
import { HostNumbers } from "./host-numbers.js";
import { calmNetwork } from "./network/conditions.js";
import { Network } from "./network/network.js";
import { Timeline } from "./network/timeline.js";
import { PromiseWatch } from "./promise-watch.js";
import type {
  Crash,
  Latecomer,
  Partition,
  Restart,
  Scenario,
  ScenarioEvent,
  SimulationResult,
  StreamPauses,
} from "./scenario.js";

/**
 * Run one swarm in virtual time, with the same machines that run over real sockets, and watch the
 * promises: no wrong byte is stored, passed on or landed, no peer hangs below itself, nobody has
 * more children than the fanout, nobody wants anything after its end, and the session ends.
 *
 * @throws BrokenPromise with the scenario's seed
 *
 * @example
 * ```ts
 * const result = simulate({ seed: 7, peerCount: 33, chunkCount: 100, network: { loss: 0.1 } });
 * console.log(result.landedCount, result.durationMs);
 *
 * // 64 MiB over links of 100 Mbit/s, one of which becomes slow after two seconds.
 * const rate = { uplinkBytesPerSecond: 12_500_000, downlinkBytesPerSecond: 12_500_000 };
 * const { lastFinishedMs, linkBytesSent } = simulate({
 *   seed: 7,
 *   peerCount: 64,
 *   chunkCount: 1_024,
 *   chunkSizeBytes: 65_536,
 *   links: rate,
 *   events: [{ type: "set-rate", atMs: 2_000, host: 5, uplinkBytesPerSecond: 1_250_000 }],
 * });
 * ```
 */
export function simulate(scenario: Scenario): SimulationResult {
  return new Simulation(scenario).run();
}

/** Events at one instant, above which a machine must be asking for the same tick again and again. */
const mostEventsAtOnce = 100_000;

class Simulation implements World {
  readonly session: string;
  readonly content: SimulatedContent;
  readonly sizes: ChunkSizes;
  readonly pauses: StreamPauses;
  readonly options: PeerOptions;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly areHostsWary: boolean;
  readonly mostDiskMs: number;
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #queue = new EventQueue();
  readonly #hosts: Host[] = [];
  readonly #chronicle: Chronicle;
  readonly #promises: PromiseWatch;
  #now = 0;
  #events = 0;
  #sinceMoved = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = new Random(scenario.seed);
    this.session = this.#random.hex(32);
    this.content = new SimulatedContent(
      scenario.chunkCount ?? 20,
      scenario.chunkSizeBytes ?? 32,
      scenario.stream === undefined ? scenario.areChunksEqual : "but the last",
    );
    this.sizes = scenario.stream === undefined ? this.content : this.content.asStream;
    this.pauses = scenario.stream ?? new Map();
    this.options = { ...defaultPeerOptions, ...scenario.peerOptions };
    this.areHostsWary = scenario.areHostsWary ?? false;
    this.mostDiskMs = scenario.mostDiskMs ?? 1;
    const conditions = { ...calmNetwork, ...scenario.network };
    this.timeline = new Timeline(this.#queue, () => this.#now);
    const random = new Random(this.#random.below(2 ** 32));
    const { hostile } = scenario;
    this.network =
      hostile?.makeNetwork(this.timeline, random, conditions) ??
      new Network(this.timeline, random, conditions);
    const { content } = this;
    const hosts = this.#hosts;
    const numbers = new HostNumbers(hosts);
    this.#chronicle = new Chronicle(hosts, numbers);
    this.#promises = new PromiseWatch({
      scenario,
      content,
      hosts,
      numbers,
      mostChildren: this.#fanout,
      now: () => this.#now,
    });
    for (let place = 0; place < scenario.peerCount; place += 1) this.#addHost(place);
  }

  run(): SimulationResult {
    const { crashes = [], events = [], restarts = [] } = this.#scenario;
    for (const latecomer of this.#latecomers)
      this.#queue.push(latecomer.atMs, () => this.#comeLate(latecomer));
    const { mostMs = 600_000, isFormationOnly = false } = this.#scenario;
    const root = this.#startRoot();
    for (const crash of crashes) this.#queue.push(crash.atMs, () => this.#crash(crash));
    for (const restart of restarts) this.#queue.push(restart.atMs, () => this.#restart(restart));
    for (const event of events) this.#queue.push(event.atMs, () => this.#happen(event));
    this.#schedulePartitions("start");
    while (!this.#isOver() && !(isFormationOnly && this.#chronicle.formedAtMs !== undefined)) {
      const next = this.#queue.pop();
      if (next === undefined)
        this.#promises.break("nothing is left to happen, but the session has not ended");
      if (next.time > mostMs) this.#promises.break(`the session has not ended after ${mostMs} ms`);
      this.#sinceMoved = next.time > this.#now ? 0 : this.#sinceMoved + 1;
      if (this.#sinceMoved > mostEventsAtOnce)
        this.#promises.break("time stands still: a timer is due for ever");
      this.#now = next.time;
      this.#events += 1;
      next.action();
    }
    const { network } = this;
    return this.#chronicle.result(root, network, { durationMs: this.#now, events: this.#events });
  }

  /** The root ends last, as long as it lives; without it each receiver goes on as long as it can. */
  #isOver(): boolean {
    // Asked after each event: the hosts are not to be copied for it.
    const root = this.#hosts[0] as Host;
    if (!root.isDown) return root.hasEnded;
    return this.#hosts.every(({ machine, hasEnded, isDown }) => hasEnded || isDown || !machine);
  }

  leftoverOf(host: Host, chunk: number): Uint8Array | undefined {
    const leftover = this.#scenario.leftovers?.(this.#hosts.indexOf(host), chunk);
    const payload = this.content.payloadOf(chunk);
    if (leftover === "torn") return torn(payload);
    return leftover === "intact" ? payload : undefined;
  }

  onStep(host: Host, step: Step): void {
    const isClosed = this.#chronicle.openedAtMs === undefined;
    this.#chronicle.note(host, step, this.#now);
    if (isClosed && this.#chronicle.openedAtMs !== undefined) this.#schedulePartitions("opening");
    if (step.type === "attached") this.#promises.checkNoCycle(host);
  }

  watch(host: Host, event: PeerEvent, effects: readonly Effect[]): void {
    this.#scenario.hostile?.watch(host, event, effects);
  }

  check(host: Host, effect: Effect): void {
    this.#promises.check(host, effect);
  }

  get #fanout(): number {
    return this.#scenario.fanout ?? 4;
  }

  #addHost(place: number): void {
    const address = hostAddress(place);
    const fault = this.#scenario.diskFaults?.find(({ host }) => host === place);
    const host = this.#boot(address, new Disk(fault));
    host.lie = this.#scenario.liars?.get(place);
    this.#hosts.push(host);
    const { links } = this.#scenario;
    if (links !== undefined)
      this.network.setRates(address, typeof links === "function" ? links(place) : links);
  }

  #boot(address: Address, disk: Disk): Host {
    const host = new Host(this, address, disk, new Random(this.#random.below(2 ** 32)));
    this.network.attach(address, host);
    return host;
  }

  #startRoot(): Root {
    const host = this.#hosts[0] as Host;
    const { chunkSizeBytes, manifest } = this.content;
    const { chunkCount, totalBytes, isOpen: isStream = false } = this.sizes;
    const invite: Invite = {
      type: "invite",
      name: "simulated",
      totalBytes,
      entryCount: 1,
      chunkCount,
      chunkSizeBytes,
      isStream,
      strategy: this.#scenario.strategy ?? "tree",
      fanout: this.#fanout,
      timeoutMs: this.#scenario.timeoutMs ?? 30_000,
      manifestBytes: manifest.length,
      manifestHash: new Uint8Array(32),
      cookie: new Uint8Array(16),
      rootKey: new Uint8Array(32),
    };
    const root = new Root(host.context(), {
      session: this.session,
      address: host.address,
      invite,
      manifest,
      sizes: this.sizes,
      addresses: this.#hosts
        .filter(
          (_, place) => place > 0 && !this.#latecomers.some(({ host: late }) => late === place),
        )
        .map(({ address }) => address),
      planKind: this.#scenario.planKind,
    });
    host.machine = root;
    host.handle({ type: "start" });
    return root;
  }

  get #latecomers(): readonly Latecomer[] {
    return this.#scenario.latecomers ?? [];
  }

  #comeLate({ host: place, how }: Latecomer): void {
    const [root, host] = [this.#hosts[0], this.#hosts[place]];
    if (root === undefined || host === undefined) return;
    if (how === "knock") host.knock(root.address);
    else root.handle({ type: "peers-added", addresses: [host.address] });
  }

  #schedulePartitions(since: Partition["since"]): void {
    for (const partition of this.#scenario.partitions ?? [])
      if (partition.since === since)
        this.timeline.later(partition.atMs, () => this.#split(partition));
  }

  #split({ hosts, way, durationMs }: Partition): void {
    const addresses = new Set(hosts.map(hostAddress));
    this.network.split({ addresses, way, untilMs: this.#now + durationMs });
  }

  #happen(event: ScenarioEvent): void {
    if (event.type === "crash") return this.#crash(event);
    const host = this.#hosts[event.host];
    if (host === undefined) return;
    const rates =
      event.type === "cut" ? { uplinkBytesPerSecond: 0, downlinkBytesPerSecond: 0 } : event;
    this.network.setRates(host.address, rates);
  }

  #crash({ host: place, how }: Crash): void {
    const host = this.#hosts[place];
    if (host === undefined || host.isDown) return;
    host.isDown = true;
    this.network.detach(host.address, how === "kill");
  }

  #restart({ host: place, tornWrites, how }: Restart): void {
    const [root, dead] = [this.#hosts[0], this.#hosts[place]];
    if (root === undefined || dead?.isDown !== true) return;
    dead.disk.tear(tornWrites);
    const host = this.#boot(dead.address, dead.disk);
    // What had landed stands where it should.
    host.landedAtMs = dead.landedAtMs;
    this.#hosts[place] = host;
    if (how === "knock") host.knock(root.address);
  }
}
