import type { Host } from "./host.js";

/** Finds hosts by the numbers that they have in the session. */
export class HostNumbers {
  readonly #hosts: readonly Host[];
  readonly #known = new Map<number, Host>();

  /** @param hosts - in the order of invitation, the root first; kept, and may change */
  constructor(hosts: readonly Host[]) {
    this.#hosts = hosts;
  }

  /** Whoever has that number; nobody if the process is gone, also if another runs there now. */
  find(number: number): Host | undefined {
    if (number === 0) return this.#hosts[0];
    const known = this.#known.get(number);
    if (known?.number === number && !known.isDown) return known;
    // Numbers are given out to many at a time: one look at all hosts finds those of the others too.
    this.#known.clear();
    for (const host of this.#hosts)
      if (!this.#known.has(host.number)) this.#known.set(host.number, host);
    return this.#known.get(number);
  }
}
