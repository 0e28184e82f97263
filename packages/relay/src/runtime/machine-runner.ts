import type { Effect, PeerEvent } from "../core/index.js";

/** A peer's machine: {@link Root} or {@link Member}. */
export interface Machine {
  handle(event: PeerEvent, now: number): readonly Effect[];
  deadline(): number | undefined;
}

/** What a runner is given beside its machine. */
export interface MachineRunnerOptions {
  /** Does what the machine wants; may post events, which are handled when this effect is done. */
  readonly perform: (effect: Effect) => void;
  /**
   * Called once, when the machine has ended. With an error when it, or `perform`, threw: a bug of
   * ours, after which the machine is not to be trusted any more.
   */
  readonly onEnd: (crash?: { readonly error: unknown }) => void;
}

/**
 * Drives one machine: hands it events one at a time, does what it wants in the order in which it
 * wants it, and wakes it at its deadline. The deadline is asked for once per burst of events, such
 * as the frames of one read. One timer, which may be early: an extra tick is harmless, and so a
 * deadline that moves back with every chunk costs no new timer.
 */
export class MachineRunner {
  readonly #machine: Machine;
  readonly #options: MachineRunnerOptions;
  #waiting: PeerEvent[] = [];
  #isBusy = false;
  #hasEnded = false;
  #isArming = false;
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(machine: Machine, options: MachineRunnerOptions) {
    this.#machine = machine;
    this.#options = options;
  }

  /** Whether the machine has ended; what is posted now is dropped. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Tell the machine. Returns when all that follows at once is done; never throws. */
  post(event: PeerEvent): void {
    if (this.#hasEnded) return;
    this.#waiting.push(event);
    if (!this.#isBusy) this.#run();
  }

  #run(): void {
    this.#isBusy = true;
    try {
      this.#handleWaiting();
    } catch (error) {
      this.#end({ error });
    } finally {
      this.#isBusy = false;
    }
    if (this.#isArming || this.#hasEnded) return;
    this.#isArming = true;
    queueMicrotask(() => this.#arm());
  }

  #handleWaiting(): void {
    // Events that come up meanwhile are appended; the list is short, so it is emptied only once.
    for (let at = 0; at < this.#waiting.length && !this.#hasEnded; at += 1) {
      const event = this.#waiting[at] as PeerEvent;
      for (const effect of this.#machine.handle(event, performance.now())) {
        if (effect.type === "end") this.#end();
        else this.#options.perform(effect);
      }
    }
    this.#waiting.length = 0;
  }

  #arm(): void {
    this.#isArming = false;
    const deadline = this.#hasEnded ? undefined : this.#deadline();
    if (deadline === undefined || deadline >= this.#wakeAt) return;
    clearTimeout(this.#timer);
    this.#wakeAt = deadline;
    this.#timer = setTimeout(() => this.#wake(), Math.max(1, deadline - performance.now()));
  }

  #wake(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    const deadline = this.#deadline();
    if (deadline !== undefined && deadline <= performance.now())
      this.#waiting.push({ type: "tick" });
    this.#run();
  }

  #deadline(): number | undefined {
    try {
      return this.#machine.deadline();
    } catch (error) {
      this.#end({ error });
      return undefined;
    }
  }

  #end(crash?: { readonly error: unknown }): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#waiting = [];
    clearTimeout(this.#timer);
    this.#options.onEnd(crash);
  }
}
