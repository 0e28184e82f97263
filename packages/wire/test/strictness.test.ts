/**
 * What every field of every message accepts, taken from the tables: the edges of its range, and
 * nothing of another msgpack format.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { datagramRows } from "../src/datagram-table.js";
import type { Field } from "../src/field.js";
import { frameRows } from "../src/frame-table.js";
import {
  type ControlMessage,
  decodeDatagram,
  encodeDatagram,
  type Frame,
  FrameReader,
} from "../src/index.js";
import type { MessageRow } from "../src/message-table.js";
import { controlMessages, frames } from "./arbitraries.js";
import { frameBytes, join, malformedFacts, msgpack, rawDatagram, rawFrame } from "./bytes.js";

interface Row {
  readonly type: string;
  readonly fields: readonly (readonly [string, Field<unknown>])[];
  /** A valid message with this one field replaced. */
  readonly encode: (field: string, value: unknown) => unknown;
  /** The items of a valid body. */
  readonly items: readonly Uint8Array[];
  /** Decodes a body. */
  readonly decode: (body: Uint8Array) => unknown;
}

const envelope = {
  session: "00".repeat(16),
  sender: "00".repeat(8),
  receiver: "00".repeat(8),
  counter: 1,
};

function fieldsOf(row: MessageRow<never>): readonly (readonly [string, Field<unknown>])[] {
  return Object.entries<Field<unknown>>(row.fields);
}

function itemsOf(fields: Row["fields"], message: object): readonly Uint8Array[] {
  return fields.map(([name, field]) => msgpack(field.write(Reflect.get(message, name), name)));
}

function sample<M>(arbitrary: fc.Arbitrary<M>): M {
  return fc.sample(arbitrary, { numRuns: 1, seed: 1 })[0]!;
}

const datagrams = Object.entries(datagramRows).map(([type, row]): Row => {
  const arbitrary: fc.Arbitrary<ControlMessage> = controlMessages[type as ControlMessage["type"]];
  const message = sample(arbitrary);
  const fields = fieldsOf(row as MessageRow<never>);
  return {
    type: `datagram ${type}`,
    fields,
    items: itemsOf(fields, message),
    encode: (field, value) => {
      const changed = { ...message, [field]: value } as ControlMessage;
      return encodeDatagram({ ...envelope, message: changed });
    },
    decode: (body) => decodeDatagram(rawDatagram(row.code, body)).message,
  };
});

const framed = Object.entries(frameRows).map(([type, row]): Row => {
  const arbitrary: fc.Arbitrary<Frame> = frames[type as Frame["type"]];
  const frame = sample(arbitrary);
  const fields = fieldsOf(row as MessageRow<never>);
  const payload: Uint8Array = "payload" in frame ? frame.payload : new Uint8Array();
  return {
    type: `frame ${type}`,
    fields,
    items: itemsOf(fields, frame),
    encode: (field, value) => frameBytes({ ...frame, [field]: value } as Frame),
    decode: (body) => {
      const decoded: Frame[] = [];
      const reader = new FrameReader();
      reader.push(rawFrame(row.code, body, payload), (each) => decoded.push(each));
      return decoded[0];
    },
  };
});

const rows = [...datagrams, ...framed];
const fieldCases = rows.flatMap((row) =>
  row.fields.map(([name, field], index) => ({
    row,
    name,
    field,
    index,
    title: `${row.type}.${name}`,
  })),
);

/** An array header and items. */
function body(items: readonly Uint8Array[]): Uint8Array {
  return join(0x90 + items.length, ...items);
}

const formats = {
  nil: "c0",
  "the unused byte": "c1",
  "a boolean": "c3",
  "an unsigned integer": "01",
  "a negative fixint": "ff",
  "a signed integer": "d0 01",
  "a negative integer": "d3 ffffffffffffffff",
  "a float32": "ca 3f800000",
  "a float64": "cb 3ff0000000000000",
  "an empty string": "a0",
  "an empty binary": "c4 00",
  "an array": "90",
  "a map": "80",
  "a map of 2^32-1": "df ffffffff",
  "an extension": "d4 00 00",
  "a timestamp": "d6 ff 00000000",
  "an ext 32 of 2^32-1": "c9 ffffffff 00",
};

function formatsOf(field: Field<unknown>): readonly string[] {
  if (/^(?:uint|code)/.test(field.notation)) return ["an unsigned integer"];
  if (field.notation.startsWith("text")) return ["an empty string"];
  if (field.notation.startsWith("bin")) return ["an empty binary"];
  if (field.notation === "bool") return ["a boolean"];
  return ["an array"];
}

describe.each(fieldCases)("$title", ({ row, name, field, index }) => {
  const withItem = (item: Uint8Array) => body(row.items.toSpliced(index, 1, item));

  test("is one msgpack format and no other", () => {
    row.decode(withItem(row.items[index]!));
    for (const [what, hex] of Object.entries(formats)) {
      if (formatsOf(field).includes(what)) continue;
      const { rule, field: where } = malformedFacts(() => row.decode(withItem(join(hex))));
      expect({ what, rule, where }).toEqual({ what, rule: "format", where: name });
    }
  });

  test("is not read beyond what arrived, whatever length it claims", () => {
    for (const claim of [
      "d9 ff",
      "da ffff",
      "db ffffffff",
      "c4 ff",
      "c5 ffff",
      "c6 ffffffff",
      "dc ffff",
      "dd ffffffff",
    ]) {
      const bytes = join(0x90 + row.items.length, ...row.items.slice(0, index), claim);
      const { rule } = malformedFacts(() => row.decode(bytes));
      expect(["format", "length", "count", "truncated"]).toContain(rule);
    }
  });
});

