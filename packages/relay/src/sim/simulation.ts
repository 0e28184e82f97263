import type { Address, Invite } from "@palmtree/wire";
import type { Effect } from "../core/effect.js";
import type { ChunkSizes, PeerEvent } from "../core/event.js";
import { Member } from "../core/member.js";
import { defaultPeerOptions, type PeerOptions } from "../core/options.js";
import { Random } from "../core/random.js";
import { Root } from "../core/root.js";
import type { Step } from "../core/step.js";
import { isSame, SimulatedContent } from "./content.js";
import { Disk, torn } from "./disk.js";
import { EventQueue } from "./event-queue.js";
import { Host, type World } from "./host.js";
import { hostAddress } from "./host-address.js";
import { calmNetwork } from "./network/conditions.js";
import { Network } from "./network/network.js";
import { Timeline } from "./network/timeline.js";
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

/** A promise of the protocol that a simulation saw broken; names the seed that repeats it. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

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
  readonly #hostOfNumber = new Map<number, Host>();
  readonly #blamed: string[] = [];
  readonly #demoted: number[] = [];
  #now = 0;
  #events = 0;
  #sinceMoved = 0;
  #formed: Pick<SimulationResult, "treeSize" | "treeDepth" | "treeParents"> = {
    treeSize: 0,
    treeDepth: 0,
    treeParents: [],
  };
  #formedAtMs: number | undefined;
  #planKind: SimulationResult["planKind"];

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
    while (!this.#isOver() && !(isFormationOnly && this.#formedAtMs !== undefined)) {
      const next = this.#queue.pop();
      if (next === undefined)
        this.#break("nothing is left to happen, but the session has not ended");
      if (next.time > mostMs) this.#break(`the session has not ended after ${mostMs} ms`);
      this.#sinceMoved = next.time > this.#now ? 0 : this.#sinceMoved + 1;
      if (this.#sinceMoved > mostEventsAtOnce)
        this.#break("time stands still: a timer is due for ever");
      this.#now = next.time;
      this.#events += 1;
      next.action();
    }
    return this.#result(root);
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
    if (step.type === "planned") this.#planKind = step.kind;
    if (step.type === "attached") this.#checkNoCycle(host);
    if (step.type === "blamed")
      this.#blamed.push(`${host.number} blames ${step.number}: ${step.message}`);
    if (step.type === "demoted") this.#demoted.push(step.number);
    if (step.type === "tree-formed") this.#noteFormed(step.peerCount);
  }

  watch(host: Host, event: PeerEvent, effects: readonly Effect[]): void {
    this.#scenario.hostile?.watch(host, event, effects);
  }

  check(host: Host, effect: Effect): void {
    if (host.hasEnded) this.#break(`host ${host.number} wants ${effect.type} after its end`);
    if (effect.type === "store-chunk") this.#checkPayload(host, effect);
    if (effect.type === "land") this.#checkWhole(host);
    if (effect.type !== "send-frame") return;
    if (effect.frame.type === "chunk") this.#checkPayload(host, effect.frame);
    // Nobody becomes a child without a welcome.
    if (effect.frame.type === "welcome") this.#checkFanout(host);
  }

  #checkPayload(
    host: Host,
    chunk: { readonly type: string; readonly index: number; readonly payload: Uint8Array },
  ): void {
    if (this.#scenario.hostile?.has(host.address) === true) return;
    if (isSame(chunk.payload, this.content.payloadOf(chunk.index))) return;
    this.#break(`host ${host.number} lets a wrong chunk ${chunk.index} pass (${chunk.type})`);
  }

  #checkWhole(host: Host): void {
    if (this.#scenario.hostile?.has(host.address) === true) return;
    for (let index = 0; index < this.content.chunkCount; index += 1)
      if (!isSame(host.disk.stored[index] ?? new Uint8Array(), this.content.payloadOf(index)))
        this.#break(`host ${host.number} lands without chunk ${index}`);
  }

  #checkFanout(host: Host): void {
    // A hostile root invites with any fanout.
    if (this.#scenario.hostile?.has((this.#hosts[0] as Host).address) === true) return;
    const count = host.machine?.relay.tree.children.length ?? 0;
    if (count > this.#fanout) this.#break(`host ${host.number} has ${count} children`);
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

  /** Whoever has that number; nobody if the process is gone, also if another runs there now. */
  #hostByNumber(number: number): Host | undefined {
    if (number === 0) return this.#hosts[0];
    const known = this.#hostOfNumber.get(number);
    if (known?.number === number && !known.isDown) return known;
    // Numbers are given out to many at a time: one look at all hosts finds those of the others too.
    this.#hostOfNumber.clear();
    for (const host of this.#hosts)
      if (!this.#hostOfNumber.has(host.number)) this.#hostOfNumber.set(host.number, host);
    return this.#hostOfNumber.get(number);
  }

  #checkNoCycle(host: Host): void {
    // Who lies about its pulse may hang below whom it likes; the time-outs end that.
    if (this.#scenario.hostile !== undefined) return;
    let above: Host | undefined = host;
    for (let steps = 0; above !== undefined; steps += 1) {
      if (steps > this.#hosts.length) this.#break(`host ${host.number} hangs below itself`);
      const parent: number | undefined = above.machine?.relay.tree.parent;
      above = parent === undefined ? undefined : this.#hostByNumber(parent);
    }
  }

  #noteFormed(size: number): void {
    let treeDepth = 0;
    const treeParents = this.#hosts.map(({ machine }) => {
      const parent = machine instanceof Member ? machine.relay.tree.parent : undefined;
      if (machine === undefined || parent === undefined) return undefined;
      treeDepth = Math.max(treeDepth, machine.relay.tree.depth);
      const host = this.#hostByNumber(parent);
      return host === undefined ? undefined : this.#hosts.indexOf(host);
    });
    this.#formed = { treeSize: size, treeDepth, treeParents };
    this.#formedAtMs = this.#now;
    this.#schedulePartitions("formation");
  }

  #result(root: Root): SimulationResult {
    const hosts = this.#hosts;
    const attachments = hosts.map(({ address }) => this.network.attachment(address));
    const finishedMs = hosts.map(({ landedAtMs }) => landedAtMs);
    const landed = finishedMs.filter((atMs) => atMs !== undefined);
    return {
      durationMs: this.#now,
      planKind: this.#planKind,
      formedAtMs: this.#formedAtMs,
      ...this.#formed,
      results: root.results,
      landedCount: landed.length,
      refusedCount: hosts.filter(({ wasRefused }) => wasRefused).length,
      finishedMs,
      lastFinishedMs: landed.length === 0 ? undefined : Math.max(...landed),
      failedDisks: [...hosts.keys()].filter((place) => hosts[place]?.disk.hasFailed === true),
      duplicateCount: hosts.reduce((sum, host) => sum + host.duplicateCount, 0),
      payloadBytesReceived: hosts.map(({ arrivals }) => arrivals.bytes),
      duplicateBytes: hosts.map(({ arrivals }) => arrivals.duplicateBytes),
      longestPauseMs: hosts.map(({ arrivals }) => arrivals.longestPauseMs),
      linkBytesSent: attachments.map(({ uplink }) => uplink.sentBytes),
      linkBytesReceived: attachments.map(({ downlink }) => downlink.receivedBytes),
      datagrams: this.network.datagramsSent,
      frames: this.network.framesSent,
      events: this.#events,
      blamed: this.#blamed,
      demoted: this.#demoted,
    };
  }

  #break(promise: string): never {
    throw new BrokenPromise(
      `seed ${this.#scenario.seed}, at ${this.#now.toFixed(1)} ms: ${promise}`,
    );
  }
}
