import { decodeUtf8 } from "@palmtree/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8Length, writeUtf8 } from "../src/core/utf8.js";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function reference(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

describe("UTF-8", () => {
  it("is written and measured as the platform does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(5), (text, start) => {
        const expected = Buffer.from(text);
        expect(utf8Length(text)).toBe(expected.length);
        const target = Buffer.alloc(start + expected.length);
        expect(writeUtf8(text, target, start)).toBe(target.length);
        expect(target.subarray(start)).toEqual(expected);
        expect(decodeUtf8(target, start, target.length)).toBe(text);
      }),
    );
    expect(utf8Length("\ud800a\udc00")).toBe(7);
  });

  it("is read or refused as the platform does, whatever the bytes", () => {
    const lead = fc.constantFrom(
      0x41,
      0x7f,
      0x80,
      0xc0,
      0xc1,
      0xc2,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
    );
    const tail = fc.constantFrom(0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0);
    const sequences = fc.array(fc.tuple(lead, fc.array(tail, { maxLength: 4 })), { maxLength: 3 });
    fc.assert(
      fc.property(sequences, (list) => {
        const bytes = Uint8Array.from(list.flatMap(([first, rest]) => [first, ...rest]));
        expect(decodeUtf8(bytes, 0, bytes.length)).toBe(reference(bytes));
      }),
      { numRuns: 3000 },
    );
  });
});
