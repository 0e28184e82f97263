import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { drawKey, formatKey, keyBytes, parseKey } from "../../src/key.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const key = Uint8Array.from({ length: keyBytes }, (_, index) => (index * 37 + 11) & 255);

describe("a key in writing", () => {
  test("is its prefix, then key and checksum in base64url", () => {
    const checksum = createHash("sha256").update(key).digest().subarray(0, 4);
    const body = Buffer.concat([key, checksum]).toString("base64url");
    expect(formatKey(key)).toBe(`palmtree-key-1-${body}`);
    expect(body).toHaveLength(48);
  });

  test("is read back, with white space around it too", () => {
    expect(parseKey(formatKey(key))).toEqual(key);
    expect(parseKey(`  ${formatKey(key)}\r\n`)).toEqual(key);
  });

  test("is another each time, and has 32 bytes", () => {
    const keys = Array.from({ length: 50 }, () => drawKey());
    expect(new Set(keys.map(formatKey)).size).toBe(50);
    for (const one of keys) expect(parseKey(formatKey(one))).toEqual(Uint8Array.from(one));
  });

  test("of another length is refused before it is written", () => {
    expect(() => formatKey(new Uint8Array(31))).toThrow(RangeError);
  });
});

describe("a mistyped key is recognised", () => {
  const text = formatKey(key);
  const refusal = expect.objectContaining({ code: "key-invalid" });

  test("whichever single character is replaced by any other", () => {
    for (let at = 0; at < text.length; at += 1)
      for (const char of alphabet) {
        if (char === text[at]) continue;
        const typo = text.slice(0, at) + char + text.slice(at + 1);
        expect(() => parseKey(typo), `${char} at ${at}`).toThrow(refusal);
      }
  });

  test("whichever character is left out, doubled, or swapped with the next", () => {
    for (let at = 0; at < text.length; at += 1) {
      const [before, here, next, after] = [
        text.slice(0, at),
        text.charAt(at),
        text.charAt(at + 1),
        text.slice(at + 2),
      ];
      expect(() => parseKey(before + next + after), `without ${at}`).toThrow(refusal);
      expect(() => parseKey(before + here + here + next + after), `twice ${at}`).toThrow(refusal);
      if (here === next || next === "") continue;
      expect(() => parseKey(before + next + here + after), `swapped ${at}`).toThrow(refusal);
    }
  });

  test.each([
    ["", "is empty"],
    ["hello", "does not begin with palmtree-key-1-"],
    [text.toUpperCase(), "does not begin with palmtree-key-1-"],
    [`${text.slice(0, -1)}=`, "has a character that no key has"],
    [text.slice(0, -4), "has 44 characters after palmtree-key-1-, not 48"],
    [`${text.slice(0, -1)}_`, "has a wrong checksum"],
  ])("and %j is said to be wrong in words, without the key", (wrong, problem) => {
    expect(() => parseKey(wrong)).toThrow(`The key ${problem}`);
    expect(() => parseKey(wrong)).not.toThrow(text.slice(20, 30));
  });
});
