/** Bytes of one part of the manifest on its way down the tree. */
const partBytes = 256 * 1024;

/** Puts the manifest together from its parts, which come in order from one parent at a time. */
export class ManifestAssembly {
  readonly #total: number;
  #parts: Uint8Array[] = [];
  #received = 0;

  /** @param total bytes of the whole, as the invitation promised; allocated only as they come */
  constructor(total: number) {
    this.#total = total;
  }

  get isComplete(): boolean {
    return this.#received === this.#total;
  }

  /** Begin again, with another parent. */
  restart(): void {
    this.#parts = [];
    this.#received = 0;
  }

  /** @returns what is wrong with the part, if something is */
  put(offset: number, payload: Uint8Array): string | undefined {
    if (offset !== this.#received)
      return `a manifest part at byte ${offset}, expected ${this.#received}`;
    if (payload.length === 0 || offset + payload.length > this.#total)
      return `a manifest part of ${payload.length} bytes at byte ${offset} of ${this.#total}`;
    this.#parts.push(payload);
    this.#received += payload.length;
    return undefined;
  }

  /** The whole, once {@link isComplete}. */
  take(): Uint8Array {
    const whole = new Uint8Array(this.#total);
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    this.#parts = [];
    return whole;
  }
}

/** The parts in which a manifest is sent: views of it, in order. */
export function* manifestParts(
  manifest: Uint8Array,
): Generator<{ offset: number; payload: Uint8Array }> {
  for (let offset = 0; offset < manifest.length; offset += partBytes)
    yield { offset, payload: manifest.subarray(offset, offset + partBytes) };
}
