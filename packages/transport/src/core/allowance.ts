/** What may be done so often at once, and as often again as time goes by. */
export class Allowance {
  readonly #most: number;
  readonly #perMs: number;
  #left: number;
  #at: number;

  /**
   * @param most times at once, and at the beginning
   * @param perMs times more with every millisecond, until it is `most` again
   */
  constructor(most: number, perMs: number, now: number) {
    this.#most = most;
    this.#perMs = perMs;
    this.#left = most;
    this.#at = now;
  }

  /** Use it up by one. @returns false when nothing is left */
  take(now: number): boolean {
    if (this.isSpent(now)) return false;
    this.#left -= 1;
    return true;
  }

  /** Whether nothing is left. */
  isSpent(now: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    return this.#left < 1;
  }
}
