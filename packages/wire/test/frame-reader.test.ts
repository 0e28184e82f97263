import { describe, expect, test } from "vitest";
import {
  encodeFrame,
  type Frame,
  FrameReader,
  isPalmTreeError,
  PalmTreeError,
} from "../src/index.js";
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
  readPieces,
} from "./bytes.js";

const kibi = 1_024;

function readAll(bytes: Uint8Array): readonly Frame[] {
  return readPieces([bytes]);
}

describe("a payload", () => {
  test("is handed to the stream as it is, not copied", () => {
    const payload = Uint8Array.of(1, 2, 3);
    expect(encodeFrame({ type: "chunk", index: 1, payload }).payload).toBe(payload);
    expect(encodeFrame({ type: "finish" }).payload).toBeUndefined();
  });

  test("is laid out to the byte after prefix and body", () => {
    const payload = Uint8Array.of(0xaa, 0xbb, 0xcc);
    expect(frameBytes({ type: "chunk", index: 300, payload })).toEqual(
      join("05 000004 00000003 91 cd012c aabbcc"),
    );
  });

  test("of 64 KiB is copied once into storage of exactly its size, however it comes", () => {
    const sent = chunk(64 * kibi);
    const bytes = frameBytes(sent);
    for (const places of [[], [5], [12, 13], [16_000, 32_000, 48_000], [bytes.length - 1]]) {
      const { reader, sizes } = countingReader(64 * kibi);
      const received: Frame[] = [];
      for (const piece of cut(bytes, places)) reader.push(piece, (each) => received.push(each));
      expect(inText(received)).toEqual(inText([sent]));
      expect(sizes).toEqual([64 * kibi]);
    }
  });

  test("of any size is copied once where it comes in one piece", () => {
    const sent = chunk(300 * kibi);
    const { reader, sizes } = countingReader();
    reader.push(frameBytes(sent), (received) => {
      expect(inText([received])).toEqual(inText([sent]));
    });
    expect(sizes).toEqual([300 * kibi]);
  });

  test("that is large gets storage as it arrives, and at once after the first such", () => {
    const sent = chunk(300 * kibi);
    const bytes = frameBytes(sent);
    const places = Array.from({ length: 30 }, (_, at) => (at + 1) * 10_000);
    const { reader, sizes } = countingReader();
    const received: Frame[] = [];
    const send = () => {
      for (const piece of cut(bytes, places)) reader.push(piece, (each) => received.push(each));
    };
    send();
    expect(sizes).toEqual([64, 128, 256, 300].map((size) => size * kibi));
    send();
    expect(sizes.slice(4)).toEqual([300 * kibi]);
    expect(inText(received)).toEqual(inText([sent, sent]));
  });

  test("belongs to the receiver: no two share storage", () => {
    const bytes = join(frameBytes(chunk(100)), frameBytes(chunk(100)));
    const received = readAll(bytes).map((each) => (each as { payload: Uint8Array }).payload);
    received[0]!.fill(0);
    expect(received[1]).toEqual((chunk(100) as { payload: Uint8Array }).payload);
    expect(new Set([bytes.buffer, ...received.map((each) => each.buffer)]).size).toBe(3);
  });

  test("may be empty in a bitmap of no chunks, and then is an array of its own", () => {
    const sent: Frame = {
      type: "holds",
      stripeCount: 1,
      stripes: [0],
      payload: new Uint8Array(),
    };
    expect(readAll(frameBytes(sent))).toStrictEqual([sent]);
  });
});

describe("what a prefix claims", () => {
  test("is not allocated", () => {
    for (const [code, body] of [
      [3, join("91 00")],
      [5, join("91 00")],
      [7, join("92 01 90")],
    ] as const) {
      const { reader, sizes } = countingReader();
      const claim = framePrefix(code, body.length, code === 5 ? 16 * kibi * kibi : kibi * kibi);
      reader.push(join(claim, body), () => undefined);
      expect(sizes).toEqual([]);
      reader.push(new Uint8Array(1), () => undefined);
      expect(sizes).toEqual([64 * kibi]);
    }
  });

  test("of a body is not allocated either", () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 1_000 }, () => new FrameReader());
    for (const reader of readers) {
      reader.push(join(framePrefix(11, 60_000, 0), new Uint8Array(100)), () => undefined);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000 * 1_000);
  });

  test("is allocated once more only where the sender has delivered as much before", () => {
    const { reader, sizes } = countingReader();
    reader.push(frameBytes(chunk(100 * kibi)), () => undefined);
    const claim = join(framePrefix(5, 2, 16 * kibi * kibi), 0x91, 0x00, 0xaa);
    reader.push(claim, () => undefined);
    expect(sizes).toEqual([100 * kibi, 100 * kibi]);
  });
});

