import { Allowance } from "@palmtree/transport/core";
import type { Context } from "../context.js";

/**
 * Datagrams that a peer may say to another at once, and more with every millisecond. In swarms of 1,000
 * under loss and delay nobody but the root says more than 5 at once and 8 a second more to one other; after
 * a pause of this process there is as much as the operating system's buffer holds.
 */
const mostTalk = 256;
const talkPerMs = 0.016;

interface Talker {
  readonly allowance: Allowance;
  /** Whether it was told that this one floods. */
  isTold: boolean;
}

/** Finds who floods this peer with datagrams: what one says costs the other a signature or two. */
export class TalkWatch {
  readonly #context: Context;
  readonly #talkers = new Map<number, Talker>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** That peer, which is not the root, says something. @returns whether to listen to it */
  hears(number: number): boolean {
    const talker = this.#talkers.get(number) ?? this.#meet(number);
    if (talker.allowance.take(this.#context.now)) return true;
    if (talker.isTold) return false;
    talker.isTold = true;
    const message = `said more than ${mostTalk} things at once and ${talkPerMs * 1_000} a second`;
    this.#context.tell({ type: "misbehaved", number, code: "limit-exceeded", message });
    return false;
  }

  /** The number is another peer's, which has said nothing. */
  forget(number: number): void {
    this.#talkers.delete(number);
  }

  #meet(number: number): Talker {
    const allowance = new Allowance(mostTalk, talkPerMs, this.#context.now);
    const talker = { allowance, isTold: false };
    this.#talkers.set(number, talker);
    return talker;
  }
}
