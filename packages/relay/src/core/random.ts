/**
 * Seeded pseudo-random numbers (xoshiro128**, Blackman and Vigna 2018; seeded by splitmix32).
 * Not for secrets: ids and tokens come from the runtime. The machines draw from it what has to
 * differ between peers but be the same in a repeated simulation: samples and jitter.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  /** @param seed any integer; only its low 32 bits count */
  constructor(seed: number) {
    let mixed = seed >>> 0;
    for (let index = 0; index < 4; index += 1) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let word = mixed;
      word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[index] = (word ^ (word >>> 15)) >>> 0;
    }
  }

  /** A number in [0, 1). */
  next(): number {
    // By index: to destructure a typed array costs more than all the rest.
    const state = this.#state;
    const a = state[0] as number;
    const b = state[1] as number;
    const c = state[2] as number;
    const d = state[3] as number;
    const scrambled = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const c2 = c ^ a;
    const d2 = d ^ b;
    state[1] = b ^ c2;
    state[0] = a ^ d2;
    state[2] = c2 ^ (b << 9);
    state[3] = rotateLeft(d2, 11);
    return scrambled / 4_294_967_296;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** Up to `count` different items of `items`, in random order. */
  sample<Item>(items: readonly Item[], count: number): Item[] {
    const pool = [...items];
    const drawn = Math.min(count, pool.length);
    for (let index = 0; index < drawn; index += 1) {
      const other = index + this.below(pool.length - index);
      const swapped = pool[other] as Item;
      pool[other] = pool[index] as Item;
      pool[index] = swapped;
    }
    return pool.slice(0, drawn);
  }

  /** `hex` digits, for ids in simulations. */
  hex(digits: number): string {
    let text = "";
    for (let index = 0; index < digits; index += 1) text += this.below(16).toString(16);
    return text;
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