describe("the limits of a prefix", () => {
  const accepts = (code: number, bodyLength: number, payloadLength: number) => {
    const reader = new FrameReader();
    reader.push(framePrefix(code, bodyLength, payloadLength), () => undefined);
  };

  test.each([
    ["manifest", 3, 2, 1, 1_024 * kibi],
    ["chunk", 5, 2, 1, 16 * 1_024 * kibi],
    ["holds", 7, 1, 0, 2 * 1_024 * kibi],
  ])("%s has its payload sizes", (_type, code, bodyLength, min, max) => {
    accepts(code, bodyLength, min);
    accepts(code, bodyLength, max);
    for (const wrong of [min - 1, max + 1, 2 ** 32 - 1].filter((size) => size >= 0)) {
      const facts = malformedFacts(() => accepts(code, bodyLength, wrong));
      expect(facts).toMatchObject({ rule: "size", field: "payload length" });
    }
  });

  test("hashes come in whole hashes, 1 to 1,024", () => {
    for (const count of [1, 2, 1_024]) accepts(4, 2, 32 * count);
    for (const size of [0, 31, 33, 32 * 1_024 + 1, 32 * 1_025]) {
      expect(malformedFacts(() => accepts(4, 2, size)).field).toBe("payload length");
    }
  });

  test.each([1, 2, 6, 8, 9, 10, 11, 12, 13, 14, 15])("type %d has no payload", (code) => {
    accepts(code, 1, 0);
    expect(malformedFacts(() => accepts(code, 1, 1)).field).toBe("payload length");
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])("type %d has a body", (code) => {
    const payloadLength = [3, 4, 5].includes(code) ? 32 : 0;
    expect(malformedFacts(() => accepts(code, 0, payloadLength)).field).toBe("body length");
    for (const length of [64 * kibi + 1, 2 ** 24 - 1]) {
      expect(malformedFacts(() => accepts(code, length, payloadLength)).field).toBe("body length");
    }
  });

  test("only progress may have the largest body", () => {
    accepts(11, 64 * kibi, 0);
    expect(malformedFacts(() => accepts(5, 15, 1)).field).toBe("body length");
    expect(malformedFacts(() => accepts(14, 6, 0)).field).toBe("body length");
  });

  test.each([0, 16, 255])("type %d is unknown", (code) => {
    expect(malformedFacts(() => accepts(code, 1, 0)).rule).toBe("type");
  });

  test("are checked before another byte is read", () => {
    const reader = new FrameReader();
    const late = cut(framePrefix(5, 2, 2 ** 32 - 1), [7]);
    reader.push(late[0]!, () => undefined);
    malformedFacts(() => reader.push(late[1]!, () => undefined));
  });
});

describe("maxChunkBytes", () => {
  test("0 lets no chunk in, and everything else", () => {
    const reader = new FrameReader({ maxChunkBytes: 0 });
    reader.push(frameBytes({ type: "alive" }), () => undefined);
    malformedFacts(() => reader.push(frameBytes(chunk(1)), () => undefined));
  });

  test("may be set while a frame is handled, for the frames right behind it", () => {
    const reader = new FrameReader({ maxChunkBytes: 0 });
    const received: string[] = [];
    reader.push(join(frameBytes({ type: "finish" }), frameBytes(chunk(100))), ({ type }) => {
      received.push(type);
      reader.setMaxChunkBytes(100);
    });
    expect(received).toEqual(["finish", "chunk"]);
    expect(
      malformedFacts(() => reader.push(frameBytes(chunk(101)), () => undefined)),
    ).toMatchObject({ rule: "size", got: 101, expected: "1 to 100" });
  });

  test.each([-1, 0.5, Number.NaN, 16 * kibi * kibi + 1])("may not be %d", (maxChunkBytes) => {
    expect(() => new FrameReader({ maxChunkBytes })).toThrow(RangeError);
    expect(() => new FrameReader().setMaxChunkBytes(maxChunkBytes)).toThrow(RangeError);
  });
});

describe("after an error", () => {
  test("a reader is poisoned: every push throws the same", () => {
    const reader = new FrameReader();
    const received: Frame[] = [];
    const bytes = join(frameBytes({ type: "alive" }), 0xff, new Uint8Array(7));
    const first = errorOf(() => reader.push(bytes, (each) => received.push(each)));
    expect(received).toEqual([{ type: "alive" }]);
    const again = errorOf(() => {
      reader.push(frameBytes({ type: "alive" }), (each) => received.push(each));
    });
    expect(isPalmTreeError(first)).toBe(true);
    expect(again).toBe(first);
    expect(received).toHaveLength(1);
  });

  test("of the handler too, which passes through", () => {
    const reader = new FrameReader();
    const wrong = new PalmTreeError("protocol-violation", "a welcome to a parent");
    const bytes = frameBytes({ type: "alive" });
    const throwing = () => {
      throw wrong;
    };
    expect(errorOf(() => reader.push(bytes, throwing))).toBe(wrong);
    expect(errorOf(() => reader.push(bytes, () => undefined))).toBe(wrong);
  });
});
