import { checkLength, checkShortLength, readWords, writeWords } from "./bitmap-bytes.js";

/** Words that are there from the beginning. */
const EAGER_WORDS = 64;

/**
 * A set of indexes below a fixed size, one bit each: the chunks that a peer holds.
 *
 * Indexes are integers from 0 to `size - 1`. All scans skip 32 indexes at a time. Memory is taken for
 * the first 2,048 indexes, and beyond them up to twice the highest that was set: a stream may have
 * 2^24 chunks, and mostly has few, and who looks for the last one should not look through them all.
 *
 * @example
 * ```ts
 * const held = new Bitmap(100);
 * held.set(7); // true: it was clear
 * held.firstClear(0); // 0
 * ```
 */
export class Bitmap {
  #size: number;
  /** May end before the last index: what is beyond is clear. */
  #words: Uint32Array;
  #count = 0;

  /**
   * Makes a bitmap with every index clear.
   *
   * @param size - an integer from 0 to 2^32 - 1
   * @throws RangeError when `size` is something else
   */
  constructor(size: number) {
    if (!Number.isInteger(size) || size < 0 || size > 0xffff_ffff) {
      throw new RangeError(`A bitmap's size is an integer from 0 to 2^32 - 1, not ${size}`);
    }
    this.#size = size;
    this.#words = new Uint32Array(Math.min(Math.ceil(size / 32), EAGER_WORDS));
  }

  /**
   * Reads what {@link Bitmap.toBytes} wrote. The bytes are copied.
   *
   * @throws frame-malformed (remote) when the length is not `ceil(size / 8)` or a spare bit is set
   */
  static fromBytes(bytes: Uint8Array, size: number): Bitmap {
    checkLength(bytes, size);
    return Bitmap.#read(bytes, size);
  }

  /**
   * Reads what {@link Bitmap.toShortBytes} wrote. The bytes are copied.
   *
   * @throws frame-malformed (remote) when there are more than `ceil(size / 8)` bytes, the last is 0,
   *   or a spare bit is set
   */
  static fromShortBytes(bytes: Uint8Array, size: number): Bitmap {
    checkShortLength(bytes, size);
    return Bitmap.#read(bytes, size);
  }

