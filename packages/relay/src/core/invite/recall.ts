import type { Address, Invite } from "@palmtree/wire";
import type { Context } from "../context.js";

/** How often the missing are invited. */
const recallMs = 1_000;

/**
 * The root's memory of those that it has lost: while the session runs, a peer that never answered,
 * stands still or has failed is invited again, now and then. The process there may have been started
 * anew, or only now; it comes in as a latecomer. One that still takes part says so, and no more.
 */
export class Recall {
  readonly #context: Context;
  readonly #invite: Invite;
  readonly #missing: () => readonly Address[];
  #recallAt: number | undefined;
  /** Where in the list it goes on: of very many not all are invited at once. */
  #next = 0;

  /** @param missing - asked once a second */
  constructor(context: Context, invite: Invite, missing: () => readonly Address[]) {
    this.#context = context;
    this.#invite = invite;
    this.#missing = missing;
  }

  /** From now on, peers may be missing. */
  start(): void {
    this.#recallAt = this.#context.now + recallMs;
  }

  onTick(): void {
    if (this.#recallAt === undefined || this.#recallAt > this.#context.now) return;
    this.#recallAt = this.#context.now + recallMs;
    const missing = this.#missing();
    const count = Math.min(missing.length, this.#context.options.introductionWindow);
    for (let place = 0; place < count; place += 1) {
      const to = missing[(this.#next + place) % missing.length] as Address;
      this.#context.emit({ type: "send-datagram", to, message: this.#invite });
    }
    this.#next += count;
  }

  deadline(): number | undefined {
    return this.#recallAt;
  }
}
