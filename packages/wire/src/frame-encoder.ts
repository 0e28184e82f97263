import { checkCount, wrongType } from "./field.js";
import type { Chunk, Frame } from "./frame.js";
import { frameTable } from "./frame-table.js";
import { wireLimits } from "./limits.js";
import { encodeBody, type MessageCodec } from "./message-table.js";

/** Bytes of a frame's prefix: type u8, body length u24, payload length u32, big-endian. */
export const framePrefixBytes: number = 8;

const chunkCode = frameTable.ofMessage({
  type: "chunk",
  index: 0,
  payload: new Uint8Array(1),
}).code;

/** A frame for a stream: `head`, then `payload` where there is one. */
export interface EncodedFrame {
  /** Prefix and body; fresh bytes, owned by the caller. */
  readonly head: Uint8Array;
  /** The very payload that the frame was given, not a copy; `undefined` for types without one. */
  readonly payload: Uint8Array | undefined;
}

/**
 * Encodes a frame (docs/protocol.md, "Frames"). The payload is not copied: write `head` and then
 * `payload` to the stream, in one gathered write where the platform has it.
 *
 * @throws TypeError when a field has the wrong type or shape.
 * @throws RangeError when an integer is out of its range, or a payload is shorter than its type
 * allows or not of whole hashes.
 * @throws limit-exceeded when a text, list or payload is longer than it may be.
 *
 * @example
 * ```ts
 * const { head, payload } = encodeFrame({ type: "chunk", index: 7, payload: chunk });
 * ```
 */
export function encodeFrame(frame: Frame): EncodedFrame {
  if (frame.type === "chunk") {
    const head = chunkHead(frame);
    if (head !== undefined) return { head, payload: frame.payload };
  }
  return encodeAny(frame);
}

/**
 * Prefix and body of a chunk as it should be: the hot path. For every other `undefined`; the
 * general encoder then says what is wrong with it.
 */
function chunkHead({ index, payload }: Chunk): Uint8Array | undefined {
  const isIndex = Number.isInteger(index) && index >= 0 && index < wireLimits.chunkCount;
  if (!isIndex || !(payload instanceof Uint8Array)) return undefined;
  const { length } = payload;
  if (length === 0 || length > wireLimits.chunkSizeBytesMax) return undefined;
  // An array of one integer in its shortest form.
  const bodyLength = index < 0x80 ? 2 : index < 0x100 ? 3 : index < 0x10000 ? 4 : 6;
  const head = new Uint8Array(framePrefixBytes + bodyLength);
  head[0] = chunkCode;
  head[3] = bodyLength;
  head[4] = length >>> 24;
  head[5] = length >>> 16;
  head[6] = length >>> 8;
  head[7] = length;
  head[8] = 0x91;
  let at = head.length - 1;
  for (let rest = index; at > 9; at -= 1, rest = Math.floor(rest / 0x100)) head[at] = rest & 0xff;
  head[9] = bodyLength === 2 ? index : bodyLength === 3 ? 0xcc : bodyLength === 4 ? 0xcd : 0xce;
  return head;
}

function encodeAny(frame: Frame): EncodedFrame {
  const codec = frameTable.ofMessage(frame);
  const payload = payloadOf(frame, codec);
  const body = encodeBody(codec, frame);
  const head = new Uint8Array(framePrefixBytes + body.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, codec.code * 2 ** 24 + body.length);
  view.setUint32(4, payload?.length ?? 0);
  head.set(body, framePrefixBytes);
  return { head, payload };
}

function payloadOf(frame: Frame, codec: MessageCodec): Uint8Array | undefined {
  const rule = codec.payload;
  if (rule === undefined) return undefined;
  const where = `${codec.type}.payload`;
  const payload: unknown = Reflect.get(frame, "payload");
  if (!(payload instanceof Uint8Array)) throw wrongType(where, payload, "a Uint8Array");
  checkCount(payload.length, where, rule.maxBytes, "bytes");
  if (payload.length < rule.minBytes || payload.length % rule.unitBytes !== 0) {
    const unit = rule.unitBytes === 1 ? "" : `, a multiple of ${rule.unitBytes}`;
    throw new RangeError(
      `${where}: got ${payload.length} bytes, expected at least ${rule.minBytes}${unit}`,
    );
  }
  return payload;
}
