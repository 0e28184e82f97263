import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeJournalHead,
  decodeJournalRecords,
  encodeJournalHead,
  encodeJournalRecords,
  journalHeadBytes,
  journalRecordBytes,
  type WrittenPiece,
} from "../src/core/journal.js";
import { sha256 } from "../src/sha256.js";

const manifestHash = sha256(Uint8Array.of(1, 2, 3));
const pieces: readonly WrittenPiece[] = [
  { entry: 0, offset: 0, length: 65_536 },
  { entry: 3, offset: 2 ** 40, length: 1 },
  { entry: 999_999, offset: 2 ** 48, length: 2 ** 20 },
];

function decode(bytes: Uint8Array, hash: Uint8Array = manifestHash): WrittenPiece[] {
  return [...decodeJournalRecords(bytes, hash, sha256)];
}

describe("the head of a journal", () => {
  const bytes = encodeJournalHead({ manifestBytes: 700, manifestHash });

  test("is read as it was written, and is as the document says", () => {
    expect(decodeJournalHead(bytes)).toEqual({ manifestBytes: 700, manifestHash });
    const text = Buffer.from(bytes).toString("hex");
    expect(text).toBe(`50547374616765${"01"}000002bc${Buffer.from(manifestHash).toString("hex")}`);
    expect(bytes.length).toBe(journalHeadBytes);
  });

  test("is none when it is cut off anywhere, of another version, or too large", () => {
    for (let length = 0; length < bytes.length; length += 1)
      expect(decodeJournalHead(bytes.subarray(0, length))).toBeUndefined();
    for (let bit = 0; bit < 64; bit += 1)
      expect(decodeJournalHead(withoutBit(bytes, bit))).toBeUndefined();
    const large = encodeJournalHead({ manifestBytes: 2 ** 28 + 1, manifestHash });
    expect(decodeJournalHead(large)).toBeUndefined();
  });
});

describe("the records of a journal", () => {
  const bytes = encodeJournalRecords(pieces, manifestHash, sha256);

  test("are read as they were written", () => {
    expect(bytes.length).toBe(3 * journalRecordBytes);
    expect(decode(bytes)).toEqual(pieces);
  });

  test("that are cut off anywhere are read up to the last whole one", () => {
    for (let length = 0; length <= bytes.length; length += 1)
      expect(decode(bytes.subarray(0, length))).toEqual(
        pieces.slice(0, Math.floor(length / journalRecordBytes)),
      );
  });

  test("with a flipped bit lose that record and no other, whichever bit it is", () => {
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = Math.floor(bit / 8 / journalRecordBytes);
      const others = pieces.filter((_, place) => place !== damaged);
      expect(decode(withoutBit(bytes, bit))).toEqual(others);
    }
  });

  test("of another manifest are none", () => {
    expect(decode(bytes, sha256(Uint8Array.of(1)))).toEqual([]);
  });

  test("are several for a piece that is longer than one can say", () => {
    const long = { entry: 1, offset: 5, length: 5 * 2 ** 30 + 7 };
    const read = decode(encodeJournalRecords([long], manifestHash, sha256));
    expect(read.length).toBe(6);
    expect(read.reduce((sum, { length }) => sum + length, 0)).toBe(long.length);
    expect(read.at(-1)).toEqual({ entry: 1, offset: 5 + 5 * 2 ** 30, length: 7 });
  });

  test("that nobody wrote are none, whatever bytes they are", () => {
    const anything = fc.uint8Array({ maxLength: 10 * journalRecordBytes });
    fc.assert(fc.property(anything, (noise) => decode(noise).length === 0));
  });
});

function withoutBit(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = Math.floor(bit / 8);
  copy[at] = (copy[at] as number) ^ (1 << (bit % 8));
  return copy;
}
