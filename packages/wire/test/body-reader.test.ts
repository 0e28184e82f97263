import { Decoder } from "@msgpack/msgpack";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BodyReader } from "../src/body-reader.js";
import { wireLimits } from "../src/index.js";
import { join, tolerate } from "./bytes.js";

test("what is accepted, msgpack's own decoder reads in the same way", () => {
  const decoder = new Decoder();
  const item = fc.oneof(
    fc.constantFrom(
      "00",
      "7f",
      "cc 05",
      "cd 0500",
      "ce 00000005",
      "cf 0000000000000005",
      "cb 0000",
    ),
    fc.constantFrom(
      "a1 61",
      "d9 01 61",
      "da 0001 61",
      "c4 01 00",
      "c3",
      "c2",
      "c0",
      "91 05",
      "a2 c3a9",
    ),
  );
  const readers: ((reader: BodyReader) => unknown)[] = [
    (reader) => reader.uint(0, wireLimits.integer),
    (reader) => reader.text(1_000),
    (reader) => reader.binary(0, 1, 2, 3),
    (reader) => reader.flag(),
    (reader) => Array.from({ length: reader.arrayHeader(0, 3) }, () => reader.uint(0, 9)),
  ];
  let acceptedCount = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        item.map((hex) => join(hex.replaceAll(" ", ""))),
        fc.uint8Array({ maxLength: 12 }),
      ),
      (bytes) => {
        for (const read of readers) {
          const accepted = tolerate(() => {
            const reader = new BodyReader(bytes, 0, bytes.length, {
              subject: "frame",
              message: "test",
            });
            const value = read(reader);
            reader.end();
            return { value };
          });
          if (accepted === undefined) continue;
          acceptedCount += 1;
          expect(decoder.decode(bytes)).toEqual(accepted.value);
        }
      },
    ),
    { numRuns: 3_000 },
  );
  expect(acceptedCount).toBeGreaterThan(300);
});
