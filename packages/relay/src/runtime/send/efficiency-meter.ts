/** How close to the limit a transfer came, as far as can be seen from the root. */
export interface Efficiency {
  /**
   * The shortest time that the slowest link in use allows, divided by the time that it took; 1 is
   * the limit. At most 1.
   */
  readonly share: number;
  /**
   * Seconds that the same bytes would take at {@link Efficiency.bytesPerSecond}; those so far of a
   * stream that has not ended.
   */
  readonly limitSeconds: number;
  /** The best rate, over a second, of whoever's best is the worst. */
  readonly bytesPerSecond: number;
  /**
   * Whose link that is: the number of a peer that takes clearly less than others do; 0 when all
   * take about the same, so that the root's own link, or what all share, is the limit.
   */
  readonly bottleneck: number;
}

/** Rates are looked at over this long: shorter ones are bursts out of buffers. Guess. */
const windowMs = 1_000;

/** A peer whose best is below this share of the best of all is a bottleneck of its own. */
const clearlySlower = 0.8;

/** What is measured. */
export interface Measured {
  /** What each peer takes in; undefined as long as it is a stream that has not ended. */
  readonly totalBytes: number | undefined;
}

interface Seen {
  readonly samples: { readonly at: number; readonly bytes: number }[];
  best: number;
  bytes: number;
}

/**
 * Compares a transfer with the lower bound `F / min(u_root, d_min)` (docs/benchmarks): the root
 * sends every byte once at least, and every peer takes every byte. The rates are the best that each
 * peer was seen to reach, since links do not tell theirs.
 */
export class EfficiencyMeter {
  readonly #measured: Measured;
  readonly #seen = new Map<number, Seen>();
  #startedAt: number | undefined;

  /** @param measured looked at again whenever it is asked how close it came */
  constructor(measured: Measured) {
    this.#measured = measured;
  }

  /** The first chunk may leave; times are milliseconds on any one clock. */
  start(at: number): void {
    this.#startedAt ??= at;
  }

  /** The peer holds that many bytes now. */
  note(number: number, bytes: number, at: number): void {
    let seen = this.#seen.get(number);
    if (seen === undefined) {
      seen = { samples: [], best: 0, bytes: 0 };
      this.#seen.set(number, seen);
    }
    seen.bytes = bytes;
    seen.samples.push({ at, bytes });
    while ((seen.samples[1]?.at ?? at) <= at - windowMs) seen.samples.shift();
    const first = seen.samples[0];
    if (first === undefined || at < first.at + windowMs) return;
    seen.best = Math.max(seen.best, (1_000 * (bytes - first.bytes)) / (at - first.at));
  }

  /** The peer is given up: its link does not count. */
  forget(number: number): void {
    this.#seen.delete(number);
  }

  /**
   * What can be said at that time; undefined as long as nobody was seen for a second.
   *
   * While the transfer runs, the average peer's progress counts, and at the end the whole.
   */
  at(now: number): Efficiency | undefined {
    const seen = [...this.#seen].filter(([, { best }]) => best > 0);
    const startedAt = this.#startedAt;
    if (seen.length === 0 || startedAt === undefined || now <= startedAt) return undefined;
    const most = Math.max(...seen.map(([, { best }]) => best));
    const [slowest, { best: least }] = seen.reduce((one, other) =>
      other[1].best < one[1].best ? other : one,
    );
    const mean = seen.reduce((sum, [, { bytes }]) => sum + bytes, 0) / seen.length;
    const share = Math.min(1, (1_000 * mean) / least / (now - startedAt));
    const soFar = Math.max(...seen.map(([, { bytes }]) => bytes));
    return {
      share,
      limitSeconds: (this.#measured.totalBytes ?? soFar) / least,
      bytesPerSecond: Math.round(least),
      bottleneck: least < most * clearlySlower ? slowest : 0,
    };
  }
}
