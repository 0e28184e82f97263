import type { ChunkSizes } from "../core/event.js";

/** A session's made-up content: every byte follows from its chunk's index. */
export class SimulatedContent implements ChunkSizes {
  readonly chunkCount: number;
  readonly chunkSizeBytes: number;
  readonly manifest: Uint8Array = Uint8Array.from({ length: 700 }, (_, index) => index % 251);
  readonly #payloads: Uint8Array[] = [];

  constructor(chunkCount: number, chunkSizeBytes: number) {
    this.chunkCount = chunkCount;
    this.chunkSizeBytes = chunkSizeBytes;
  }

  get totalBytes(): number {
    let total = 0;
    for (let index = 0; index < this.chunkCount; index += 1) total += this.lengthOf(index);
    return total;
  }

  /** Every seventh chunk is short, as if a file ended there. */
  lengthOf(index: number): number {
    return index % 7 === 6 ? 1 + (index % this.chunkSizeBytes) : this.chunkSizeBytes;
  }

  payloadOf(index: number): Uint8Array {
    let payload = this.#payloads[index];
    if (payload === undefined) {
      const made = new Uint8Array(this.lengthOf(index));
      for (let place = 0; place < made.length; place += 1)
        made[place] = Math.imul(index + 1, 0x9e3779b1) >>> (place % 24);
      this.#payloads[index] = made;
      payload = made;
    }
    return payload;
  }
}

/** Stands in for SHA-256: 32 bytes in which every flipped bit of the input shows (FNV-1a, spread). */
export function simulatedHash(bytes: Uint8Array): Uint8Array {
  let state = 0x811c9dc5;
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193);
  const hash = new Uint8Array(32);
  for (let place = 0; place < 32; place += 1) {
    state = Math.imul(state ^ place, 0x01000193);
    hash[place] = state >>> 24;
  }
  return hash;
}

/** Stands in for the session's hash over all pages. */
export function simulatedSessionHash(pages: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pages.reduce((sum, page) => sum + page.length, 0));
  let place = 0;
  for (const page of pages) {
    all.set(page, place);
    place += page.length;
  }
  return simulatedHash(all);
}
