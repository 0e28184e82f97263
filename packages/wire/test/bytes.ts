import { Encoder } from "@msgpack/msgpack";
import { expect } from "vitest";
import {
  type ErrorFacts,
  encodeDatagram,
  encodeFrame,
  envelopeBytes,
  type Frame,
  FrameReader,
  type FrameReaderOptions,
  fromHex,
  isPalmTreeError,
  wireLimits,
} from "../src/index.js";

const encoder = new Encoder();

/** Joins bytes, numbers and hexadecimal digits (spaces allowed) into one array. */
export function join(...parts: readonly (Uint8Array | number | string)[]): Uint8Array {
  const arrays = parts.map((part) => {
    if (typeof part === "string") return fromHex(part.replaceAll(" ", ""));
    return typeof part === "number" ? Uint8Array.of(part) : part;
  });
  return Uint8Array.from(Buffer.concat(arrays));
}

/** A frame as one array. */
export function frameBytes(frame: Frame): Uint8Array {
  const { head, payload } = encodeFrame(frame);
  return join(head, payload ?? new Uint8Array());
}

/** A chunk with some content. */
export function chunk(size: number, index = 7): Frame {
  const payload = Uint8Array.from({ length: size }, (_, at) => (at * 31) & 255);
  return { type: "chunk", index, payload };
}

/** A well-formed prefix around any body and payload. */
export function rawFrame(
  code: number,
  body: Uint8Array,
  payload: Uint8Array = new Uint8Array(),
): Uint8Array {
  return join(framePrefix(code, body.length, payload.length), body, payload);
}

export function framePrefix(code: number, bodyLength: number, payloadLength: number): Uint8Array {
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setUint32(0, code * 2 ** 24 + bodyLength);
  new DataView(prefix.buffer).setUint32(4, payloadLength);
  return prefix;
}

/** A well-formed envelope around any body. */
export function rawDatagram(code: number, body: Uint8Array): Uint8Array {
  const sample = encodeDatagram({
    session: "000102030405060708090a0b0c0d0e0f",
    sender: "1011121314151617",
    receiver: "18191a1b1c1d1e1f",
    counter: 1,
    message: { type: "join" },
  });
  return join(sample.subarray(0, envelopeBytes), code, body);
}

/** msgpack as the library writes it. */
export function msgpack(value: unknown): Uint8Array {
  return encoder.encode(value);
}

/**
 * Pushes pieces of a stream from one buffer that is overwritten after each push, as a socket's
 * would be.
 */
export function readPieces(
  pieces: readonly Uint8Array[],
  options: FrameReaderOptions = {},
): readonly Frame[] {
  const reader = new FrameReader(options);
  const frames: Frame[] = [];
  const buffer = new Uint8Array(Math.max(...pieces.map((piece) => piece.length), 0));
  for (const piece of pieces) {
    buffer.set(piece);
    reader.push(buffer.subarray(0, piece.length), (frame) => frames.push(frame));
    buffer.fill(0xa5);
  }
  expect(reader.isInsideFrame).toBe(false);
  return frames;
}

/** Cuts bytes at the given places. */
export function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const sorted = [0, ...places.toSorted((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

/** The facts of the `*-malformed` error that `run` throws; fails when it throws anything else. */
export function malformedFacts(run: () => unknown): ErrorFacts {
  try {
    run();
  } catch (error) {
    if (!isPalmTreeError(error)) throw error;
    const { code, fault, facts, message } = error;
    // Asked for a hundred thousand times: `expect` would take longer than what is tested.
    const isAsDocumented = /^(?:datagram|frame)-malformed$/.test(code) && fault === "remote";
    if (!isAsDocumented || !message.includes(`got ${facts.got}`))
      expect.fail(`${code}, fault ${fault}: ${message}`);
    return facts;
  }
  return expect.fail("nothing was thrown");
}

/** Runs, and lets pass what a decoder may throw. */
export function tolerate<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (isPalmTreeError(error) && error.code.endsWith("-malformed")) return undefined;
    throw error;
  }
}

/** Frames with their payloads as text, which is a hundred times faster to compare. */
export function inText(frames: readonly Frame[]): readonly object[] {
  return frames.map((frame) => {
    return "payload" in frame
      ? { ...frame, payload: Buffer.from(frame.payload).toString("hex") }
      : frame;
  });
}

/** A reader with a note of every allocation. */
export function countingReader(maxChunkBytes: number = wireLimits.chunkSizeBytesMax): {
  readonly reader: FrameReader;
  readonly sizes: readonly number[];
} {
  const sizes: number[] = [];
  const allocate = (size: number): Uint8Array => {
    sizes.push(size);
    return new Uint8Array(size);
  };
  return { reader: new FrameReader({ allocate, maxChunkBytes }), sizes };
}

/** What `run` throws; fails when it throws nothing. */
export function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return expect.fail("nothing was thrown");
}
