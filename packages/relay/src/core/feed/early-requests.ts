import type { PeerId } from "@palmtree/wire";

/** Askers that are remembered: as many as may be introduced. The oldest makes room. */
const mostAskers = 64;

/**
 * Who asked for a feed before this peer knew it. The plan reaches neighbours at different times: a
 * sink may be told of its source before the source is told of it. Its request is answered as soon
 * as the two have met, so that it need not ask again: that would cost everybody behind it 250 ms.
 */
export class EarlyRequests {
  readonly #askedAt = new Map<PeerId, number>();
  readonly #keptMs: number;

  /** @param keptMs after this the asker asks again, or has given up */
  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  note(asker: PeerId, now: number): void {
    this.#askedAt.delete(asker);
    this.#askedAt.set(asker, now);
    const [oldest] = this.#askedAt.keys();
    if (this.#askedAt.size > mostAskers && oldest !== undefined) this.#askedAt.delete(oldest);
  }

  /** The two have met. @returns whether it asked, not long ago */
  take(asker: PeerId, now: number): boolean {
    const askedAt = this.#askedAt.get(asker);
    this.#askedAt.delete(asker);
    return askedAt !== undefined && now < askedAt + this.#keptMs;
  }
}
