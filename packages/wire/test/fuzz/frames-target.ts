import { isDeepStrictEqual } from "node:util";
import { isPalmTreeError } from "../../src/error.js";
import type { Frame } from "../../src/frame.js";
import { encodeFrame, framePrefixBytes } from "../../src/frame-encoder.js";
import { FrameReader } from "../../src/frame-reader.js";
import { fromHex, toHex } from "../../src/hex.js";
import { joined, mutateBytes } from "./bytes.js";
import type { Draw } from "./draw.js";
import { bytesOf, itemOfMessage, mutateItem } from "./items.js";
import { checkRefusal } from "./refusal.js";
import { frameShapes } from "./shape.js";
import { type FuzzTarget, type Json, promise } from "./target.js";
import { drawMessage } from "./values.js";

/** Bytes that came over a connection, and how. */
interface StreamInput {
  readonly bytes: Uint8Array;
  /** The sizes of the slices, in turn, in which they come. */
  readonly slices: readonly number[];
  /** Whether they are read into the reader's own memory. */
  readonly isInPlace: boolean;
  readonly maxChunkBytes: number;
  /** Nothing was changed: all have to be accepted. */
  readonly isValid: boolean;
}

/** `FrameReader`. */
export const framesTarget: FuzzTarget<StreamInput> = {
  name: "frames",
  promise:
    "FrameReader throws frame-malformed or nothing, finds the same frames however the stream is cut, and allocates for what came, not for what is claimed",
  mostMs: 50,
  draw: drawStream,
  check: (input) => {
    const whole = read({ ...input, slices: [input.bytes.length], isInPlace: false });
    const cut = read(input);
    promise(isDeepStrictEqual(cut.frames, whole.frames), "other frames when it is cut elsewhere");
    promise(ruleOf(cut.error) === ruleOf(whole.error), "another error when it is cut elsewhere");
    for (const frame of whole.frames) checkRoundTrip(frame);
    promise(!input.isValid || whole.error === undefined, () => `refused: ${String(whole.error)}`);
    return whole.error === undefined ? "accepted" : "refused";
  },
  write: ({ bytes, ...rest }): Json => ({ hex: toHex(bytes), ...rest }),
  read: (kept) => {
    const { hex, ...rest } = kept as unknown as StreamInput & { hex: string };
    return { ...rest, bytes: fromHex(hex) };
  },
};

/** What a reader makes of a stream. */
interface Reading {
  readonly frames: readonly Frame[];
  readonly error: unknown;
}

const startBytes = 64 * 1_024;
/** The two slabs of 1 MiB that a reader may have in use while a payload moves from one to the other. */
const slabBytes = 2 * 1_024 * 1_024;

function read({ bytes, slices, isInPlace, maxChunkBytes }: StreamInput): Reading {
  const frames: Frame[] = [];
  let [at, allocatedBytes, begun] = [0, 0, 0];
  const reader = new FrameReader({
    maxChunkBytes,
    allocate: (size) => {
      allocatedBytes += size;
      return new Uint8Array(size);
    },
  });
  const onFrame = (frame: Frame): void => {
    begun += 1;
    frames.push("payload" in frame ? { ...frame, payload: frame.payload.slice() } : frame);
  };
  try {
    for (let turn = 0; at < bytes.length; turn += 1) {
      const size = slices[turn % slices.length] as number;
      const slice = bytes.subarray(at, at + size);
      at += isInPlace ? readInto(reader, slice, onFrame) : pushInto(reader, slice, onFrame);
      // Each payload that began may have its first buffer; it doubles only as it fills.
      const most = startBytes * (begun + 1) + 4 * at + (isInPlace ? slabBytes : 0);
      promise(
        allocatedBytes <= most,
        () => `${allocatedBytes} bytes allocated for ${at} that came`,
      );
    }
  } catch (error) {
    checkRefusal(error, "frame-malformed", "remote");
    checkPoison(reader, error);
    return { frames, error };
  }
  return { frames, error: undefined };
}

