import type { Timeline } from "./timeline.js";

/** Wakes its owner at the earliest of the times it was set to. It may wake too early, never late. */
export class Alarm {
  readonly #timeline: Timeline;
  readonly #wake: () => void;
  #at = Number.POSITIVE_INFINITY;

  constructor(timeline: Timeline, wake: () => void) {
    this.#timeline = timeline;
    this.#wake = wake;
  }

  /** Wake at `time` too; `Infinity` asks for nothing. */
  set(time: number): void {
    if (time >= this.#at) return;
    this.#at = time;
    this.#timeline.at(time, () => {
      // An earlier one was set meanwhile, and has rung.
      if (this.#at !== time) return;
      this.#at = Number.POSITIVE_INFINITY;
      this.#wake();
    });
  }
}
