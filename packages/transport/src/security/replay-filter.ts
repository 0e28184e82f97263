/** Counters of one sender that are remembered: as many may overtake each other on the way. */
const mostRemembered = 16;

/** Senders that are remembered; whoever was silent for longest is forgotten first. */
const mostSenders = 131_072;

interface Heard {
  /** Nothing up to here is taken any more. */
  floor: number;
  /** What was taken above it, in the order in which it came. */
  readonly counters: number[];
}

/**
 * Recognises datagrams that came before. A sender's counters are sparse here, since it counts what
 * it says to everybody: so the last few are remembered, and what is older than these is refused.
 */
export class ReplayFilter {
  readonly #senders = new Map<string, Heard>();

  /**
   * Whether this counter of that sender is new; if it is, it is not the next time.
   *
   * @param sender - the session's id and the peer's
   */
  isNew(sender: string, counter: number): boolean {
    const heard = this.#senders.get(sender) ?? { floor: 0, counters: [] };
    if (counter <= heard.floor || heard.counters.includes(counter)) return false;
    heard.counters.push(counter);
    if (heard.counters.length > mostRemembered) {
      const least = Math.min(...heard.counters);
      heard.floor = least;
      heard.counters.splice(heard.counters.indexOf(least), 1);
    }
    this.#senders.delete(sender);
    this.#senders.set(sender, heard);
    this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    if (this.#senders.size <= mostSenders) return;
    for (const oldest of this.#senders.keys()) {
      this.#senders.delete(oldest);
      return;
    }
  }
}
