import { BodyReader } from "./body-reader.js";
import { checkInteger } from "./field.js";
import type { Frame } from "./frame.js";
import { framePrefixBytes } from "./frame-encoder.js";
import { frameTable } from "./frame-table.js";
import { wireLimits } from "./limits.js";
import { malformed } from "./malformed.js";
import { decodeBody, type MessageCodec } from "./message-table.js";
import { PayloadStorage } from "./payload-storage.js";
import { ReadSlab } from "./read-slab.js";
import { SlabPool } from "./slab-pool.js";

/** How a {@link FrameReader} is set up. */
export interface FrameReaderOptions {
  /**
   * The most bytes that a chunk's payload may have, 0 (no chunk may come yet) to 16 MiB, the
   * default. A session's chunk size, once it is known, is the right value: see
   * {@link FrameReader.setMaxChunkBytes}.
   */
  readonly maxChunkBytes?: number;
  /**
   * Gives storage of exactly `size` bytes, which the receiver of the payload will own. Default: a
   * new Uint8Array, which is filled with zeros first. On Node, `Buffer.allocUnsafeSlow` saves that.
   */
  readonly allocate?: (size: number) => Uint8Array;
  /** Where the memory behind {@link FrameReader.room} comes from. Default: a pool of its own. */
  readonly pool?: SlabPool;
}

/** Larger payloads are read into storage of their own, smaller ones into a slab. */
const largestSlabPayloadBytes = 512 * 1_024;

const chunkCodec = frameTable.ofMessage({ type: "chunk", index: 0, payload: new Uint8Array(1) });

/**
 * Cuts a stream of bytes into frames (docs/protocol.md, "Frames").
 *
 * Type, body size and payload size are checked as soon as a prefix is there, and no storage is
 * made because a prefix claims it: it grows with what arrives.
 *
 * There are two ways in, which may be mixed. Bytes that somebody else has read are pushed, and the
 * payload of each frame is copied once, into a buffer of its own (for every chunk of up to 64 KiB,
 * and for larger ones once the stream has delivered one of that size). Whoever can choose where it
 * reads to reads into the reader's {@link FrameReader.room}, and chunks are not copied at all.
 *
 * @example
 * ```ts
 * const reader = new FrameReader({ maxChunkBytes: 65_536 });
 * socket.on("data", (bytes) => reader.push(bytes, (frame) => handle(frame)));
 * ```
 */
export class FrameReader {
  readonly #payload: PayloadStorage;
  readonly #slab: ReadSlab;
  /** The prefix, and then the body, of a frame whose beginning came in an earlier push. */
  #kept = new Uint8Array(64);
  #keptLength = 0;
  /** The type of the frame that is being read, undefined while in a prefix. */
  #codec: MessageCodec | undefined;
  #bodyLength = 0;
  #payloadLength = 0;
  /** The frame whose payload is being read, undefined while in a prefix or body. */
  #open: Record<string, unknown> | undefined;
  #maxChunkBytes = wireLimits.chunkSizeBytesMax;
  #poison: { readonly error: unknown } | undefined;

  /** @throws RangeError when `maxChunkBytes` is not an integer from 0 to 16 MiB. */
  constructor(options: FrameReaderOptions = {}) {
    const allocate = options.allocate ?? ((size) => new Uint8Array(size));
    this.#payload = new PayloadStorage(allocate);
    this.#slab = new ReadSlab(options.pool ?? new SlabPool(allocate));
    if (options.maxChunkBytes !== undefined) this.setMaxChunkBytes(options.maxChunkBytes);
  }

  /** Whether the stream so far ends inside a frame: if it is over, it was cut. */
  get isInsideFrame(): boolean {
    return this.#codec !== undefined || this.#keptLength > 0;
  }

