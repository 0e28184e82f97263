import { Bitmap } from "@palmtree/files/core";
import type { Leftovers } from "./leftovers.js";

/**
 * Which chunks a peer misses: all that it neither holds, nor is verifying, nor claims to have from
 * before. Before its manifest is open nobody knows which there are.
 */
export class MissingChunks {
  #held: Bitmap = new Bitmap(0);
  #leftovers: Leftovers | undefined;
  readonly #verifying = new Set<number>();

  /**
   * It is known what there is.
   *
   * @param held chunks that are verified here: looked at from now on, and not changed
   */
  open(held: Bitmap, leftovers: Leftovers | undefined): void {
    this.#held = held;
    this.#leftovers = leftovers;
  }

  /** What may be here from before, if there was anything. */
  get leftovers(): Leftovers | undefined {
    return this.#leftovers;
  }

  /** Whether somebody needs to send that chunk. */
  readonly has = (index: number): boolean => {
    if (this.#held.has(index) || this.#verifying.has(index)) return false;
    return this.#leftovers?.has(index) !== true;
  };

  /** The chunk has come, and is being compared with its hash. */
  onVerifying(index: number): void {
    this.#verifying.add(index);
  }

  /** It was compared: it is held from now on, or missing again. */
  onVerified(index: number): void {
    this.#verifying.delete(index);
  }

  /**
   * The lowest of them, ascending.
   *
   * @param end only those below it
   */
  *lowest(most: number, end: number): Generator<number> {
    const held = this.#held;
    let left = most;
    let index = held.firstClear(0);
    for (; index >= 0 && index < end && left > 0; index = held.firstClear(index + 1)) {
      if (!this.has(index)) continue;
      left -= 1;
      yield index;
    }
  }

  /** All other chunks, as a bitmap of its own. */
  complement(): Bitmap {
    const others = this.#held.clone();
    if (this.#leftovers !== undefined) others.add(this.#leftovers.claimed);
    for (const index of this.#verifying) others.set(index);
    return others;
  }
}
