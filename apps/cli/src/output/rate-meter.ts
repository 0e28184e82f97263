/** Bytes per second over the last seconds, from how much there was at which time. */
export class RateMeter {
  readonly #windowMs: number;
  readonly #samples: { readonly bytes: number; readonly at: number }[] = [];

  /** @param windowMs - how far back to look; 3 seconds are calm enough to be read. Guess. */
  constructor(windowMs = 3_000) {
    this.#windowMs = windowMs;
  }

  /** @returns bytes per second; 0 as long as nothing can be said */
  add(bytes: number, at: number): number {
    this.#samples.push({ bytes, at });
    while ((this.#samples[1]?.at ?? at) <= at - this.#windowMs) this.#samples.shift();
    const [first] = this.#samples;
    if (first === undefined || at <= first.at) return 0;
    return Math.max(0, (1_000 * (bytes - first.bytes)) / (at - first.at));
  }
}
