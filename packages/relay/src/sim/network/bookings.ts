/** Times that are remembered; before them nobody was served, as far as a late comer knows. */
const mostPeriods = 64;

interface Period {
  readonly from: number;
  readonly until: number;
}

/**
 * When a link is taken, on a clock that counts the bytes that it could have served. What comes
 * takes what others have left of the time since its first byte came, as packets that mingle do:
 * a short frame that arrives in the middle of a long one delays that by its own bytes, no more.
 */
export class Bookings {
  /** In order; none reaches into the next. */
  readonly #periods: Period[] = [];

  /** From when on nothing is taken. */
  get freeAt(): number {
    return this.#periods.at(-1)?.until ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Take the first so many bytes that are free.
   *
   * @param from what the clock showed when the first of them came; not in the future
   * @returns what it shows when the last is through
   */
  take(from: number, bytes: number): number {
    const periods = this.#periods;
    const first = periods.findLastIndex(({ until }) => until <= from) + 1;
    let until = from;
    let left = bytes;
    let next = first;
    for (let period = periods[next]; period !== undefined; period = periods[next]) {
      const gap = Math.max(0, period.from - until);
      if (gap >= left) break;
      left -= gap;
      until = Math.max(until, period.until);
      next += 1;
    }
    until += left;
    const since = next > first ? Math.min(from, periods[first]?.from ?? from) : from;
    periods.splice(first, next - first, { from: since, until });
    if (periods.length > mostPeriods) periods.shift();
    return until;
  }
}
