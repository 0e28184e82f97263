/**
 * Bodies as trees of msgpack values, which can be written as they should be, or not: in a longer
 * format, with a length that is not theirs, with values too many, too few or in each other's place.
 */
import { parseAddress } from "../../src/address.js";
import { fromHex } from "../../src/hex.js";
import type { Draw } from "./draw.js";
import type { MessageShape, Shape } from "./shape.js";

/** A msgpack value. `width` is how many bytes its integer or length takes; undefined: the fewest. */
export type Item =
  | { readonly type: "uint"; value: number; width?: number }
  | { readonly type: "text" | "bin"; bytes: Uint8Array; claimed?: number; width?: number }
  | { readonly type: "array"; items: Item[]; claimed?: number; width?: number }
  /** Anything else: exactly these bytes. */
  | { readonly type: "raw"; bytes: Uint8Array };

/** The body of a valid message. */
export function itemOfMessage(shape: MessageShape, message: object): Item {
  const items = shape.fields.map(([name, field]) => itemOf(field, Reflect.get(message, name)));
  return { type: "array", items };
}

function itemOf(shape: Shape, value: unknown): Item {
  switch (shape.type) {
    case "uint":
      return uint(value);
    case "bool":
      return { type: "raw", bytes: Uint8Array.of(value === true ? 0xc3 : 0xc2) };
    case "text":
      return { type: "text", bytes: Buffer.from(value as string, "utf8") };
    case "bin":
      return bin(shape.isHex ? fromHex(value as string) : (value as Uint8Array));
    case "code":
      return uint(shape.codes.get(value as string));
    case "peer": {
      const peer = value as { number: number; id: string; address: string };
      const { ip, port } = parseAddress(peer.address);
      return {
        type: "array",
        items: [uint(peer.number), bin(fromHex(peer.id)), bin(ip), uint(port)],
      };
    }
    case "list":
      return { type: "array", items: (value as unknown[]).map((each) => itemOf(shape.item, each)) };
    case "flat": {
      const items = (value as object[]).flatMap((each) =>
        shape.parts.map(([name, part]) => itemOf(part, Reflect.get(each, name))),
      );
      return { type: "array", items };
    }
  }
}

/** An unsigned integer. */
export function uint(value: unknown): Item {
  return { type: "uint", value: value as number };
}

/** A text. */
export function text(value: string): Item {
  return { type: "text", bytes: Buffer.from(value, "utf8") };
}

/** An array. */
export function array(items: Item[]): Item {
  return { type: "array", items };
}

function bin(bytes: Uint8Array): Item {
  return { type: "bin", bytes };
}

/** The first byte of the formats with 1, 2, 4 and 8 bytes of integer or length; 0: there is none. */
const heads = {
  uint: [0xcc, 0xcd, 0xce, 0xcf],
  text: [0xd9, 0xda, 0xdb, 0],
  bin: [0xc4, 0xc5, 0xc6, 0],
  array: [0, 0xdc, 0xdd, 0],
} as const;
const widths = [1, 2, 4, 8] as const;

/** The bytes of a value, whether they make sense or not. */
export function bytesOf(item: Item): Uint8Array {
  const bytes: number[] = [];
  write(item, bytes);
  return Uint8Array.from(bytes);
}

function write(item: Item, to: number[]): void {
  if (item.type === "raw") return append(item.bytes, to);
  if (item.type === "uint") return writeHead("uint", item.value, item.width, to);
  if (item.type === "array") {
    writeHead("array", item.claimed ?? item.items.length, item.width, to);
    for (const each of item.items) write(each, to);
    return;
  }
  writeHead(item.type, item.claimed ?? item.bytes.length, item.width, to);
  append(item.bytes, to);
}