  /**
   * Sets the most bytes that a chunk's payload may have, from the next prefix on; during `onFrame`
   * too.
   *
   * @throws RangeError when `maxChunkBytes` is not an integer from 0 to 16 MiB.
   */
  setMaxChunkBytes(maxChunkBytes: number): void {
    checkInteger(maxChunkBytes, "maxChunkBytes", 0, wireLimits.chunkSizeBytesMax);
    this.#maxChunkBytes = maxChunkBytes;
    this.#slab.suit(maxChunkBytes);
  }

  /**
   * Takes the next bytes of the stream and calls `onFrame` for every frame that they complete, in
   * order, before it returns.
   *
   * @param bytes - Any number of bytes, cut anywhere. They may be reused after the call.
   * @param onFrame - Owns the frame and its payload. What it throws passes through. It must not
   * push.
   * @throws frame-malformed, fault "remote", when the stream breaks a rule of docs/protocol.md;
   * `facts.rule` says which, `facts.field` where. After this, and after a throw of `onFrame`, the
   * place in the stream is lost: every later call throws the same error.
   */
  push(bytes: Uint8Array, onFrame: (frame: Frame) => void): void {
    this.#guarded(() => this.#cut(bytes, onFrame, false));
  }

  /**
   * Where the next bytes of the stream may be put, to be taken with {@link FrameReader.take}. Until
   * then it stays the same, whatever is written there; pushed bytes must not come in between.
   */
  room(): Uint8Array {
    if (this.#isInLarge) return this.#payload.room();
    return this.#slab.room(this.#payload.isInPlace);
  }

  /**
   * Takes the next bytes of the stream, which were put at the beginning of
   * {@link FrameReader.room}; else as {@link FrameReader.push}. A chunk's payload is a view of the
   * memory into which it was read, which it may share with those beside it; its own bytes do not
   * change until it is given back to the pool with {@link SlabPool.release}.
   *
   * @param count - at most as many as there was room for
   */
  take(count: number, onFrame: (frame: Frame) => void): void {
    this.#guarded(() => {
      if (!this.#isInLarge) return this.#cut(this.#slab.fill(count), onFrame, true);
      this.#payload.fill(count);
      if (this.#open !== undefined && this.#payload.isComplete) onFrame(this.#close(this.#open));
    });
  }

  /** Whether the stream is inside a payload that is too large for a slab. */
  get #isInLarge(): boolean {
    return (
      this.#open !== undefined &&
      !this.#payload.isInPlace &&
      this.#payload.length > largestSlabPayloadBytes
    );
  }

  #guarded(work: () => void): void {
    if (this.#poison !== undefined) throw this.#poison.error;
    try {
      work();
    } catch (error) {
      this.#poison = { error };
      throw error;
    }
  }

  /** @param isInSlab - whether the bytes are the last ones that the slab was filled with */
  #cut(bytes: Uint8Array, onFrame: (frame: Frame) => void, isInSlab: boolean): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#open !== undefined) at = this.#payload.append(bytes, at);
      else {
        at = this.#readHead(bytes, at);
        if (isInSlab && this.#open !== undefined) this.#keepInPlace(bytes.length - at);
      }
      if (this.#open !== undefined && this.#payload.isComplete) onFrame(this.#close(this.#open));
    }
  }

  /** The payload that begins stays where it is read to, if it is one that may. */
  #keepInPlace(arrived: number): void {
    const { length } = this.#payload;
    if (this.#codec === chunkCodec && this.#slab.keeps(length))
      this.#payload.stay(this.#slab.reserve(arrived, length));
  }

