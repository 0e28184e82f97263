/**
 * The newest chunks, in memory, for the children that are about as far as this peer (the seed's
 * ring buffer). Whoever is further behind is served from disk.
 *
 * Bounded by count and by bytes; payloads are held by reference, not copied.
 */
export class RingBuffer {
  readonly #mostChunks: number;
  readonly #mostBytes: number;
  readonly #payloads = new Map<number, Uint8Array>();
  #bytes = 0;

  /**
   * @param mostChunks at least 1
   * @param mostBytes the newest chunk is kept even when it alone is larger
   */
  constructor(mostChunks: number, mostBytes: number) {
    this.#mostChunks = mostChunks;
    this.#mostBytes = mostBytes;
  }

  get size(): number {
    return this.#payloads.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(index: number): Uint8Array | undefined {
    return this.#payloads.get(index);
  }

  /**
   * Keep a chunk; the oldest make room for it.
   *
   * @param onEvicted is given what is not kept any more
   */
  put(index: number, payload: Uint8Array, onEvicted?: (payload: Uint8Array) => void): void {
    if (this.#payloads.has(index)) return;
    this.#payloads.set(index, payload);
    this.#bytes += payload.length;
    for (const [oldest, evicted] of this.#payloads) {
      const isWithinBounds =
        this.#payloads.size <= this.#mostChunks && this.#bytes <= this.#mostBytes;
      if (isWithinBounds || oldest === index) break;
      this.#payloads.delete(oldest);
      this.#bytes -= evicted.length;
      onEvicted?.(evicted);
    }
  }
}
