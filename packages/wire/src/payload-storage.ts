/** How much storage is made before anything of a payload has arrived. */
const startBytes = 64 * 1_024;

/**
 * Collects one payload after the other, each into a buffer of its own, unless it is given a place.
 *
 * The buffer is as long as the payload at once where that is at most 64 KiB, or has arrived
 * already, or where a payload as long as it has been delivered before: what the sender has sent
 * once, it may claim once more. Else the buffer begins with 64 KiB and doubles as it fills.
 */
export class PayloadStorage {
  readonly #allocate: (size: number) => Uint8Array;
  #length = 0;
  #received = 0;
  #buffer: Uint8Array | undefined;
  #longestDelivered = startBytes;
  /** Whether the bytes arrive where the payload is. */
  #isInPlace = false;

  constructor(allocate: (size: number) => Uint8Array) {
    this.#allocate = allocate;
  }

  /** The next payload will have `length` bytes; the one before was handed over. */
  begin(length: number): void {
    this.#length = length;
    this.#received = 0;
  }

  /** The payload that has begun is the content of `place`, into which its bytes are read. */
  stay(place: Uint8Array): void {
    this.#buffer = place;
    this.#isInPlace = true;
  }

  /** Whether the payload that has begun, and is not complete, is read into its place. */
  get isInPlace(): boolean {
    return this.#isInPlace;
  }

  /** Bytes of the payload that has begun. */
  get length(): number {
    return this.#length;
  }

  get isComplete(): boolean {
    return this.#received === this.#length;
  }

  /** Takes what belongs to the payload from `bytes[at ...]`; returns where the rest begins. */
  append(bytes: Uint8Array, at: number): number {
    const count = Math.min(bytes.length - at, this.#length - this.#received);
    if (!this.#isInPlace) this.#copy(bytes, at, count);
    this.#received += count;
    return at + count;
  }

  /** Where the next bytes of the payload may be put, for {@link fill}. */
  room(): Uint8Array {
    return this.#bufferFor(this.#received + 1).subarray(this.#received);
  }

  /** So many bytes were put into {@link room}. */
  fill(count: number): void {
    this.#received += count;
  }

  /** Hands the complete payload over. */
  finish(): Uint8Array {
    const payload = this.#buffer ?? this.#allocate(0);
    this.#buffer = undefined;
    if (this.#isInPlace) this.#isInPlace = false;
    else this.#longestDelivered = Math.max(this.#longestDelivered, this.#length);
    return payload;
  }

  #copy(bytes: Uint8Array, at: number, count: number): void {
    const buffer = this.#bufferFor(this.#received + count);
    const isWhole = at === 0 && count === bytes.length;
    buffer.set(isWhole ? bytes : bytes.subarray(at, at + count), this.#received);
  }

  #bufferFor(needed: number): Uint8Array {
    const old = this.#buffer;
    if (old !== undefined && old.length >= needed) return old;
    const grown = Math.max(needed, this.#longestDelivered, 2 * (old?.length ?? 0));
    const buffer = this.#allocate(Math.min(this.#length, grown));
    if (old !== undefined) buffer.set(old.subarray(0, this.#received));
    this.#buffer = buffer;
    return buffer;
  }
}