function pushInto(reader: FrameReader, slice: Uint8Array, onFrame: (frame: Frame) => void): number {
  reader.push(slice, onFrame);
  return slice.length;
}

function readInto(reader: FrameReader, slice: Uint8Array, onFrame: (frame: Frame) => void): number {
  const room = reader.room();
  const count = Math.min(room.length, slice.length);
  promise(count > 0, "there is no room to read into");
  room.set(slice.subarray(0, count));
  reader.take(count, onFrame);
  return count;
}

/** The place in the stream is lost: every later call throws the same. */
function checkPoison(reader: FrameReader, error: unknown): void {
  try {
    reader.push(Uint8Array.of(14, 0, 0, 1, 0, 0, 0, 0, 0x90), () =>
      promise(false, "a frame after an error"),
    );
  } catch (again) {
    promise(again === error, "another error after the first");
    return;
  }
  promise(false, "bytes are taken after an error");
}

function checkRoundTrip(frame: Frame): void {
  const { head, payload = new Uint8Array() } = encodeFrame(frame);
  const found: Frame[] = [];
  new FrameReader().push(joined(head, payload), (each) => found.push(each));
  promise(isDeepStrictEqual(found, [frame]), "it means something else when re-encoded");
}

function ruleOf(error: unknown): string {
  if (!isPalmTreeError(error)) return String(error);
  return `${String(error.facts.rule)} ${String(error.facts.field)} ${String(error.facts.got)}`;
}

function drawStream(draw: Draw): StreamInput {
  const isBroken = draw.chance(0.75);
  const parts: Uint8Array[] = [];
  for (let left = 1 + draw.below(4); left > 0; left -= 1)
    parts.push(drawFrameBytes(draw, isBroken && draw.chance(0.5)));
  let bytes = joined(...parts);
  if (isBroken && draw.chance(0.5)) bytes = mutateBytes(bytes, drawFrameBytes(draw, true), draw);
  const slices = Array.from({ length: 1 + draw.below(6) }, () =>
    draw.chance(0.5) ? 1 + draw.below(9) : 1 + draw.below(3_000),
  );
  const maxChunkBytes = draw.pick([2 ** 24, 65_536, 2_048, 2_048, 2_048, 1_024, 0]);
  const isValid = !isBroken && maxChunkBytes >= 2_048;
  return { bytes, slices, isInPlace: draw.chance(0.4), maxChunkBytes, isValid };
}

function drawFrameBytes(draw: Draw, isMalformed: boolean): Uint8Array {
  const [shape, another] = [draw.pick(frameShapes), draw.pick(frameShapes)];
  const message = drawMessage(shape, draw);
  let item = itemOfMessage(shape, message);
  if (isMalformed && draw.chance(0.6)) {
    const other = itemOfMessage(another, drawMessage(another, draw));
    for (let left = 1 + draw.below(3); left > 0; left -= 1) item = mutateItem(item, other, draw);
  }
  const body = bytesOf(item);
  const payload = (message.payload as Uint8Array | undefined) ?? new Uint8Array();
  const prefix = new DataView(new ArrayBuffer(framePrefixBytes));
  const lies = isMalformed && draw.chance(0.4);
  const bodyBytes = lies && draw.chance(0.5) ? drawLength(draw, body.length) : body.length;
  prefix.setUint32(0, shape.code * 2 ** 24 + (bodyBytes % 2 ** 24));
  prefix.setUint32(4, lies ? drawLength(draw, payload.length) : payload.length);
  if (lies && draw.chance(0.2)) prefix.setUint8(0, draw.below(256));
  return joined(new Uint8Array(prefix.buffer), body, payload);
}

/** A length that a prefix may claim. */
function drawLength(draw: Draw, right: number): number {
  if (draw.chance(0.4)) return Math.max(0, right + draw.below(5) - 2);
  return draw.pick([
    0,
    1,
    32,
    33,
    1_024,
    65_535,
    2 ** 16,
    2 ** 20,
    2 ** 21,
    2 ** 24 - 1,
    2 ** 24,
    2 ** 32 - 1,
  ]);
}
