import type { Effect } from "../core/effect.js";
import { isSame, type SimulatedContent } from "./content.js";
import type { Host } from "./host.js";
import type { HostNumbers } from "./host-numbers.js";
import type { Scenario } from "./scenario.js";

/** A promise of the protocol that a simulation saw broken; names the seed that repeats it. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

/** What a {@link PromiseWatch} watches. */
interface Watched {
  readonly scenario: Scenario;
  readonly content: SimulatedContent;
  /** In the order of invitation, the root first; may change. */
  readonly hosts: readonly Host[];
  readonly numbers: HostNumbers;
  readonly mostChildren: number;
  /** What time it is in the simulation. */
  readonly now: () => number;
}

/**
 * Watches over what hosts do: no wrong byte is stored, passed on or landed, no peer hangs below
 * itself, nobody has more children than the fanout, and nobody wants anything after its end. Where
 * hosts are hostile less is promised (`Scenario.hostile`).
 */
export class PromiseWatch {
  readonly #watched: Watched;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** Looks at what a host wants done. @throws BrokenPromise when it should not */
  check(host: Host, effect: Effect): void {
    if (host.hasEnded) this.break(`host ${host.number} wants ${effect.type} after its end`);
    if (effect.type === "store-chunk") this.#checkPayload(host, effect);
    if (effect.type === "land") this.#checkWhole(host);
    if (effect.type !== "send-frame") return;
    if (effect.frame.type === "chunk") this.#checkPayload(host, effect.frame);
    // Nobody becomes a child without a welcome.
    if (effect.frame.type === "welcome") this.#checkFanout(host);
  }

  /** A host has got a parent. @throws BrokenPromise when it hangs below itself */
  checkNoCycle(host: Host): void {
    const { scenario, hosts, numbers } = this.#watched;
    // Who lies about its pulse may hang below whom it likes; the time-outs end that.
    if (scenario.hostile !== undefined) return;
    let above: Host | undefined = host;
    for (let steps = 0; above !== undefined; steps += 1) {
      if (steps > hosts.length) this.break(`host ${host.number} hangs below itself`);
      const parent: number | undefined = above.machine?.relay.tree.parent;
      above = parent === undefined ? undefined : numbers.find(parent);
    }
  }

  /** @throws BrokenPromise always, with the scenario's seed and the time */
  break(promise: string): never {
    const { scenario, now } = this.#watched;
    throw new BrokenPromise(`seed ${scenario.seed}, at ${now().toFixed(1)} ms: ${promise}`);
  }

  #checkPayload(
    host: Host,
    chunk: { readonly type: string; readonly index: number; readonly payload: Uint8Array },
  ): void {
    if (this.#isHostile(host)) return;
    if (isSame(chunk.payload, this.#watched.content.payloadOf(chunk.index))) return;
    this.break(`host ${host.number} lets a wrong chunk ${chunk.index} pass (${chunk.type})`);
  }

  #checkWhole(host: Host): void {
    if (this.#isHostile(host)) return;
    const { content } = this.#watched;
    for (let index = 0; index < content.chunkCount; index += 1)
      if (!isSame(host.disk.stored[index] ?? new Uint8Array(), content.payloadOf(index)))
        this.break(`host ${host.number} lands without chunk ${index}`);
  }

  #checkFanout(host: Host): void {
    const { hosts, mostChildren } = this.#watched;
    // A hostile root invites with any fanout.
    if (this.#isHostile(hosts[0] as Host)) return;
    const count = host.machine?.relay.tree.children.length ?? 0;
    if (count > mostChildren) this.break(`host ${host.number} has ${count} children`);
  }

  #isHostile(host: Host): boolean {
    return this.#watched.scenario.hostile?.has(host.address) === true;
  }
}
