/**
 * A strict reader of the msgpack that Palm Tree uses: unsigned integers, booleans, strings,
 * binaries and arrays (https://github.com/msgpack/msgpack/blob/master/spec.md).
 *
 * Why not a general decoder: it makes values from whatever the bytes say, and some of what must be
 * refused cannot be seen in the values any more (a float 1.0 is the integer 1, broken UTF-8 is a
 * string with other characters), and arrays are allocated as long as they claim to be, once for
 * each level of nesting. This reader is asked for one value of one type at a time, so nothing is
 * allocated that did not arrive, and there is no depth but that of the message's own fields.
 */
import type { PalmTreeError } from "./error.js";
import { type MalformedRule, type MalformedSubject, malformed } from "./malformed.js";
import { decodeUtf8 } from "./utf8.js";

/** Reads a message's body, one value after the other. Every method throws `*-malformed` only. */
export class BodyReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #subject: MalformedSubject;
  readonly #message: string;
  readonly #path: (string | number)[] = [];
  #at: number;

  /** Reads `bytes[start ... end-1]`, the body of a `message`. */
  constructor(
    bytes: Uint8Array,
    start: number,
    end: number,
    about: { readonly subject: MalformedSubject; readonly message: string },
  ) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#subject = about.subject;
    this.#message = about.message;
  }

  /** What is read from here on belongs to this field, or to this item of the list. */
  enter(part: string | number): void {
    this.#path.push(part);
  }

  /** The field or item that was entered last has been read. */
  leave(): void {
    this.#path.pop();
  }

  /** An array's header: how many items follow, `min` to `max`. */
  arrayHeader(min: number, max: number): number {
    const head = this.#byte();
    let count: number;
    if (head >= 0x90 && head <= 0x9f) count = head & 0x0f;
    else if (head === 0xdc) count = this.#integer(2);
    else if (head === 0xdd) count = this.#integer(4);
    else throw this.#wrongFormat(head, "an array");
    if (count < min || count > max) {
      throw this.malformed("count", `${count} items`, spread(min, max, "items"));
    }
    return count;
  }

  /** An unsigned integer, `min` to `max`, in any of msgpack's unsigned formats. */
  uint(min: number, max: number): number {
    const head = this.#byte();
    let value: number;
    if (head < 0x80) value = head;
    else if (head === 0xcc) value = this.#integer(1);
    else if (head === 0xcd) value = this.#integer(2);
    else if (head === 0xce) value = this.#integer(4);
    else if (head === 0xcf) value = this.#integer(8);
    else throw this.#wrongFormat(head, "an unsigned integer");
    if (value < min || value > max) {
      throw this.malformed("range", value, spread(min, max));
    }
    return value;
  }

  /** A boolean. */
  flag(): boolean {
    const head = this.#byte();
    if (head !== 0xc2 && head !== 0xc3) throw this.#wrongFormat(head, "a boolean");
    return head === 0xc3;
  }

  /** A string of at most `maxBytes` bytes of valid UTF-8. */
  text(maxBytes: number): string {
    const head = this.#byte();
    let length: number;
    if (head >= 0xa0 && head <= 0xbf) length = head & 0x1f;
    else if (head === 0xd9) length = this.#integer(1);
    else if (head === 0xda) length = this.#integer(2);
    else if (head === 0xdb) length = this.#integer(4);
    else throw this.#wrongFormat(head, "a string");
    if (length > maxBytes) {
      throw this.malformed("length", `${length} bytes`, spread(0, maxBytes, "bytes"));
    }
    const start = this.#take(length);
    const text = decodeUtf8(this.#bytes, start, this.#at);
    if (text === undefined) throw this.malformed("utf-8", "other bytes", "valid UTF-8");
    return text;
  }

  /** A binary value of one of the given lengths, copied. */
  binary(...lengths: readonly number[]): Uint8Array {
    const head = this.#byte();
    let length: number;
    if (head === 0xc4) length = this.#integer(1);
    else if (head === 0xc5) length = this.#integer(2);
    else if (head === 0xc6) length = this.#integer(4);
    else throw this.#wrongFormat(head, "a binary value");
    if (!lengths.includes(length)) {
      throw this.malformed("length", `${length} bytes`, `${lengths.join(" or ")} bytes`);
    }
    const start = this.#take(length);
    // Not slice(): that of a Node Buffer does not copy.
    const copy = new Uint8Array(length);
    copy.set(this.#bytes.subarray(start, this.#at));
    return copy;
  }

  /** Nothing may follow what has been read. */
  end(): void {
    const left = this.#end - this.#at;
    if (left > 0) throw this.malformed("trailing", `${left} more bytes`, "none");
  }

  /** The error for the field that is being read. */
  malformed(rule: MalformedRule, got: string | number, expected: string): PalmTreeError {
    return malformed(this.#subject, {
      rule,
      message: this.#message,
      field: this.#path.length === 0 ? "body" : joinPath(this.#path),
      got,
      expected,
    });
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  /** A big-endian integer; above 2^53 it is rounded, but never to below 2^53. */
  #integer(size: number): number {
    let value = 0;
    for (let at = this.#take(size); at < this.#at; at += 1) {
      value = value * 256 + (this.#bytes[at] ?? 0);
    }
    return value;
  }

  /** Steps over `count` bytes and returns where they start. */
  #take(count: number): number {
    const left = this.#end - this.#at;
    if (count > left) throw this.malformed("truncated", `${left} more bytes`, `${count}`);
    const start = this.#at;
    this.#at += count;
    return start;
  }

  #wrongFormat(head: number, expected: string): PalmTreeError {
    return this.malformed("format", formatOf(head), expected);
  }
}

function joinPath(path: readonly (string | number)[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`))
    .join("")
    .replace(/^\./, "");
}

/** "1 to 5 bytes", "0 items": a range for people. */
function spread(min: number, max: number, unit = ""): string {
  return `${min === max ? min : `${min} to ${max}`} ${unit}`.trimEnd();
}

/** msgpack's name of the format that begins with this byte. */
function formatOf(head: number): string {
  if (head < 0x80 || (head >= 0xcc && head <= 0xcf)) return "an unsigned integer";
  if (head < 0x90 || head === 0xde || head === 0xdf) return "a map";
  if (head < 0xa0 || head === 0xdc || head === 0xdd) return "an array";
  if (head < 0xc0 || (head >= 0xd9 && head <= 0xdb)) return "a string";
  if (head === 0xc0) return "nil";
  if (head === 0xc1) return "the byte c1, which msgpack never uses";
  if (head <= 0xc3) return "a boolean";
  if (head <= 0xc6) return "a binary value";
  if (head <= 0xc9 || (head >= 0xd4 && head <= 0xd8)) return "an extension";
  if (head <= 0xcb) return "a float";
  return "a signed integer";
}