const uintCases = fieldCases.flatMap((each) => {
  const [, min, max] = /^uint (\S+) \.{3} (.+)$/.exec(each.field.notation) ?? [];
  return max === undefined ? [] : [{ ...each, min: edge(min!), max: edge(max) }];
});

/** An edge as docs/protocol.md writes it: 1,024 or 2^24 or 2^32 - 1. */
function edge(text: string): number {
  const [, exponent, minusOne] = /^2\^(\d+)( - 1)?$/.exec(text) ?? [];
  if (exponent === undefined) return Number(text.replaceAll(",", ""));
  return 2 ** Number(exponent) - (minusOne === undefined ? 0 : 1);
}

describe.each(uintCases)("$title, $min to $max", ({ row, name, index, min, max }) => {
  const withValue = (value: number | bigint) => {
    const wide = new Uint8Array(9);
    wide[0] = 0xcf;
    new DataView(wide.buffer).setBigUint64(1, BigInt(value));
    return body(row.items.toSpliced(index, 1, wide));
  };

  test("has exactly that range in both directions, in the longest format too", () => {
    for (const value of [min, max]) {
      row.encode(name, value);
      expect(row.decode(withValue(value))).toMatchObject({ [name]: value });
    }
    for (const value of [min - 1, max + 1]) {
      expect(() => row.encode(name, value)).toThrow(RangeError);
      if (value < 0) continue;
      expect(malformedFacts(() => row.decode(withValue(value)))).toMatchObject({
        rule: "range",
        field: name,
      });
    }
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      expect(malformedFacts(() => row.decode(withValue(value)))).toMatchObject({
        rule: "range",
        field: name,
      });
    }
  });
});

const textCases = fieldCases.flatMap((each) => {
  const [, most] = /^text ≤ (\S+) bytes$/.exec(each.field.notation) ?? [];
  return most === undefined ? [] : [{ ...each, most: edge(most) }];
});

describe.each(textCases)("$title, up to $most bytes", ({ row, name, index, most }) => {
  const withBytes = (bytes: Uint8Array) => {
    const header = join("da", bytes.length >> 8, bytes.length & 255);
    return body(row.items.toSpliced(index, 1, join(header, bytes)));
  };

  test("has exactly that limit, and is valid UTF-8", () => {
    const longest = "x".repeat(most);
    row.encode(name, longest);
    expect(row.decode(withBytes(Buffer.from(longest)))).toMatchObject({ [name]: longest });
    const tooLong = withBytes(Buffer.from(`${longest}x`));
    expect(() => row.encode(name, `${longest}x`)).toThrow(/at most/);
    expect(malformedFacts(() => row.decode(tooLong))).toMatchObject({
      rule: "length",
      field: name,
    });
    for (const broken of ["80", "c0 af", "ed a0 80", "f4 90 80 80", "e2 82"]) {
      const facts = malformedFacts(() => row.decode(withBytes(join("61", broken))));
      expect(facts).toMatchObject({ rule: "utf-8", field: name });
    }
  });
});

const codeCases = fieldCases.filter((each) => each.field.notation.startsWith("code"));

test.each(codeCases)(
  "$title has the codes 1, 2, 3 ... and no other",
  ({ row, name, field, index }) => {
    const known = [...field.notation.matchAll(/(\d+) ([\w-]+)/g)];
    expect(known.map(([, code]) => Number(code))).toEqual(known.map((_, at) => at + 1));
    for (const code of [0, known.length + 1, 255, 2 ** 32]) {
      const bytes = body(row.items.toSpliced(index, 1, msgpack(code)));
      expect(malformedFacts(() => row.decode(bytes))).toMatchObject({ rule: "range", field: name });
    }
    for (const [, code, word] of known) {
      const bytes = body(row.items.toSpliced(index, 1, msgpack(Number(code))));
      expect(row.decode(bytes)).toMatchObject({ [name]: word });
    }
  },
);

describe.each(rows)("the body of $type", ({ items, decode }) => {
  test("is one array of exactly its fields", () => {
    decode(body(items));
    const extra = join("00");
    for (const wrong of [[...items, extra], ...(items.length > 0 ? [items.slice(1)] : [])]) {
      expect(malformedFacts(() => decode(body(wrong)))).toMatchObject({
        rule: "count",
        field: "body",
      });
    }
    for (const hex of Object.values(formats)) {
      if (hex === "90") continue;
      const facts = malformedFacts(() => decode(join(hex).subarray(0, 1)));
      expect(facts).toMatchObject({ rule: "format", field: "body" });
    }
  });

  test("may have a longer array header than it needs", () => {
    expect(decode(join("dc 00", items.length, ...items))).toEqual(decode(body(items)));
    expect(decode(join("dd 000000", items.length, ...items))).toEqual(decode(body(items)));
  });

  test("is refused at once where it claims to be endless or nests without end", () => {
    for (const hex of [
      "dd ffffffff",
      "dc ffff",
      "df ffffffff",
      "c6 ffffffff",
      "db ffffffff",
      "c9 ffffffff",
    ]) {
      malformedFacts(() => decode(join(hex)));
    }
    const nested = join(...Array.from({ length: 200 }, () => join("dd 00001000")));
    malformedFacts(() => decode(join(0x90 + items.length, nested)));
    malformedFacts(() => decode(new Uint8Array(1_000).fill(0x91)));
  });
});
