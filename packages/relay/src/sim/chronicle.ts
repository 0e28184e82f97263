import { Member } from "../core/member.js";
import type { Root } from "../core/root.js";
import type { Step } from "../core/step.js";
import type { Host } from "./host.js";
import type { HostNumbers } from "./host-numbers.js";
import type { Network } from "./network/network.js";
import type { SimulationResult } from "./scenario.js";

/** Notes what happens in a simulation, and makes its result of that. */
export class Chronicle {
  readonly #hosts: readonly Host[];
  readonly #numbers: HostNumbers;
  readonly #blamed: string[] = [];
  readonly #demoted: number[] = [];
  #formed: Pick<SimulationResult, "treeSize" | "treeDepth" | "treeParents"> = {
    treeSize: 0,
    treeDepth: 0,
    treeParents: [],
  };
  #openedAtMs: number | undefined;
  #formedAtMs: number | undefined;
  #planKind: SimulationResult["planKind"];

  /** @param hosts - in the order of invitation, the root first; kept, and may change */
  constructor(hosts: readonly Host[], numbers: HostNumbers) {
    this.#hosts = hosts;
    this.#numbers = numbers;
  }

  /** When chunks could leave; undefined as long as they cannot. */
  get openedAtMs(): number | undefined {
    return this.#openedAtMs;
  }

  /** When the root took the tree for formed; undefined as long as it does not. */
  get formedAtMs(): number | undefined {
    return this.#formedAtMs;
  }

  /** Notes what a host's machine reports. */
  note(host: Host, step: Step, now: number): void {
    if (step.type === "planned") this.#planKind = step.kind;
    if (step.type === "planned" || step.type === "tree-formed") this.#openedAtMs ??= now;
    if (step.type === "blamed")
      this.#blamed.push(`${host.number} blames ${step.number}: ${step.message}`);
    if (step.type === "demoted") this.#demoted.push(step.number);
    if (step.type === "tree-formed") this.#noteFormed(step.peerCount, now);
  }

  /** What has happened until now, which is the end. */
  result(
    root: Root,
    network: Network,
    { durationMs, events }: Pick<SimulationResult, "durationMs" | "events">,
  ): SimulationResult {
    const hosts = this.#hosts;
    const attachments = hosts.map(({ address }) => network.attachment(address));
    const finishedMs = hosts.map(({ landedAtMs }) => landedAtMs);
    const landed = finishedMs.filter((atMs) => atMs !== undefined);
    return {
      durationMs,
      planKind: this.#planKind,
      openedAtMs: this.#openedAtMs,
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
      datagrams: network.datagramsSent,
      frames: network.framesSent,
      events,
      blamed: this.#blamed,
      demoted: this.#demoted,
    };
  }

  #noteFormed(size: number, now: number): void {
    let treeDepth = 0;
    const treeParents = this.#hosts.map(({ machine }) => {
      const parent = machine instanceof Member ? machine.relay.tree.parent : undefined;
      if (machine === undefined || parent === undefined) return undefined;
      treeDepth = Math.max(treeDepth, machine.relay.tree.depth);
      const host = this.#numbers.find(parent);
      return host === undefined ? undefined : this.#hosts.indexOf(host);
    });
    this.#formed = { treeSize: size, treeDepth, treeParents };
    this.#formedAtMs = now;
  }
}
