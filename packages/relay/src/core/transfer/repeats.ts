import { Bitmap } from "@palmtree/files/core";
import type { ChunkRun } from "@palmtree/wire";

/**
 * Which chunks came over one feed, and which came again for no reason. A source may send a chunk once, and once
 * more when it is asked for it by itself, or when it is told anew what is lacking while the chunk is on its way.
 */
export class Repeats {
  readonly #came: Bitmap;
  readonly #asked: Bitmap;
  /** Since it was told anew: those that had come by then, or have come twice. */
  #settled: Bitmap | undefined;

  /** @param chunkCount chunks that there may be */
  constructor(chunkCount: number) {
    this.#came = new Bitmap(chunkCount);
    this.#asked = new Bitmap(chunkCount);
  }

  /** The source is asked for these. */
  ask(runs: readonly ChunkRun[]): void {
    for (const { first, count } of runs) this.#asked.setRun(first, count);
  }

  /** The source is told anew what is lacking. */
  restart(): void {
    this.#settled = this.#came.clone();
  }

  /** A chunk came. @returns whether it came again for no reason */
  note(index: number): boolean {
    const isExpected = this.#came.set(index) || this.#asked.clear(index);
    return !isExpected && this.#settled?.set(index) !== true;
  }
}
