/**
 * Field codecs: how one field of a message looks in a body. Both directions and the notation of
 * docs/protocol.md stand together, so that they cannot differ.
 */
import { formatAddress, parseAddress } from "./address.js";
import type { BodyReader } from "./body-reader.js";
import { PalmTreeError } from "./error.js";
import { fromHex, toHex } from "./hex.js";
import type { PeerInfo } from "./identity.js";
import { hashBytes, publicKeyBytes, signatureBytes, wireLimits } from "./limits.js";
import { utf8ByteLength } from "./utf8.js";

/** How values of type T look in a body. */
export interface Field<T> {
  /** The field's type as docs/protocol.md writes it. */
  readonly notation: string;
  /** The most bytes that a valid value has, in the longest formats that a decoder accepts. */
  readonly maxBytes: number;
  /**
   * The value as @msgpack/msgpack's Encoder takes it.
   *
   * @param where - The field's path, for the error.
   * @throws TypeError when the value has the wrong type or shape.
   * @throws RangeError when an integer is out of its range.
   * @throws limit-exceeded when a text or list is longer than it may be.
   */
  write(value: T, where: string): unknown;
  /** Reads a value. Throws `*-malformed` only. */
  read(reader: BodyReader): T;
}

/** An unsigned integer. */
export function uint(min: number, max: number): Field<number> {
  return {
    notation: `uint ${group(min)} ... ${group(max)}`,
    maxBytes: 9,
    write: (value, where) => checkInteger(value, where, min, max),
    read: (reader) => reader.uint(min, max),
  };
}

/** A boolean. */
export const flag: Field<boolean> = {
  notation: "bool",
  maxBytes: 1,
  write(value, where) {
    if (typeof value !== "boolean") throw wrongType(where, value, "a boolean");
    return value;
  },
  read: (reader) => reader.flag(),
};

/** A string, for people. */
export function text(maxBytes: number): Field<string> {
  return {
    notation: `text ≤ ${group(maxBytes)} bytes`,
    maxBytes: 5 + maxBytes,
    write(value, where) {
      if (typeof value !== "string") throw wrongType(where, value, "a string");
      checkCount(utf8ByteLength(value), where, maxBytes, "bytes of UTF-8");
      return value;
    },
    read: (reader) => reader.text(maxBytes),
  };
}

/** Bytes that the program sees as lower-case hexadecimal digits: ids and tokens. */
export function hexBytes(length: number): Field<string> {
  return {
    notation: `bin ${length}`,
    maxBytes: 5 + length,
    write: (value, where) => bytesOfId(value, where, length),
    read: (reader) => toHex(reader.binary(length)),
  };
}

/** Bytes of a fixed length. */
export function bytes(length: number): Field<Uint8Array> {
  return {
    notation: `bin ${length}`,
    maxBytes: 5 + length,
    write(value, where) {
      if (!(value instanceof Uint8Array) || value.length !== length) {
        throw wrongType(where, value, `a Uint8Array of ${length} bytes`);
      }
      return value;
    },
    read: (reader) => reader.binary(length),
  };
}

/** A SHA-256 hash. */
export const hash: Field<Uint8Array> = bytes(hashBytes);

/** An Ed25519 public key. */
export const publicKey: Field<Uint8Array> = bytes(publicKeyBytes);

/** An Ed25519 signature. */
export const signature: Field<Uint8Array> = bytes(signatureBytes);

/** One of a few words, each with a number on the wire. */
export function oneOf<T extends string>(numbers: Readonly<Record<T, number>>): Field<T> {
  const words = Object.keys(numbers) as T[];
  const wordOf = new Map(words.map((word) => [numbers[word], word]));
  const known = words.map((word) => `${numbers[word]} ${word}`).join(", ");
  return {
    notation: `code: ${known}`,
    maxBytes: 9,
    write(value, where) {
      if (!Object.hasOwn(numbers, value)) throw wrongType(where, value, `one of: ${known}`);
      return numbers[value];
    },
    read(reader) {
      const number = reader.uint(0, wireLimits.integer);
      const word = wordOf.get(number);
      if (word === undefined) throw reader.malformed("range", number, `one of: ${known}`);
      return word;
    },
  };
}

/** A peer's number in its session. */
export const peerNumber: Field<number> = uint(0, wireLimits.peerCount - 1);

const peerId = hexBytes(8);
const port = uint(1, 65_535);

