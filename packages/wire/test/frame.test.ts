import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeFrame, type Frame, FrameReader, isPalmTreeError, wireLimits } from "../src/index.js";
import { frame, frames } from "./arbitraries.js";
import {
  chunk,
  countingReader,
  cut,
  errorOf,
  frameBytes,
  framePrefix,
  inText,
  join,
  malformedFacts,
  rawFrame,
  readPieces,
  tolerate,
} from "./bytes.js";

const types = Object.keys(frames) as Frame["type"][];
const signature = new Uint8Array(64);
const kibi = 1_024;

function anyOf(type: Frame["type"]): fc.Arbitrary<Frame> {
  return frames[type];
}

function readAll(bytes: Uint8Array): readonly Frame[] {
  return readPieces([bytes]);
}

describe.each(types)("frame %s", (type) => {
  test("survives the way there and back", () => {
    fc.assert(
      fc.property(anyOf(type), (sent) => {
        const bytes = frameBytes(sent);
        expect(readAll(bytes)).toStrictEqual([sent]);
        expect(frameBytes(readAll(bytes)[0]!)).toEqual(bytes);
      }),
    );
  });

  test("may come byte by byte, or cut into two anywhere", () => {
    fc.assert(
      fc.property(anyOf(type), (sent) => {
        const bytes = frameBytes(sent);
        const everywhere = [...bytes.keys()];
        const expected = inText([sent]);
        expect(inText(readPieces(cut(bytes, everywhere)))).toEqual(expected);
        for (const place of everywhere) {
          expect(inText(readPieces(cut(bytes, [place])))).toEqual(expected);
        }
      }),
      { numRuns: 3 },
    );
  });

  test("is not there before its last byte, and the reader knows that it is inside", () => {
    fc.assert(
      fc.property(anyOf(type), fc.nat(), (sent, at) => {
        const bytes = frameBytes(sent);
        const length = at % bytes.length;
        const reader = new FrameReader();
        const received: Frame[] = [];
        reader.push(bytes.subarray(0, length), (each) => received.push(each));
        expect(received).toEqual([]);
        expect(reader.isInsideFrame).toBe(length > 0);
        reader.push(bytes.subarray(length), (each) => received.push(each));
        expect(received).toStrictEqual([sent]);
        expect(reader.isInsideFrame).toBe(false);
      }),
    );
  });

  test("is malformed where its body is cut short or longer than its fields", () => {
    fc.assert(
      fc.property(anyOf(type), (sent) => {
        const { head, payload } = encodeFrame(sent);
        const body = head.subarray(8);
        for (let length = 0; length < body.length; length += 1) {
          const bytes = rawFrame(head[0]!, body.subarray(0, length), payload);
          expect(malformedFacts(() => readAll(bytes)).rule).toBe(length ? "truncated" : "size");
        }
        const longer = rawFrame(head[0]!, join(body, 0), payload);
        expect(["trailing", "size"]).toContain(malformedFacts(() => readAll(longer)).rule);
      }),
      { numRuns: 10 },
    );
  });

  test("is decoded or called malformed, whatever happens to its bytes on the way", () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(anyOf(type), flips, (sent, changes) => {
        const bytes = frameBytes(sent);
        for (const [at, change] of changes) {
          // Mostly the prefix and body; a payload may hold anything.
          const index = at % Math.min(bytes.length, 40);
          bytes[index] = bytes[index]! ^ change;
        }
        const { reader, sizes } = countingReader();
        const received: Frame[] = [];
        tolerate(() => reader.push(bytes, (each) => received.push(each)));
        for (const each of received) frameBytes(each);
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(64 * kibi);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a stream of frames", () => {
  const many = fc.array(frame, { minLength: 1, maxLength: 12 });

  test("may be cut anywhere, any number of times", () => {
    fc.assert(
      fc.property(many, fc.array(fc.nat(), { maxLength: 12 }), (sent, places) => {
        const bytes = join(...sent.map(frameBytes));
        const cuts = places.map((place) => place % (bytes.length + 1));
        expect(readPieces(cut(bytes, cuts))).toStrictEqual(sent);
      }),
    );
  });

  test("of random bytes is decoded or called malformed", () => {
    const prefixed = fc
      .tuple(fc.nat(17), fc.nat(80), fc.oneof(fc.nat(64), fc.nat()), fc.uint8Array())
      .map(([code, body, payload, rest]) => join(framePrefix(code, body, payload), rest));
    fc.assert(
      fc.property(fc.oneof(prefixed, fc.uint8Array()), fc.nat(), (bytes, place) => {
        const { reader, sizes } = countingReader();
        for (const piece of cut(bytes, [place % (bytes.length + 1)])) {
          if (tolerate(() => reader.push(piece, () => undefined) ?? true) === undefined) break;
        }
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(64 * kibi);
      }),
      { numRuns: 5_000 },
    );
  });

  test("may come in a Node Buffer", () => {
    fc.assert(
      fc.property(many, (sent) => {
        const buffer = Buffer.from(join(...sent.map(frameBytes)));
        const received: Frame[] = [];
        new FrameReader().push(buffer, (each) => received.push(each));
        buffer.fill(0xee);
        expect(received).toStrictEqual(sent);
      }),
    );
  });
});

describe("a chunk's index", () => {
  test.each([0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 24 - 1])("%d arrives", (index) => {
    expect(readAll(frameBytes(chunk(3, index)))).toStrictEqual([chunk(3, index)]);
  });

  test.each(["cc 07", "cd 0007", "ce 00000007", "cf 0000000000000007"])(
    "may be longer than needed: %s",
    (index) => {
      const { payload } = chunk(3) as { payload: Uint8Array };
      expect(readAll(rawFrame(5, join("91", index), payload))).toStrictEqual([chunk(3)]);
    },
  );

  test.each([
    ["ce 01000000", "range"],
    ["ce ffffffff", "range"],
    ["cf 0000000001000000", "range"],
    ["ff", "format"],
    ["d0 07", "format"],
    ["ca 40e00000", "format"],
    ["cc", "truncated"],
    ["cd 00", "truncated"],
    ["07 00", "trailing"],
    ["cc 07 00", "trailing"],
  ])("is not %s: %s", (index, rule) => {
    const bytes = rawFrame(5, join("91", index), Uint8Array.of(1));
    expect(malformedFacts(() => readAll(bytes)).rule).toBe(rule);
  });

  test.each([
    ["92 07", "count"],
    ["90 07", "count"],
    ["81 07", "format"],
    ["07 07", "format"],
  ])("is not taken from a body that is no array of one: %s", (body, rule) => {
    const bytes = rawFrame(5, join(body), Uint8Array.of(1));
    expect(malformedFacts(() => readAll(bytes)).rule).toBe(rule);
  });
});

describe("progress", () => {
  const read = (body: Uint8Array) => () => readAll(rawFrame(11, body));

  test("is one flat list", () => {
    const entries = [
      { number: 1, parent: 0, chunksHeld: 5 },
      { number: 2, parent: 1, chunksHeld: 0 },
    ];
    expect(frameBytes({ type: "progress", entries })).toEqual(
      join("0b 000008 00000000 91 96 010005 020100"),
    );
  });

  test.each([
    ["a part of an entry", "91 94 010005 02", "count", "entries"],
    ["more than 4,096 entries", "91 dc 3003", "count", "entries"],
    ["a parent that is no peer", "91 96 010005 02 ce00010000 00", "range", "entries[1].parent"],
  ])("with %s is malformed", (_what, hex, rule, field) => {
    expect(malformedFacts(read(join(hex)))).toMatchObject({ rule, field });
  });
});
describe("the encoder", () => {
  const encode = (value: object) => () => encodeFrame(value as Frame);

  test.each([
    ["no payload", { type: "chunk", index: 1 }],
    ["a payload of text", { type: "chunk", index: 1, payload: "abc" }],
    ["an unknown type", { type: "constructor" }],
    ["no type", {}],
    ["a flag that is a number", { ...fc.sample(frames.hello, 1)[0]!, hasManifest: 1 }],
    ["entries that are no objects", { type: "progress", entries: [7] }],
    ["an entry without a parent", { type: "progress", entries: [{ number: 1, chunksHeld: 1 }] }],
  ])("calls %s a TypeError", (_what, value) => {
    expect(encode(value)).toThrow(TypeError);
  });

  test.each([
    ["an empty chunk", { type: "chunk", index: 1, payload: new Uint8Array() }],
    ["half a hash", { type: "hashes", firstChunk: 0, signature, payload: new Uint8Array(16) }],
    [
      "a hash and a half",
      { type: "hashes", firstChunk: 0, signature, payload: new Uint8Array(48) },
    ],
    ["chunk 2^24", { type: "chunk", index: 2 ** 24, payload: new Uint8Array(1) }],
  ])("calls %s a RangeError", (_what, value) => {
    expect(encode(value)).toThrow(RangeError);
  });

  test.each([
    ["a chunk", { type: "chunk", index: 1, payload: new Uint8Array(16 * kibi * kibi + 1) }],
    [
      "a bitmap",
      {
        type: "holds",
        stripeCount: 1,
        stripes: [0],
        payload: new Uint8Array(2 * kibi * kibi + 1),
      },
    ],
    [
      "news",
      {
        type: "have",
        isIdle: false,
        runs: Array.from({ length: 1_025 }, (_, at) => ({ first: 2 * at, count: 1 })),
      },
    ],
    ["a manifest part", { type: "manifest", offset: 0, payload: new Uint8Array(kibi * kibi + 1) }],
    [
      "a hash page",
      { type: "hashes", firstChunk: 0, signature, payload: new Uint8Array(32 * 1_025) },
    ],
    [
      "progress",
      {
        type: "progress",
        entries: Array.from({ length: 4_097 }, () => ({ number: 1, parent: 0, chunksHeld: 1 })),
      },
    ],
  ])("calls %s that is too large a limit", (_what, value) => {
    const error = errorOf(encode(value));
    expect(isPalmTreeError(error) && error.code).toBe("limit-exceeded");
  });

  test("fits the most progress of the largest session into one frame", () => {
    const entry = { number: 65_535, parent: 65_535, chunksHeld: 2 ** 24 };
    const sent: Frame = {
      type: "progress",
      entries: Array.from({ length: wireLimits.progressEntries }, () => entry),
    };
    expect(readAll(frameBytes(sent))).toStrictEqual([sent]);
  });

  test("lays a frame without fields out to the byte", () => {
    expect(frameBytes({ type: "alive" })).toEqual(join("0e 000001 00000000 90"));
  });
});
