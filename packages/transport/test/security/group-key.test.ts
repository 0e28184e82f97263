import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { GroupKey, groupKeyBytes } from "../../src/index.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const session = "000102030405060708090a0b0c0d0e0f";
const key = Uint8Array.from({ length: groupKeyBytes }, (_, index) => (index * 37 + 11) & 255);

function formatKey(bytes: Uint8Array): string {
  return new GroupKey(bytes).format();
}

function parseKey(text: string): string {
  return GroupKey.parse(text).format();
}

describe("a key in writing", () => {
  test("is its prefix, then key and checksum in base64url", () => {
    const checksum = createHash("sha256").update(key).digest().subarray(0, 4);
    const body = Buffer.concat([key, checksum]).toString("base64url");
    expect(formatKey(key)).toBe(`palmtree-key-1-${body}`);
    expect(body).toHaveLength(48);
  });

  test("is read back, with white space around it too", () => {
    expect(parseKey(formatKey(key))).toEqual(formatKey(key));
    expect(parseKey(`  ${formatKey(key)}\r\n`)).toEqual(formatKey(key));
  });

  test("is another each time", () => {
    const keys = Array.from({ length: 50 }, () => GroupKey.draw().format());
    expect(new Set(keys).size).toBe(50);
    for (const one of keys) expect(parseKey(one)).toBe(one);
  });

  test("of another length is refused before it is written", () => {
    expect(() => formatKey(new Uint8Array(31))).toThrow(RangeError);
  });
});

describe("a key", () => {
  test("seals each session with another key, as docs/protocol.md has it", () => {
    const sealing = new GroupKey(key).sealingKey(session);
    expect(sealing).toHaveLength(32);
    expect(new GroupKey(key).sealingKey("ff".repeat(16))).not.toEqual(sealing);
    expect(Buffer.from(sealing).toString("hex")).toMatchInlineSnapshot(
      `"e8b3f1fe48ba53df6b0ccee103427814dfa23144f3b56b9ce7ab069c80e54214"`,
    );
  });

  test("does not show itself where something that has it is printed", () => {
    const secret = new GroupKey(new Uint8Array(groupKeyBytes).fill(0x41));
    expect(JSON.stringify({ secret })).not.toContain("AAAA");
    expect(inspect(secret, { showHidden: true, depth: 9 })).not.toContain("65");
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
