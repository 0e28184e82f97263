/** How far a host was at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** What a host holds over time, told by itself several times a second while it gets on. */
export class Progress {
  readonly #samples: Sample[] = [];

  /** A new process counts from what it has verified; what does not grow is no progress. */
  add(sample: Sample): void {
    if (this.#samples.at(-1)?.bytes !== sample.bytes) this.#samples.push(sample);
  }

  get bytes(): number {
    return this.#samples.at(-1)?.bytes ?? 0;
  }

  /** When it last came to hold more; undefined before its first byte. */
  get movedAtMs(): number | undefined {
    return this.#samples.at(-1)?.atMs;
  }

  /**
   * The longest time without progress between two moments, in seconds.
   *
   * @param toMs - when it was whole, or when nobody looked any more
   */
  longestPauseSeconds(fromMs: number, toMs: number): number {
    const inside = this.#samples.map(({ atMs }) => atMs).filter((at) => at > fromMs && at < toMs);
    const moments = [fromMs, ...inside, toMs];
    const pauses = moments.slice(1).map((at, index) => at - (moments[index] ?? at));
    return Math.max(0, ...pauses) / 1_000;
  }
}
