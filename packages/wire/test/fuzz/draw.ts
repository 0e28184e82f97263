/**
 * Everything that is drawn for one fuzz case, from one seed (sfc32, by Chris Doty-Humphrey). A case
 * takes some hundred draws, and a million cases are to take a minute: hence no fast-check here.
 */
export class Draw {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** @param seed - the same one draws the same case */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
    this.#c = 0x243f6a88;
    for (let round = 0; round < 12; round += 1) this.uint32();
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * count);
  }

  chance(probability: number): boolean {
    return this.uint32() < probability * 2 ** 32;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** An integer from `min` to `max`; often one at an edge of the range or of a format. */
  integer(min: number, max: number): number {
    const kind = this.below(4);
    if (kind === 0) return this.chance(0.5) ? min : max;
    if (kind === 1) return clamp(this.pick(edges), min, max);
    if (kind === 2) return clamp(min + this.below(8), min, max);
    return min + Math.floor((this.uint32() / 2 ** 32) * (max - min + 1));
  }

  /** Fresh bytes: any, or all the same. */
  bytes(length: number): Uint8Array {
    const drawn = new Uint8Array(length);
    if (this.chance(0.2)) return drawn.fill(this.below(256));
    for (let at = 0; at < length; at += 1) drawn[at] = this.uint32() & 255;
    return drawn;
  }

  /** A length from 0 to `most`: mostly short, at times one at the limit. */
  length(most: number): number {
    if (this.chance(most > 300 ? 0.005 : 0.03)) return most - this.below(Math.min(2, most + 1));
    return this.below(Math.min(most, this.chance(0.9) ? 8 : 150) + 1);
  }
}

const edges = [
  0,
  1,
  0x1f,
  0x20,
  0x7f,
  0x80,
  0xff,
  0x100,
  0xffff,
  0x10000,
  2 ** 24 - 1,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
];

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
