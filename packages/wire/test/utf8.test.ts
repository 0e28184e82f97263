import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeUtf8, truncateUtf8, utf8ByteLength } from "../src/index.js";
import { encodeUtf8 } from "../src/utf8.js";
import { join } from "./bytes.js";

const anyText = fc.string({ unit: "binary", maxLength: 300 });
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));

function isWellFormed(text: string): boolean {
  return new TextDecoder().decode(new TextEncoder().encode(`.${text}`)) === `.${text}`;
}

describe("utf8ByteLength", () => {
  test("agrees with the platform's encoder", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(utf8ByteLength(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });

  test("refuses exactly the texts with a lone surrogate", () => {
    fc.assert(
      fc.property(fc.oneof(anyUnits, anyText), (text) => {
        if (isWellFormed(text)) utf8ByteLength(text);
        else expect(() => utf8ByteLength(text)).toThrow(TypeError);
      }),
    );
  });

  test.each(["\ud800", "\udfff", "a\ud83d", "\ud83da", "\ude00\ud83d", "\ud83d\ud83d\ude00"])(
    "refuses %j",
    (text) => expect(() => utf8ByteLength(text)).toThrow(TypeError),
  );
});

describe("encodeUtf8", () => {
  test("agrees with the platform's encoder", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(encodeUtf8(text)).toEqual(new Uint8Array(new TextEncoder().encode(text)));
      }),
    );
  });

  test("refuses a lone surrogate", () => {
    expect(() => encodeUtf8("a\ud83d")).toThrow(TypeError);
  });
});

describe("decodeUtf8", () => {
  test("reads a text longer than one call may take arguments", () => {
    const text = "a🌴é".repeat(70_000);
    const bytes = Uint8Array.from(Buffer.from(text));
    expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text);
  });

  test("reads what the platform writes, a leading byte order mark too", () => {
    fc.assert(
      fc.property(anyText, fc.nat(9), (text, before) => {
        const written = new TextEncoder().encode(`\ufeff${text}`);
        const bytes = join(new Uint8Array(before), written, 0xff);
        expect(decodeUtf8(bytes, before, before + written.length)).toBe(`\ufeff${text}`);
      }),
    );
  });

  test("accepts exactly what the platform's strict decoder accepts", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const platform = (bytes: Uint8Array): string | undefined => {
      try {
        return strict.decode(bytes);
      } catch {
        return undefined;
      }
    };
    const lead = fc.constantFrom(0x61, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5);
    const next = fc.constantFrom(0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0);
    const nearlyValid = fc
      .array(fc.oneof(lead, next, next), { maxLength: 8 })
      .map((numbers) => Uint8Array.from(numbers));
    fc.assert(
      fc.property(fc.oneof(nearlyValid, fc.uint8Array({ maxLength: 8 })), (bytes) => {
        expect(decodeUtf8(bytes, 0, bytes.length)).toBe(platform(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ["an over-long slash", "c0 af"],
    ["an over-long three-byte form", "e0 80 af"],
    ["an over-long four-byte form", "f0 80 80 af"],
    ["a surrogate", "ed a0 80"],
    ["a code point above U+10FFFF", "f4 90 80 80"],
    ["a lead byte of five", "f8 88 80 80 80"],
    ["a stray continuation byte", "61 80"],
    ["a missing continuation byte", "e2 82"],
    ["a letter in place of a continuation byte", "c3 61"],
  ])("refuses %s", (_what, hex) => {
    const bytes = join(hex);
    expect(decodeUtf8(bytes, 0, bytes.length)).toBeUndefined();
  });

  test("never reads beyond the end that it was given", () => {
    const bytes = join("e2 82 ac");
    expect(decodeUtf8(bytes, 0, 2)).toBeUndefined();
    expect(decodeUtf8(bytes, 0, 3)).toBe("€");
  });
});

describe("truncateUtf8", () => {
  test("keeps the longest beginning that fits, and nothing that cannot travel", () => {
    fc.assert(
      fc.property(fc.oneof(anyUnits, anyText), fc.nat(60), (text, maxBytes) => {
        const cut = truncateUtf8(text, maxBytes);
        const whole = Array.from(text.replaceAll(/\p{Surrogate}/gu, "\ufffd"));
        expect(utf8ByteLength(cut)).toBeLessThanOrEqual(maxBytes);
        expect(whole.join("").startsWith(cut)).toBe(true);
        const next = whole[Array.from(cut).length];
        if (next !== undefined) expect(utf8ByteLength(cut + next)).toBeGreaterThan(maxBytes);
      }),
    );
  });

  test.each([-1, 1.5, Number.NaN])("refuses a limit of %d", (maxBytes) => {
    expect(() => truncateUtf8("a", maxBytes)).toThrow(RangeError);
  });
});
