import type { Chunk } from "@palmtree/wire";
import { isSame, type SimulatedContent } from "./content.js";

/** Counts the chunks that come to a host, whatever its machine makes of them. */
export class ChunkArrivals {
  readonly #content: SimulatedContent;
  /** 1 where the chunk has come intact. */
  readonly #come: Uint8Array;
  /** Payload bytes that came, duplicates among them. */
  bytes = 0;
  /** Payload bytes of chunks that had come intact before. */
  duplicateBytes = 0;
  /** The longest time between two chunks that were news, in milliseconds. */
  longestPauseMs = 0;
  #newsAt: number | undefined;

  constructor(content: SimulatedContent) {
    this.#content = content;
    this.#come = new Uint8Array(content.chunkCount);
  }

  note({ index, payload }: Chunk, now: number): void {
    this.bytes += payload.length;
    if (this.#come[index] === 1) this.duplicateBytes += payload.length;
    // What was spoilt on the way has to come again.
    else if (isSame(payload, this.#content.payloadOf(index))) this.#noteNews(index, now);
  }

  #noteNews(index: number, now: number): void {
    this.#come[index] = 1;
    this.longestPauseMs = Math.max(this.longestPauseMs, now - (this.#newsAt ?? now));
    this.#newsAt = now;
  }
}
