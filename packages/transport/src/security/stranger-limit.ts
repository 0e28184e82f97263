import type { Address } from "@palmtree/wire";
import { networkOf } from "../address.js";
import { Allowance } from "../core/allowance.js";

/**
 * Datagrams of unknown sessions that are looked into at once, and more with every millisecond,
 * wherever they come from: junk costs 40 microseconds each, and who sends it can forge addresses.
 */
const mostUnknown = 1_024;
const unknownPerMs = 2;

/**
 * Of these, as many from one host (IPv6: from one /64), which has not that many roots: an invitation
 * is heard beside any flood that comes from elsewhere, and what one host says costs next to nothing.
 */
const mostFromOne = 64;
const fromOnePerMs = 0.1;

/** Hosts that are remembered; whichever was heard of first is forgotten first. */
const mostHosts = 1_024;

/** How much strangers have said lately, each of them and all together. */
export class StrangerLimit {
  readonly #all: Allowance;
  readonly #hosts = new Map<string, Allowance>();

  constructor(now: number) {
    this.#all = new Allowance(mostUnknown, unknownPerMs, now);
  }

  /** Somebody there says something. @returns whether to look into it */
  take(from: Address, now: number): boolean {
    return this.#hostAt(from, now).take(now) && this.#all.take(now);
  }

  #hostAt(from: Address, now: number): Allowance {
    const network = networkOf(from);
    const known = this.#hosts.get(network);
    if (known !== undefined) return known;
    const host = new Allowance(mostFromOne, fromOnePerMs, now);
    this.#hosts.set(network, host);
    const [first] = this.#hosts.keys();
    if (this.#hosts.size > mostHosts && first !== undefined) this.#hosts.delete(first);
    return host;
  }
}
