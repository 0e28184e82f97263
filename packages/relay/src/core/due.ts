/**
 * When a machine's next tick is due, found out only when somebody asks: events come in bursts, and
 * after each of them every part of the machine would have to be asked.
 */
export class Due {
  readonly #find: () => number | undefined;
  /** Nothing is, before the first event. */
  #at: number | undefined;
  #isFound = true;

  /** @param find - asks every part; undefined when nothing is to be done later */
  constructor(find: () => number | undefined) {
    this.#find = find;
  }

  /** In milliseconds; undefined when nothing is to be done later. */
  get at(): number | undefined {
    if (!this.#isFound) {
      this.#at = this.#find();
      this.#isFound = true;
    }
    return this.#at;
  }

  /** What was last said, unless events have changed it since. */
  get said(): number | undefined {
    return this.#isFound ? this.#at : undefined;
  }

  /** An event came: ask anew. */
  forget(): void {
    this.#isFound = false;
  }
}
