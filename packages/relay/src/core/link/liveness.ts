import type { Context } from "../context.js";

/**
 * Silence after which a neighbour is asked, and the pause to the next question, as shares of the
 * limit.
 */
const doubtShare = 0.4;
const askAgainShare = 0.1;

/** Nobody is lost before so many questions were not answered. */
const leastQuestions = 4;

/**
 * Whether the neighbour at the other end of an active link is there, and when it has to be told that
 * this peer is. Suspicion comes before death: who is silent is asked, and lost only if it answers
 * nothing.
 */
export class Liveness {
  readonly #context: Context;
  #lastSentAt = 0;
  #lastHeardAt = 0;
  /** When it is asked whether it is there, if nothing is heard before. */
  #askAt = 0;
  /** Questions since it was last heard. */
  #unanswered = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  onSent(): void {
    this.#lastSentAt = this.#context.now;
  }

  /** Something came from it, in whatever way. */
  onHeard(): void {
    const { now, options } = this.#context;
    this.#lastHeardAt = now;
    this.#askAt = now + doubtShare * options.silentAfterMs;
    this.#unanswered = 0;
  }

  /** This machine stood still for so long: that it heard nothing then proves nothing about others. */
  forgive(lateMs: number): void {
    this.#lastHeardAt = Math.min(this.#context.now, this.#lastHeardAt + lateMs);
    // Answers may wait to be read: nobody is lost before they had the time.
    this.#unanswered = 0;
  }

  /** @returns `doubted` each time that it has to be asked whether it is there */
  look(): "trusted" | "doubted" | "lost" {
    const { now, options } = this.#context;
    if (this.#askAt > now) return "trusted";
    const isSilent = this.#lastHeardAt + options.silentAfterMs <= now;
    if (isSilent && this.#unanswered >= leastQuestions) return "lost";
    this.#unanswered += 1;
    this.#askAt = now + askAgainShare * options.silentAfterMs;
    return "doubted";
  }

  /** Whether nothing was sent to it for so long that it has to be told that this peer is there. */
  get isAliveDue(): boolean {
    return this.#aliveAt <= this.#context.now;
  }

  /** When something of that may be so: not before. */
  get dueAt(): number {
    return Math.min(this.#askAt, this.#aliveAt);
  }

  get #aliveAt(): number {
    return this.#lastSentAt + this.#context.options.aliveIntervalMs;
  }
}
