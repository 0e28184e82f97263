import type { StandingMessage } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import type { Relay } from "../relay.js";

/** The root recalls once a second; what is said more often was not asked by it. */
const answerMs = 500;

/** Each number is said so often, since datagrams get lost; more would fill the root's link in vain. */
const mostAnswers = 3;

/**
 * How far a receiver is, as it tells up the tree, and for how long it has stood still. Opening the
 * manifest and landing files take their time, in which no chunk comes: then it gives signs of life.
 */
export class OwnProgress {
  /** Whether it opens the manifest or lands files: that no chunk comes is no reason to give up. */
  isBusy = false;
  readonly #context: Context;
  readonly #relay: Relay;
  readonly #timeoutMs: number;
  readonly #chunksHeld: () => number;
  #movedAt = 0;
  #toldAt = 0;
  #saidAt = Number.NEGATIVE_INFINITY;
  /** The most that it has said to the root itself, and how often it says that again. */
  #said = 0;
  #answersLeft = 0;
  #lifeSignAt: number | undefined;

  /** @param options - `timeoutMs`: who has stood still for so long gives up */
  constructor(
    context: Context,
    relay: Relay,
    options: { readonly timeoutMs: number; readonly chunksHeld: () => number },
  ) {
    this.#context = context;
    this.#relay = relay;
    this.#timeoutMs = options.timeoutMs;
    this.#chunksHeld = options.chunksHeld;
  }

  /** Something came, or there is a new reason to wait: the time-out begins anew. */
  move(): void {
    this.#movedAt = this.#context.now;
  }

  /** Tell the parent, if there is one, how far this peer is. */
  tell(): void {
    const { tree, self, summary } = this.#relay;
    const { parent } = tree;
    if (parent === undefined) return;
    const { now, options } = this.#context;
    this.#toldAt = now;
    const chunksHeld = this.#chunksHeld();
    summary.note({ number: self.number, parent, chunksHeld }, chunksHeld);
    this.#lifeSignAt = now + options.lifeSignIntervalMs;
  }

  /** What to say to the root itself, which asks; undefined when it has been said. */
  answer(): StandingMessage | undefined {
    const { now } = this.#context;
    const { isBusy } = this;
    const chunksHeld = this.#chunksHeld();
    if (chunksHeld > this.#said) {
      this.#said = chunksHeld;
      this.#answersLeft = mostAnswers;
    }
    // Who has captured an invitation may repeat it, and must not have this peer flood the root.
    if (this.#saidAt + answerMs > now || (this.#answersLeft === 0 && !isBusy)) return undefined;
    this.#saidAt = now;
    this.#answersLeft = Math.max(0, this.#answersLeft - 1);
    return { type: "standing", chunksHeld, isBusy };
  }

  /** When the parent was last told. */
  get toldAt(): number {
    return this.#toldAt;
  }

  /** Whether nothing has moved for the whole time-out, although something should have. */
  get isTooStill(): boolean {
    return !this.isBusy && this.#context.now >= this.#movedAt + this.#timeoutMs;
  }

  onTick(): void {
    if (this.#lifeSignAt === undefined || this.#lifeSignAt > this.#context.now) return;
    this.#lifeSignAt = undefined;
    // Only who has a reason to stand still gives a sign of life: the root must notice the others.
    if (this.isBusy) this.tell();
  }

  deadline(): number | undefined {
    const givesUpAt = this.isBusy ? undefined : this.#movedAt + this.#timeoutMs;
    return earlier(givesUpAt, this.#lifeSignAt);
  }
}
