import { Allowance } from "../core/allowance.js";

/**
 * Datagrams of one sender that are read at once in one session, and more with every millisecond. To check a
 * signature and sign an answer takes 0.3 ms, and everybody in the group may ask; what peers have to say to each
 * other are some ten a second, and hundreds at once where one refers all others to another.
 */
const mostSaid = 512;
const saidPerMs = 0.064;

/**
 * How much each sender of a session has said lately. Only what it has signed counts: nobody can use up what is
 * allowed to another. There are no more senders than those whose counters are remembered.
 */
export class TalkLimit {
  readonly #senders = new Map<string, Allowance>();

  /** Whether that sender has said so much that what it says now need not be looked at. */
  isReached(sender: string, now: number): boolean {
    return this.#senders.get(sender)?.isSpent(now) === true;
  }

  /** @param sender - who has said something, and signed it */
  note(sender: string, now: number): void {
    let allowance = this.#senders.get(sender);
    if (allowance === undefined) {
      allowance = new Allowance(mostSaid, saidPerMs, now);
      this.#senders.set(sender, allowance);
    }
    allowance.take(now);
  }
}
