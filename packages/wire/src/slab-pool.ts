/** Slabs that nobody uses are kept for the next reader, up to so many of one size: guess. */
const mostFree = 4;

/** What is known of a slab that is in use. */
interface Lending {
  /** The very views that were handed out and did not come back. */
  readonly lent: Set<Uint8Array>;
  /** Whether nothing more will be handed out of it. */
  isRetired: boolean;
}

/**
 * Memory for payloads, used again: fresh memory costs a page fault for each 4 KiB, and garbage
 * collections. A slab is used again when every payload that was ever handed out of it was released;
 * nothing else ends its use. A payload that is never released costs that saving and no more: its
 * slab is collected like any other memory.
 *
 * @example
 * ```ts
 * const slab = pool.take(1_048_576);
 * const payload = slab.subarray(12, 65_548);
 * pool.lend(payload);
 * pool.retire(slab);
 * pool.release(payload); // from now on the slab may be taken again
 * ```
 */
export class SlabPool {
  readonly #allocate: (size: number) => Uint8Array;
  readonly #lendings = new WeakMap<ArrayBufferLike, Lending>();
  #free: Uint8Array[] = [];

  /** @param allocate - Gives memory of exactly that size; its content does not matter. */
  constructor(allocate: (size: number) => Uint8Array) {
    this.#allocate = allocate;
  }

  /** A slab of that size, with any content. */
  take(size: number): Uint8Array {
    const at = this.#free.findIndex(({ length }) => length === size);
    const slab = at < 0 ? this.#allocate(size) : (this.#free.splice(at, 1)[0] as Uint8Array);
    this.#lendings.set(slab.buffer, { lent: new Set(), isRetired: false });
    return slab;
  }

  /** A view of a slab is handed out: the slab is in use at least until it is released. */
  lend(payload: Uint8Array): void {
    this.#lendings.get(payload.buffer)?.lent.add(payload);
  }

  /** Nothing more is handed out of the slab. */
  retire(slab: Uint8Array): void {
    const lending = this.#lendings.get(slab.buffer);
    if (lending === undefined) return;
    lending.isRetired = true;
    this.#reclaim(slab.buffer, lending);
  }

  /**
   * Nobody reads the payload any more. Its bytes may change from now on.
   *
   * @param payload - The very array that was handed out; any other has no effect.
   */
  release(payload: Uint8Array): void {
    const lending = this.#lendings.get(payload.buffer);
    if (lending?.lent.delete(payload) === true) this.#reclaim(payload.buffer, lending);
  }

  #reclaim(buffer: ArrayBufferLike, { lent, isRetired }: Lending): void {
    if (!isRetired || lent.size > 0) return;
    this.#lendings.delete(buffer);
    this.#free = [new Uint8Array(buffer), ...this.#free].slice(0, mostFree);
  }
}
