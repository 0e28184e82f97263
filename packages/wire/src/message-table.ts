import { Encoder } from "@msgpack/msgpack";
import type { BodyReader } from "./body-reader.js";
import type { Field } from "./field.js";
import { wireLimits } from "./limits.js";

/** How many bytes of raw payload follow a frame's body. */
interface PayloadRule {
  readonly minBytes: number;
  readonly maxBytes: number;
  /** The payload's size is a multiple of this. */
  readonly unitBytes: number;
}

/** The field codecs of a message: the order of the properties is the order on the wire. */
type Fields<M> = {
  readonly [K in Exclude<keyof M, "type" | "payload">]: Field<M[K]>;
};

/** One message, as the encoder, the decoder and docs/protocol.md have it. */
export interface MessageRow<M> {
  /** The number on the wire. */
  readonly code: number;
  readonly sender: string;
  readonly receiver: string;
  readonly fields: Fields<M>;
  readonly payload?: PayloadRule;
}

/** One row for each member of the union M. */
export type MessageRows<M extends { readonly type: string }> = {
  readonly [T in M["type"]]: MessageRow<Extract<M, { readonly type: T }>>;
};

/** A row, prepared for encoding and decoding. */
export interface MessageCodec {
  readonly type: string;
  readonly code: number;
  readonly fields: readonly (readonly [name: string, field: Field<unknown>])[];
  /** The most bytes that a valid body has, in the longest formats that a decoder accepts. */
  readonly maxBodyBytes: number;
  readonly payload: PayloadRule | undefined;
}

/** The codecs of a table's messages, by type and by code. */
export class MessageTable<M extends { readonly type: string }> {
  readonly #ofType = new Map<string, MessageCodec>();
  readonly #ofCode: (MessageCodec | undefined)[] = [];

  constructor(rows: MessageRows<M>) {
    for (const [type, row] of Object.entries<MessageRow<unknown>>(rows)) {
      const fields = Object.entries<Field<unknown>>(row.fields);
      const longest = fields.reduce((bytes, [, field]) => bytes + field.maxBytes, 5);
      const maxBodyBytes = Math.min(longest, wireLimits.frameBodyBytes);
      const codec = { type, code: row.code, fields, maxBodyBytes, payload: row.payload };
      this.#ofType.set(type, codec);
      this.#ofCode[row.code] = codec;
    }
  }

  /** The codec for a message that is to be sent. Throws TypeError when there is none. */
  ofMessage(message: M): MessageCodec {
    const type: unknown = message?.type;
    const codec = typeof type === "string" ? this.#ofType.get(type) : undefined;
    if (codec === undefined) throw new TypeError(`message.type: got ${String(type)}, not a type`);
    return codec;
  }

  /** The codec for a received type code, if the code has a meaning. */
  ofCode(code: number): MessageCodec | undefined {
    return this.#ofCode[code];
  }
}

const encoder = new Encoder({ initialBufferSize: 2_048 });

/** Encodes a message's body. The bytes are the encoder's own, valid until the next call. */
export function encodeBody(codec: MessageCodec, message: object): Uint8Array {
  const values = codec.fields.map(([name, field]) => {
    return field.write(Reflect.get(message, name), `${codec.type}.${name}`);
  });
  return encoder.encodeSharedRef(values);
}

/** Decodes a message's body, all of it; a frame's payload is still missing in the result. */
export function decodeBody(codec: MessageCodec, reader: BodyReader): Record<string, unknown> {
  reader.arrayHeader(codec.fields.length, codec.fields.length);
  const message: Record<string, unknown> = { type: codec.type };
  for (const [name, field] of codec.fields) {
    reader.enter(name);
    message[name] = field.read(reader);
    reader.leave();
  }
  reader.end();
  return message;
}
