import type { EventQueue } from "../event-queue.js";

/** Virtual time: what it is, and what happens later. */
export class Timeline {
  readonly #queue: EventQueue;
  readonly #clock: () => number;

  constructor(queue: EventQueue, clock: () => number) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /** Virtual milliseconds since the simulation's start. */
  get now(): number {
    return this.#clock();
  }

  /** Let `action` happen at `time`, or at once where that has passed. */
  at(time: number, action: () => void): void {
    this.#queue.push(Math.max(time, this.#clock()), action);
  }

  later(delayMs: number, action: () => void): void {
    this.#queue.push(this.#clock() + delayMs, action);
  }
}
