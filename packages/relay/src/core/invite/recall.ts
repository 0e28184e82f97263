import type { Address } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { Inviter } from "./inviter.js";

/** How often the missing are invited. */
const recallMs = 1_000;

/**
 * The root's memory of those that it has lost: while the session runs, a peer that never answered,
 * stands still or has failed is invited again, now and then. The process there may have been started
 * anew, or only now; it comes in as a latecomer. One that still takes part says so, and no more.
 */
export class Recall {
  readonly #context: Context;
  readonly #inviter: Inviter;
  readonly #missing: () => readonly Address[];
  #recallAt: number | undefined;
  /** Where in the list it goes on: of very many not all are invited at once. */
  #next = 0;

  /** @param missing - asked once a second */
  constructor(context: Context, inviter: Inviter, missing: () => readonly Address[]) {
    this.#context = context;
    this.#inviter = inviter;
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
      const address = missing[(this.#next + place) % missing.length] as Address;
      this.#inviter.invite(address);
    }
    this.#next += count;
  }

  deadline(): number | undefined {
    return this.#recallAt;
  }
}