  static #read(bytes: Uint8Array, size: number): Bitmap {
    const bitmap = new Bitmap(size);
    bitmap.#grow(Math.ceil(bytes.length / 4));
    readWords(bitmap.#words, bytes, size);
    for (const word of bitmap.#words) bitmap.#count += bitCount(word);
    return bitmap;
  }

  /** Indexes that the bitmap has room for. */
  get size(): number {
    return this.#size;
  }

  /** Indexes that are set. */
  get count(): number {
    return this.#count;
  }

  /** The index behind the last one that is set; 0 where none is. */
  get end(): number {
    const words = this.#words;
    let at = words.length - 1;
    while (at >= 0 && words[at] === 0) at -= 1;
    return at < 0 ? 0 : at * 32 + 32 - Math.clz32(words[at] as number);
  }

  /** Whether every index is set. */
  get isFull(): boolean {
    return this.#count === this.size;
  }

  /** Whether `index` is set; false for an index that the bitmap has no room for. */
  has(index: number): boolean {
    if (!(index >= 0 && index < this.#size && index < this.#words.length * 32)) return false;
    return (((this.#words[index >>> 5] as number) >>> (index & 31)) & 1) === 1;
  }

  /**
   * Sets `index`.
   *
   * @returns true when it was clear
   * @throws RangeError when the bitmap has no room for it
   */
  set(index: number): boolean {
    this.#check(index);
    if (index >>> 5 >= this.#words.length) this.#grow((index >>> 5) + 1);
    const word = this.#words[index >>> 5] as number;
    const mask = 1 << (index & 31);
    if ((word & mask) !== 0) return false;
    this.#words[index >>> 5] = word | mask;
    this.#count += 1;
    return true;
  }

  /**
   * Clears `index`.
   *
   * @returns true when it was set
   * @throws RangeError when the bitmap has no room for it
   */
  clear(index: number): boolean {
    this.#check(index);
    if (index >>> 5 >= this.#words.length) return false;
    const word = this.#words[index >>> 5] as number;
    const mask = 1 << (index & 31);
    if ((word & mask) === 0) return false;
    this.#words[index >>> 5] = word & ~mask;
    this.#count -= 1;
    return true;
  }

  /**
   * Sets `count` indexes from `first` on, 32 at a time.
   *
   * @returns how many of them were clear
   * @throws RangeError when the bitmap has no room for them
   */
  setRun(first: number, count: number): number {
    if (count === 0) return 0;
    const last = first + count - 1;
    this.#check(first);
    this.#check(last);
    this.#grow((last >>> 5) + 1);
    const words = this.#words;
    const before = this.#count;
    for (let at = first >>> 5; at <= last >>> 5; at += 1) {
      const above = at === first >>> 5 ? -1 << (first & 31) : -1;
      const below = at === last >>> 5 ? -1 >>> (31 - (last & 31)) : -1;
      const word = words[at] as number;
      words[at] = word | (above & below);
      this.#count += bitCount(words[at] as number) - bitCount(word);
    }
    return this.#count - before;
  }

  /**
   * Sets every index that is set in `other`.
   *
   * @throws RangeError when the sizes differ
   */
  add(other: Bitmap): void {
    this.#checkSize(other);
    this.#grow(other.#words.length);
    this.#count = 0;
    for (let at = 0; at < this.#words.length; at += 1) {
      const word = (this.#words[at] as number) | (other.#words[at] ?? 0);
      this.#words[at] = word;
      this.#count += bitCount(word);
    }
  }

  /** Sets every index. */
  setAll(): void {
    this.#grow(Math.ceil(this.size / 32));
    this.#words.fill(0xffff_ffff);
    const spare = this.#words.length * 32 - this.size;
    if (spare > 0) this.#words[this.#words.length - 1] = 0xffff_ffff >>> spare;
    this.#count = this.size;
  }

  /**
   * There are fewer indexes than was thought: those from `size` on are clear, and no indexes any
   * more.
   */
  truncate(size: number): void {
    if (!(size >= 0 && size <= this.#size)) {
      throw new RangeError(`A bitmap of ${this.#size} is not cut at ${size}`);
    }
    const first = size >>> 5;
    for (let at = first; at < this.#words.length; at += 1) {
      const kept = at === first ? (1 << (size & 31)) - 1 : 0;
      const word = this.#words[at] as number;
      this.#words[at] = word & kept;
      this.#count -= bitCount(word & ~kept);
    }
    this.#size = size;
    this.#words = this.#words.slice(0, Math.ceil(size / 32));
  }

  /** The first index at or after `from` that is set, or -1. */
  firstSet(from: number): number {
    return this.#first(from, 0, undefined);
  }

  /** The first index at or after `from` that is clear, or -1. */
  firstClear(from: number): number {
    return this.#first(from, -1, undefined);
  }

  /**
   * The first index at or after `from` that is set here and clear in `other`, or -1: what `other`
   * lacks and this one can give.
   *
   * @throws RangeError when the sizes differ
   */
  firstIn(other: Bitmap, from: number): number {
    this.#checkSize(other);
    return this.#first(from, 0, other.#words);
  }

  /**
   * The last index below `end` that is set here and clear in `other`, or -1.
   *
   * @throws RangeError when the sizes differ
   */
  lastIn(other: Bitmap, end: number): number {
    this.#checkSize(other);
    const last = Math.min(end, this.size) - 1;
    if (!(last >= 0)) return -1;
    let mask = -1 >>> (31 - (last & 31));
    for (let at = last >>> 5; at >= 0; at -= 1) {
      const bits = (this.#words[at] ?? 0) & ~(other.#words[at] ?? 0) & mask;
      if (bits !== 0) return at * 32 + 31 - Math.clz32(bits);
      mask = -1;
    }
    return -1;
  }

  /** The indexes that are set, ascending. Changes made meanwhile to later indexes are seen. */
  *indexes(): Generator<number, void, undefined> {
    for (let index = this.firstSet(0); index >= 0; index = this.firstSet(index + 1)) yield index;
  }

  /**
   * The bitmap as `ceil(size / 8)` bytes: index i is bit i % 8, least significant first, of byte
   * floor(i / 8); spare bits are zero. The caller owns the bytes.
   */
  toBytes(): Uint8Array {
    return writeWords(this.#words, Math.ceil(this.size / 8));
  }

  /** As {@link Bitmap.toBytes}, without the zero bytes at its end. */
  toShortBytes(): Uint8Array {
    return writeWords(this.#words, Math.ceil(this.end / 8));
  }

  /** An independent copy. */
  clone(): Bitmap {
    const copy = new Bitmap(this.size);
    copy.#words = this.#words.slice();
    copy.#count = this.#count;
    return copy;
  }

  /** The first index from `from` whose bit is set in `(word ^ flip) & ~hidden`, or -1. */
  #first(from: number, flip: 0 | -1, hidden: Uint32Array | undefined): number {
    const start = Math.max(0, from);
    if (!(start < this.size)) return -1;
    const words = this.#words;
    let below = -1 << (start & 31);
    for (let at = start >>> 5; at < words.length; at += 1) {
      const mask = hidden === undefined ? below : below & ~(hidden[at] ?? 0);
      const bits = ((words[at] as number) ^ flip) & mask;
      if (bits !== 0) {
        const index = at * 32 + 31 - Math.clz32(bits & -bits);
        return index < this.size ? index : -1; // a flipped spare bit is no index
      }
      below = -1;
    }
    // Behind the last word all are clear, and what is looked for with `flip` is a clear one.
    const beyond = Math.max(start, words.length * 32);
    return flip === -1 && beyond < this.size ? beyond : -1;
  }

  /** Makes room for so many words, and for as many again, so that growing stays cheap. */
  #grow(wordCount: number): void {
    if (wordCount <= this.#words.length) return;
    const words = new Uint32Array(Math.min(2 * wordCount, Math.ceil(this.size / 32)));
    words.set(this.#words);
    this.#words = words;
  }

  #checkSize(other: Bitmap): void {
    if (other.size === this.size) return;
    throw new RangeError(`A bitmap of ${this.size} does not compare with one of ${other.size}`);
  }

  #check(index: number): void {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(`Index ${index} is not in a bitmap of ${this.size}`);
    }
  }
}

/** Bits set in a 32-bit word (Warren, Hacker's Delight, figure 5-2). */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const nibbles = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
