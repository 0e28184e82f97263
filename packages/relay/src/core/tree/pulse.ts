import type { Context } from "../context.js";
import type { Neighbourhood } from "../hypercube/neighbourhood.js";
import type { ChildSlots } from "./child-slots.js";

/**
 * The root's pulse, which keeps circles out of the tree: the root counts it up, and it only travels
 * from parent to child. An orphan takes a parent only if that one knows a newer pulse than the orphan
 * had. Whoever hangs below the orphan heard its pulses through it, so none of them qualifies; the
 * argument is that of destination sequence numbers (Perkins and Bhagwat, DSDV, 1994).
 */
export class Pulse {
  readonly #context: Context;
  readonly #neighbourhood: Neighbourhood;
  readonly #slots: ChildSlots;
  #newest = 0;
  #beatAt: number | undefined;

  /** @param slots whose children it is passed on to */
  constructor(context: Context, neighbourhood: Neighbourhood, slots: ChildSlots) {
    this.#context = context;
    this.#neighbourhood = neighbourhood;
    this.#slots = slots;
  }

  /** The newest that is known; grows along every path from a leaf to the root. */
  get newest(): number {
    return this.#newest;
  }

  /** Root: whether it is counted up now and then. */
  get isBeating(): boolean {
    return this.#beatAt !== undefined;
  }

  /** Root: count it up, now and from now on. */
  beat(): void {
    this.#newest += 1;
    this.#beatAt = this.#context.now + this.#context.options.pulseIntervalMs;
    this.passOn();
  }

  stop(): void {
    this.#beatAt = undefined;
  }

  /** A parent, or one to be, knows this one. @returns whether it is news */
  learn(pulse: number): boolean {
    if (pulse <= this.#newest) return false;
    this.#newest = pulse;
    return true;
  }

  /** Let the children know it. */
  passOn(): void {
    for (const number of this.#slots.children) {
      const to = this.#neighbourhood.get(number);
      if (to !== undefined) this.#context.send(to, { type: "ping", pulse: this.#newest });
    }
  }

  onTick(): void {
    if (this.#beatAt !== undefined && this.#beatAt <= this.#context.now) this.beat();
  }

  deadline(): number | undefined {
    return this.#beatAt;
  }
}
