import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../src/index.js";

test("bytes become lower-case digits, two for each", () => {
  expect(toHex(Uint8Array.of(0, 1, 0x7f, 0x80, 0xff))).toBe("00017f80ff");
  expect(toHex(new Uint8Array())).toBe("");
});

test("every byte survives the way there and back", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes);
      expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes);
      expect(toHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
    }),
  );
});

test.each(["0", "000", "0g", " 00", "00\n", "0x", "+1", "é0"])("%j is refused", (text) => {
  expect(() => fromHex(text)).toThrow(TypeError);
});
