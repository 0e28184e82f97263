import type { PeerOptions } from "../options.js";

/** Chunks that are held in memory, and not on the disk yet. */
export class Backlog {
  readonly #limits: Pick<PeerOptions, "unstoredBytes" | "unstoredChunks">;
  /** Their bytes, by index. */
  readonly #chunks = new Map<number, number>();
  #bytes = 0;

  constructor(limits: Pick<PeerOptions, "unstoredBytes" | "unstoredChunks">) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#chunks.size === 0;
  }

  add(index: number, bytes: number): void {
    this.#chunks.set(index, bytes);
    this.#bytes += bytes;
  }

  /** The chunk is on the disk. */
  remove(index: number): void {
    this.#bytes -= this.#chunks.get(index) ?? 0;
    this.#chunks.delete(index);
  }

  /** Whether there is more than that share of what there may be. */
  exceeds(share: number): boolean {
    const { unstoredBytes, unstoredChunks } = this.#limits;
    return this.#bytes > unstoredBytes * share || this.#chunks.size > unstoredChunks * share;
  }
}