  /** Reads on in a prefix or body and takes it once it is whole; returns where the rest begins. */
  #readHead(bytes: Uint8Array, at: number): number {
    const length = this.#codec === undefined ? framePrefixBytes : this.#bodyLength;
    if (this.#keptLength === 0 && bytes.length - at >= length) {
      this.#takeHead(bytes, at);
      return at + length;
    }
    const next = this.#keep(bytes, at, length);
    if (this.#keptLength === length) {
      this.#keptLength = 0;
      this.#takeHead(this.#kept, 0);
    }
    return next;
  }

  #takeHead(bytes: Uint8Array, at: number): void {
    if (this.#codec === undefined) this.#takePrefix(bytes, at);
    else this.#takeBody(this.#codec, bytes, at, at + this.#bodyLength);
  }

  #takePrefix(bytes: Uint8Array, at: number): void {
    const type = bytes[at] ?? 0;
    const codec = frameTable.ofCode(type);
    const bodyLength = uint32(bytes, at) - type * 2 ** 24;
    const payloadLength = uint32(bytes, at + 4);
    if (codec === undefined) {
      throw malformed("frame", {
        rule: "type",
        field: "type",
        got: type,
        expected: "a known type",
      });
    }
    checkLength(codec, "body length", bodyLength, { minBytes: 1, maxBytes: codec.maxBodyBytes });
    const rule = codec.payload ?? { minBytes: 0, maxBytes: 0 };
    const isChunk = codec === chunkCodec;
    const chunkRule = { minBytes: rule.minBytes, maxBytes: this.#maxChunkBytes };
    checkLength(codec, "payload length", payloadLength, isChunk ? chunkRule : rule);
    this.#codec = codec;
    this.#bodyLength = bodyLength;
    this.#payloadLength = payloadLength;
  }

  #takeBody(codec: MessageCodec, bytes: Uint8Array, at: number, end: number): void {
    const index = codec === chunkCodec ? chunkIndex(bytes, at, end) : undefined;
    if (index === undefined) {
      const about = { subject: "frame", message: codec.type } as const;
      this.#open = decodeBody(codec, new BodyReader(bytes, at, end, about));
    } else {
      this.#open = { type: "chunk", index };
    }
    this.#payload.begin(this.#payloadLength);
  }

  #close(frame: Record<string, unknown>): Frame {
    if (this.#codec?.payload !== undefined) frame.payload = this.#payload.finish();
    this.#codec = undefined;
    this.#open = undefined;
    return frame as unknown as Frame;
  }

  /** Keeps bytes from `at` on until `length` are kept; returns where the rest begins. */
  #keep(bytes: Uint8Array, at: number, length: number): number {
    const next = Math.min(bytes.length, at + length - this.#keptLength);
    const needed = this.#keptLength + next - at;
    if (needed > this.#kept.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#kept.length));
      grown.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = grown;
    }
    this.#kept.set(bytes.subarray(at, next), this.#keptLength);
    this.#keptLength = needed;
    return next;
  }
}

function checkLength(
  codec: MessageCodec,
  field: string,
  length: number,
  rule: { readonly minBytes: number; readonly maxBytes: number; readonly unitBytes?: number },
): void {
  const { minBytes, maxBytes, unitBytes = 1 } = rule;
  if (length >= minBytes && length <= maxBytes && length % unitBytes === 0) return;
  const unit = unitBytes === 1 ? "" : `, a multiple of ${unitBytes}`;
  const expected = `${minBytes} to ${maxBytes}${unit}`;
  throw malformed("frame", { rule: "size", message: codec.type, field, got: length, expected });
}

/**
 * The index in the body of a chunk frame, where that has the encoder's form: the hot path. For
 * every other body `undefined`; the general decoder then accepts or refuses it.
 */
function chunkIndex(bytes: Uint8Array, at: number, end: number): number | undefined {
  if (bytes[at] !== 0x91) return undefined;
  const head = bytes[at + 1] ?? 0;
  const size = end - at;
  let index: number;
  if (size === 2 && head < 0x80) index = head;
  else if (size === 3 && head === 0xcc) index = bytes[at + 2] ?? 0;
  else if (size === 4 && head === 0xcd) index = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  else if (size === 6 && head === 0xce) index = uint32(bytes, at + 2);
  else return undefined;
  return index < wireLimits.chunkCount ? index : undefined;
}

function uint32(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return (bytes[at] ?? 0) * 2 ** 24 + low;
}
