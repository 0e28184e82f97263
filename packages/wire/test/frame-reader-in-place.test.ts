import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Frame, FrameReader, isPalmTreeError } from "../src/index.js";
import { chunk, countingReader, frameBytes, framePrefix, inText, join } from "./bytes.js";

const kibi = 1_024;

/** Puts a stream into a reader's room, so many bytes at a time as `nextSize` says. */
function fill(reader: FrameReader, stream: Uint8Array, nextSize: () => number): readonly Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < stream.length; ) {
    const room = reader.room();
    const count = Math.max(1, Math.min(room.length, nextSize(), stream.length - at));
    room.fill(0xa5); // the room is the reader's: nothing that was handed out may change by it
    room.set(stream.subarray(at, at + count));
    reader.take(count, (frame) => frames.push(frame));
    at += count;
  }
  expect(reader.isInsideFrame).toBe(false);
  return frames;
}

function streamOf(frames: readonly Frame[]): Uint8Array {
  return join(...frames.map(frameBytes));
}

const all = () => Number.POSITIVE_INFINITY;

function placesOf(frames: readonly Frame[]): readonly Uint8Array[] {
  return frames.flatMap((frame) => (frame.type === "chunk" ? [frame.payload] : []));
}

describe("a stream that is read into the reader's room", () => {
  test("has the frames that it would have if it were pushed, however it comes", () => {
    const sizes = fc.constantFrom(1, 9, 4_095, 4 * kibi, 40_000, 64 * kibi, 700 * kibi);
    const some = fc.oneof(
      sizes.map((size) => chunk(size)),
      fc.constant<Frame>({ type: "alive" }),
      fc.constant<Frame>({
        type: "hashes",
        firstChunk: 32,
        signature: new Uint8Array(64).fill(8),
        payload: new Uint8Array(64).fill(7),
      }),
    );
    const reads = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.nat(300_000)));
    const limits = fc.constantFrom(700 * kibi, 16 * kibi * kibi);
    fc.assert(
      fc.property(fc.array(some, { maxLength: 60 }), reads, limits, (sent, read, limit) => {
        const reader = new FrameReader({ maxChunkBytes: limit });
        const got = fill(reader, streamOf(sent), () => read.next().value as number);
        expect(inText(got)).toEqual(inText(sent));
      }),
      { numRuns: 60 },
    );
  });

  test("has chunks that are not copied, but for the one at the end of each mebibyte", () => {
    const sent = Array.from({ length: 64 }, () => chunk(64 * kibi));
    const { reader, sizes } = countingReader(64 * kibi);
    const got = fill(reader, streamOf(sent), all);
    expect(inText(got)).toEqual(inText(sent));
    expect(new Set(sizes)).toEqual(new Set([1_024 * kibi]));
    expect(sizes.length).toBe(5);
    expect(new Set(placesOf(got).map(({ buffer }) => buffer)).size).toBe(5);
  });

  test("has chunks of which no two share a byte", () => {
    const got = fill(
      new FrameReader({ maxChunkBytes: 64 * kibi }),
      streamOf(Array.from({ length: 40 }, (_, at) => chunk(at % 3 === 0 ? 100 : 64 * kibi))),
      () => 100_000,
    );
    const places = placesOf(got);
    for (const [at, place] of places.entries()) place.fill(at);
    expect(places.every((place, at) => place.every((byte) => byte === at))).toBe(true);
  });

  test("has chunks too large for that that are read into storage of their own, not copied", () => {
    const sent = Array.from({ length: 4 }, () => chunk(2 * kibi * kibi));
    const { reader, sizes } = countingReader();
    const got = fill(reader, streamOf(sent), () => 256 * kibi);
    expect(inText(got)).toEqual(inText(sent));
    expect(placesOf(got).every(({ length, buffer }) => buffer.byteLength === length)).toBe(true);
    // The first grows as it arrives; from then on each has what it needs at once.
    expect(sizes.filter((size) => size === 2 * kibi * kibi).length).toBe(4);
  });

  test("keeps at most 16 times as much memory alive as the chunks of it that are kept", () => {
    for (const size of [1, 8, 32, 64, 512].map((some) => some * kibi)) {
      const reader = new FrameReader({ maxChunkBytes: size });
      const got = fill(reader, streamOf([chunk(size), { type: "alive" }, chunk(size)]), all);
      for (const { buffer } of placesOf(got)) {
        expect(buffer.byteLength).toBeLessThanOrEqual(Math.max(16 * size, 128 * kibi));
      }
    }
  });

  test("does not have storage made because a prefix claims it", () => {
    const { reader, sizes } = countingReader();
    const claim = join(framePrefix(5, 2, 16 * kibi * kibi), join("91 00"));
    reader.room().set(claim);
    reader.take(claim.length, () => undefined);
    reader.room()[0] = 1;
    reader.take(1, () => undefined);
    expect(sizes).toEqual([1_024 * kibi, 64 * kibi]);
  });

  test("that breaks a rule is over: the same error for all that comes", () => {
    const reader = new FrameReader({ maxChunkBytes: 10 });
    const errors: unknown[] = [];
    for (const bytes of [framePrefix(5, 2, 11), join("00")]) {
      reader.room().set(bytes);
      try {
        reader.take(bytes.length, () => undefined);
      } catch (error) {
        errors.push(error);
      }
    }
    expect(errors.length).toBe(2);
    expect(isPalmTreeError(errors[0])).toBe(true);
    expect(errors[1]).toBe(errors[0]);
  });
});