function writeHead(
  type: keyof typeof heads,
  value: number,
  width: number | undefined,
  to: number[],
): void {
  const small = { uint: [0, 0x80], text: [0xa0, 32], bin: [0, 0], array: [0x90, 16] }[type];
  const [tag = 0, most = 0] = small;
  if (width === undefined && value < most) {
    to.push(tag | value);
    return;
  }
  const at = widths.findIndex(
    (each, place) =>
      heads[type][place] !== 0 &&
      each >= (width ?? 0) &&
      (width !== undefined || value < 256 ** each),
  );
  const place = at < 0 ? (type === "uint" ? 3 : 2) : at;
  to.push(heads[type][place] as number);
  for (let left = (widths[place] as number) - 1; left >= 0; left -= 1)
    to.push(Math.floor(value / 256 ** left) % 256);
}

function append(bytes: Uint8Array, to: number[]): void {
  for (const byte of bytes) to.push(byte);
}

/** Every value of a tree, the tree itself first. */
function valuesIn(item: Item, into: Item[] = []): Item[] {
  into.push(item);
  if (item.type === "array") for (const each of item.items) valuesIn(each, into);
  return into;
}

/** A copy of some value of a tree: else a tree could come to be inside itself. */
function partOf(item: Item, draw: Draw): Item {
  return copyOf(draw.pick(valuesIn(item)));
}

function copyOf(item: Item): Item {
  return item.type === "array" ? { ...item, items: item.items.map(copyOf) } : { ...item };
}

/** Values that no message has: nil, the unused byte, maps, floats, extensions, signed integers. */
const strange = [
  [0xc0],
  [0xc1],
  [0x80],
  [0x81, 0x01, 0x02],
  [0xde, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xca, 0x3f, 0x80, 0, 0],
  [0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
  [0xd4, 0x01, 0x02],
  [0xc7, 0xff, 0x01],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff],
  [0xd0, 0x80],
  [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
].map((bytes): Item => ({ type: "raw", bytes: Uint8Array.from(bytes) }));

const extremes = [
  0,
  0x7f,
  0x80,
  0xff,
  0xffff,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 64 - 2_048,
];

/** Changes a body somewhere. @param other another body, from which parts may be taken */
export function mutateItem(root: Item, other: Item, draw: Draw): Item {
  const item = draw.pick(valuesIn(root));
  const kind = draw.below(item.type === "array" ? 8 : 4);
  if (kind === 0)
    return replace(root, item, draw.chance(0.5) ? draw.pick(strange) : partOf(other, draw));
  if (kind === 1) return replace(root, item, array([item]));
  if (item.type === "array" && kind >= 3) {
    mutateList(item.items, kind, other, draw);
    return root;
  }
  return replace(root, item, mutateValue(item, draw));
}

function mutateList(items: Item[], kind: number, other: Item, draw: Draw): void {
  const at = draw.below(items.length + 1);
  if (kind === 3) items.splice(at, 0, partOf(other, draw));
  else if (kind === 4) items.splice(at, 1 + draw.below(3));
  else if (kind === 5) items.splice(at, 0, ...items.slice(at, at + 1 + draw.below(4)));
  else if (kind === 6) items.splice(0, 0, ...items.splice(at, 2));
  else if (items.length > 0)
    for (let more = draw.below(70); more > 0; more -= 1) items.push(draw.pick(items));
}

function mutateValue(item: Item, draw: Draw): Item {
  if (item.type === "raw") return { type: "raw", bytes: draw.bytes(1 + draw.below(9)) };
  const width = draw.pick([undefined, 1, 2, 4, 8]);
  if (draw.chance(0.4)) return width === undefined ? item : { ...item, width };
  if (item.type === "uint") return uint(draw.chance(0.7) ? draw.pick(extremes) : item.value + 1);
  const claimed = draw.chance(0.5) ? draw.pick(extremes) : sizeOf(item) + draw.below(5) - 2;
  if (item.type === "array" || draw.chance(0.4)) return { ...item, claimed: Math.max(0, claimed) };
  return { ...item, bytes: draw.bytes(draw.length(5_000)) };
}

function sizeOf(item: Exclude<Item, { type: "raw" | "uint" }>): number {
  return item.type === "array" ? item.items.length : item.bytes.length;
}

function replace(root: Item, old: Item, by: Item): Item {
  if (root === old) return by;
  if (root.type !== "array") return root;
  return { ...root, items: root.items.map((each) => replace(each, old, by)) };
}
