/** Counters of one sender that are remembered: as many may overtake each other on the way. */
const mostRemembered = 16;

/** Senders of one session that are remembered. Nobody makes room for others: those are not heard. */
const mostSenders = 65_536;

interface Heard {
  /** Nothing up to here is taken any more. */
  floor: number;
  /** What was taken above it, in the order in which it came. */
  readonly counters: number[];
}

/**
 * Recognises datagrams of one session that came before. A sender's counters are sparse here, since it
 * counts what it says to everybody: so the last few are remembered, and what is older is refused.
 */
export class ReplayFilter {
  readonly #senders = new Map<string, Heard>();

  /** Whether this counter of that sender was taken before, or is too old to be. */
  isOld(sender: string, counter: number): boolean {
    const heard = this.#senders.get(sender);
    return heard !== undefined && (counter <= heard.floor || heard.counters.includes(counter));
  }

  /** Whether this counter of that sender is new; if it is, it is not the next time. */
  isNew(sender: string, counter: number): boolean {
    if (this.isOld(sender, counter)) return false;
    const heard = this.#senders.get(sender) ?? { floor: 0, counters: [] };
    if (!this.#senders.has(sender)) {
      if (this.#senders.size >= mostSenders) return false;
      this.#senders.set(sender, heard);
    }
    heard.counters.push(counter);
    if (heard.counters.length > mostRemembered) {
      const least = Math.min(...heard.counters);
      heard.floor = least;
      heard.counters.splice(heard.counters.indexOf(least), 1);
    }
    return true;
  }
}
