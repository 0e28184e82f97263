import { decodeUtf8 } from "@palmtree/wire";
import { utf8Length, writeUtf8 } from "./utf8.js";

/**
 * The part of msgpack that a manifest is made of: arrays, unsigned integers and strings, each in
 * its shortest form, so that one manifest has one encoding. A general decoder allocates what an
 * array header claims, five bytes for a million places; this one allocates what is there.
 */

/** Writes msgpack values one after the other. */
export class MsgpackWriter {
  #bytes: Uint8Array;
  #size = 0;

  /** @param capacityBytes - room to begin with; more is taken as needed */
  constructor(capacityBytes: number) {
    this.#bytes = new Uint8Array(capacityBytes);
  }

  /** The head of an array of `count` values, which the caller writes next. */
  array(count: number): void {
    this.#reserve(5);
    if (count < 16) this.#bytes[this.#size++] = 0x90 | count;
    else this.#head(count, 0, 0xdc, 0xdd);
  }

  /** An integer from 0 to 2^53 - 1. */
  uint(value: number): void {
    this.#reserve(9);
    if (value < 0x80) {
      this.#bytes[this.#size++] = value;
    } else if (value <= 0xffff_ffff) {
      this.#head(value, 0xcc, 0xcd, 0xce);
    } else {
      this.#bytes[this.#size++] = 0xcf;
      this.#bigEndian(Math.floor(value / 2 ** 32), 4);
      this.#bigEndian(value % 2 ** 32, 4);
    }
  }

  /** A well-formed string. */
  string(value: string): void {
    const size = utf8Length(value);
    this.#reserve(5 + size);
    if (size < 32) this.#bytes[this.#size++] = 0xa0 | size;
    else this.#head(size, 0xd9, 0xda, 0xdb);
    this.#size = writeUtf8(value, this.#bytes, this.#size);
  }

  /** Everything written; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  /** A tag and a number in 1, 2 or 4 bytes; `tag8` is 0 where msgpack has no such form. */
  #head(value: number, tag8: number, tag16: number, tag32: number): void {
    const width = value <= 0xff && tag8 !== 0 ? 1 : value <= 0xffff ? 2 : 4;
    this.#bytes[this.#size++] = width === 1 ? tag8 : width === 2 ? tag16 : tag32;
    this.#bigEndian(value, width);
  }

  #bigEndian(value: number, width: number): void {
    for (let shift = (width - 1) * 8; shift >= 0; shift -= 8) {
      this.#bytes[this.#size++] = value >>> shift;
    }
  }

  #reserve(sizeBytes: number): void {
    if (this.#size + sizeBytes <= this.#bytes.length) return;
    const grown = new Uint8Array((this.#bytes.length + sizeBytes) * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/**
 * Reads msgpack values one after the other. Whatever is not what was asked for, not in its
 * shortest form, or cut off, goes to `fail` with a sentence.
 */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #fail: (problem: string) => never;
  #at: number;

  /** @param start - the offset of the first byte to read */
  constructor(bytes: Uint8Array, fail: (problem: string) => never, start = 0) {
    this.#bytes = bytes;
    this.#fail = fail;
    this.#at = start;
  }

  /** The offset of the next byte to read. */
  get offset(): number {
    return this.#at;
  }

  /** The head of an array: how many values follow. Nothing is allocated for them. */
  array(): number {
    const tag = this.#number(1);
    if ((tag & 0xf0) === 0x90) return tag & 0x0f;
    if (tag === 0xdc) return this.#shortest(this.#number(2), 16);
    if (tag === 0xdd) return this.#shortest(this.#number(4), 0x1_0000);
    return this.#fail(`byte ${hex(tag)} is not the head of an array`);
  }

  /** The head of an array that must have `count` values. */
  arrayOf(count: number): void {
    const got = this.array();
    if (got !== count) this.#fail(`an array has ${got} values, not ${count}`);
  }

  /** An integer from 0 on; above 2^53 it is rounded, but never to below 2^53. */
  uint(): number {
    const tag = this.#number(1);
    if (tag < 0x80) return tag;
    if (tag === 0xcc) return this.#shortest(this.#number(1), 0x80);
    if (tag === 0xcd) return this.#shortest(this.#number(2), 0x100);
    if (tag === 0xce) return this.#shortest(this.#number(4), 0x1_0000);
    if (tag !== 0xcf) return this.#fail(`byte ${hex(tag)} is not an unsigned integer`);
    return this.#shortest(this.#number(8), 2 ** 32);
  }

  /** A string of at most `maxBytes` bytes of UTF-8. */
  string(maxBytes: number): string {
    const size = this.#stringSize();
    if (size > maxBytes) this.#fail(`a string of ${size} bytes is longer than ${maxBytes}`);
    if (size > this.#bytes.length - this.#at) this.#fail("it is cut off");
    const start = this.#at;
    this.#at += size;
    return decodeUtf8(this.#bytes, start, this.#at) ?? this.#fail("a string is not UTF-8");
  }

  /** Checks that nothing is left. */
  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) this.#fail(`${left} bytes follow its end`);
  }

  #stringSize(): number {
    const tag = this.#number(1);
    if ((tag & 0xe0) === 0xa0) return tag & 0x1f;
    if (tag === 0xd9) return this.#shortest(this.#number(1), 32);
    if (tag === 0xda) return this.#shortest(this.#number(2), 0x100);
    if (tag === 0xdb) return this.#shortest(this.#number(4), 0x1_0000);
    return this.#fail(`byte ${hex(tag)} is not the head of a string`);
  }

  #shortest(value: number, least: number): number {
    return value >= least ? value : this.#fail(`${value} is not in its shortest form`);
  }

  #number(width: number): number {
    if (this.#at + width > this.#bytes.length) this.#fail("it is cut off");
    let value = 0;
    for (let i = 0; i < width; i += 1) value = value * 256 + (this.#bytes[this.#at++] as number);
    return value;
  }
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
