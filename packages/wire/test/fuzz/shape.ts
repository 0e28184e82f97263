/**
 * What a field may hold, read from the notation of the row tables, which is also that of
 * docs/protocol.md: so a new message or field is fuzzed as soon as its table has it. A notation that
 * is not known here is an error, not a gap.
 */
import { datagramRows } from "../../src/datagram-table.js";
import type { Field } from "../../src/field.js";
import { frameRows } from "../../src/frame-table.js";
import type { MessageRow } from "../../src/message-table.js";

/** A field's type. */
export type Shape =
  | { readonly type: "uint"; readonly min: number; readonly max: number }
  | { readonly type: "bool" }
  | { readonly type: "text"; readonly maxBytes: number }
  | { readonly type: "bin"; readonly length: number; readonly isHex: boolean }
  | { readonly type: "code"; readonly codes: ReadonlyMap<string, number> }
  | { readonly type: "peer" }
  | { readonly type: "list"; readonly maxCount: number; readonly item: Shape }
  | { readonly type: "flat"; readonly maxCount: number; readonly parts: readonly NamedShape[] };

/** A shape and the name of its field. */
type NamedShape = readonly [name: string, shape: Shape];

/** A message's type with all its fields. */
export interface MessageShape {
  readonly type: string;
  readonly code: number;
  readonly fields: readonly NamedShape[];
  readonly payload: MessageRow<unknown>["payload"];
}

/** Every datagram. */
export const datagramShapes: readonly MessageShape[] = shapesOf(datagramRows);

/** Every frame. */
export const frameShapes: readonly MessageShape[] = shapesOf(frameRows);

function shapesOf(rows: object): readonly MessageShape[] {
  return Object.entries(rows as Record<string, MessageRow<object>>).map(([type, row]) => ({
    type,
    code: row.code,
    fields: Object.entries<Field<unknown>>(row.fields).map(
      ([name, field]): NamedShape => [name, shapeOf(field)],
    ),
    payload: row.payload,
  }));
}

function shapeOf(field: Field<unknown>): Shape {
  const shape = parse(field.notation);
  // Ids are hexadecimal digits in a message and other binaries bytes; the notation is the same.
  return shape.type === "bin" ? { ...shape, isHex: takesText(field, shape.length) } : shape;
}

function takesText(field: Field<unknown>, length: number): boolean {
  try {
    field.write("00".repeat(length), "");
    return true;
  } catch {
    return false;
  }
}

function parse(notation: string): Shape {
  const [, kind = "", rest = ""] =
    /^(flat list|list|[a-z]+):? ?(?:of )?(.*)$/s.exec(notation) ?? [];
  const [, most = "", after = ""] = /^≤ ([\d,^]+(?: - 1)?)(?: (.*))?$/s.exec(rest) ?? [];
  if (notation === "bool" || notation === "peer") return { type: notation };
  if (kind === "uint") {
    const [min = "", max = ""] = rest.split(" ... ");
    return { type: "uint", min: integer(min), max: integer(max) };
  }
  if (kind === "text" && after === "bytes") return { type: "text", maxBytes: integer(most) };
  if (kind === "bin" && /^\d+$/.test(rest))
    return { type: "bin", length: integer(rest), isHex: false };
  if (kind === "code") return { type: "code", codes: parseCodes(rest) };
  if (kind === "list") return { type: "list", maxCount: integer(most), item: parse(after) };
  if (kind === "flat list") {
    const parts = after.replace(/^\(|\)$/g, "").split("; ");
    return { type: "flat", maxCount: integer(most), parts: parts.map(parsePart) };
  }
  throw new Error(`no shape is known for the notation "${notation}"`);
}

function parsePart(text: string): NamedShape {
  const colon = text.indexOf(": ");
  return [text.slice(0, colon), parse(text.slice(colon + 2))];
}

function parseCodes(text: string): ReadonlyMap<string, number> {
  const pairs = text.split(", ").map((pair) => pair.split(" "));
  return new Map(pairs.map(([number = "", word = ""]) => [word, integer(number)]));
}

function integer(text: string): number {
  const [, power, minus] = /^2\^(\d+)( - 1)?$/.exec(text) ?? [];
  const value =
    power === undefined
      ? Number(text.replaceAll(",", ""))
      : 2 ** Number(power) - (minus === undefined ? 0 : 1);
  if (text !== "" && Number.isSafeInteger(value)) return value;
  throw new Error(`"${text}" is no integer of a notation`);
}