/** Who a peer is and where: `[number, id, ip, port]`. */
export const peerInfo: Field<PeerInfo> = {
  notation: "peer",
  maxBytes: 5 + peerNumber.maxBytes + peerId.maxBytes + (5 + 16) + port.maxBytes,
  write(value, where) {
    if (typeof value !== "object" || value === null) throw wrongType(where, value, "a PeerInfo");
    if (typeof value.address !== "string") {
      throw wrongType(`${where}.address`, value.address, "a string");
    }
    const address = parseAddress(value.address);
    return [
      peerNumber.write(value.number, `${where}.number`),
      peerId.write(value.id, `${where}.id`),
      address.ip,
      address.port,
    ];
  },
  read(reader) {
    reader.arrayHeader(4, 4);
    const number = part(reader, "number", () => peerNumber.read(reader));
    const id = part(reader, "id", () => peerId.read(reader));
    const ip = part(reader, "ip", () => reader.binary(4, 16));
    const address = formatAddress(
      ip,
      part(reader, "port", () => port.read(reader)),
    );
    return { number, id, address };
  },
};

/** An array of items of one kind. */
export function listOf<T>(item: Field<T>, maxCount: number): Field<readonly T[]> {
  return {
    notation: `list of ≤ ${group(maxCount)} ${item.notation}`,
    maxBytes: 5 + maxCount * item.maxBytes,
    write(value, where) {
      if (!Array.isArray(value)) throw wrongType(where, value, "an array");
      checkCount(value.length, where, maxCount, "items");
      return value.map((each: T, index) => item.write(each, `${where}[${index}]`));
    },
    read(reader) {
      const count = reader.arrayHeader(0, maxCount);
      const items: T[] = [];
      while (items.length < count) items.push(part(reader, items.length, () => item.read(reader)));
      return items;
    },
  };
}

/** An array of items of one kind, whose fields follow each other without arrays of their own. */
export function flatListOf<T extends object>(
  itemFields: { readonly [K in keyof T]: Field<T[K]> },
  maxCount: number,
): Field<readonly T[]> {
  const fields = Object.entries<Field<unknown>>(itemFields);
  const itemBytes = fields.reduce((bytes, [, field]) => bytes + field.maxBytes, 0);
  const parts = fields.map(([name, field]) => `${name}: ${field.notation}`).join("; ");
  return {
    notation: `flat list of ≤ ${group(maxCount)} (${parts})`,
    maxBytes: 5 + maxCount * itemBytes,
    write(value, where) {
      if (!Array.isArray(value)) throw wrongType(where, value, "an array");
      checkCount(value.length, where, maxCount, "items");
      return value.flatMap((item: T, index) => {
        if (typeof item !== "object" || item === null) {
          throw wrongType(`${where}[${index}]`, item, "an object");
        }
        return fields.map(([name, field]) => {
          return field.write(Reflect.get(item, name), `${where}[${index}].${name}`);
        });
      });
    },
    read(reader) {
      const count = reader.arrayHeader(0, maxCount * fields.length);
      if (count % fields.length !== 0) {
        throw reader.malformed("count", `${count} items`, `a multiple of ${fields.length}`);
      }
      const items: T[] = [];
      while (items.length * fields.length < count) {
        const item: Record<string, unknown> = {};
        reader.enter(items.length);
        for (const [name, field] of fields) {
          reader.enter(name);
          item[name] = field.read(reader);
          reader.leave();
        }
        reader.leave();
        items.push(item as T);
      }
      return items;
    },
  };
}

/** The bytes of an id or token. */
export function bytesOfId(value: string, where: string, length: number): Uint8Array {
  const isId =
    typeof value === "string" && value.length === 2 * length && /^[0-9a-f]+$/.test(value);
  if (!isId) throw wrongType(where, value, `${2 * length} lower-case hexadecimal digits`);
  return fromHex(value);
}

/** Passes an integer that is in its range. */
export function checkInteger(value: number, where: string, min: number, max: number): number {
  if (typeof value !== "number") throw wrongType(where, value, "an integer");
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${where}: got ${value}, expected an integer from ${min} to ${max}`);
  }
  return value;
}

/** Refuses what is longer than it may be. */
export function checkCount(count: number, where: string, most: number, unit: string): void {
  if (count <= most) return;
  throw new PalmTreeError(
    "limit-exceeded",
    `${where}: got ${count} ${unit}, expected at most ${most}`,
    { facts: { field: where, got: count, expected: most } },
  );
}

/** The error for a value of the wrong type or shape. */
export function wrongType(where: string, value: unknown, expected: string): TypeError {
  const got = typeof value === "string" ? JSON.stringify(value.slice(0, 64)) : kindOf(value);
  return new TypeError(`${where}: got ${got}, expected ${expected}`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return value instanceof Uint8Array ? `${value.length} bytes` : typeof value;
}

function part<T>(reader: BodyReader, name: string | number, read: () => T): T {
  reader.enter(name);
  const value = read();
  reader.leave();
  return value;
}

/** An integer for people: thousands apart, large powers of two as such. */
function group(value: number): string {
  for (const [offset, suffix] of [
    [1, " - 1"],
    [0, ""],
  ] as const) {
    const exponent = Math.log2(value + offset);
    if (value > 2 ** 20 && Number.isInteger(exponent)) return `2^${exponent}${suffix}`;
  }
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
