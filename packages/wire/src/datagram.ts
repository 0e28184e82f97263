import { BodyReader } from "./body-reader.js";
import type { ControlMessage, Datagram } from "./control-message.js";
import { datagramTable } from "./datagram-table.js";
import { decodeEnvelope, encodeEnvelope, envelopeBytes } from "./envelope.js";
import { checkCount } from "./field.js";
import { wireLimits } from "./limits.js";
import { malformed } from "./malformed.js";
import { decodeBody, encodeBody } from "./message-table.js";

/**
 * Encodes a control message: its type in one byte, and its fields as one msgpack array
 * (docs/protocol.md, "Datagrams").
 *
 * @returns fresh bytes, at most {@link WireLimits.messageBytes}, owned by the caller.
 * @throws TypeError when a field has the wrong type or shape; an id that is not lower-case
 * hexadecimal digits or a text with a lone surrogate, for example.
 * @throws RangeError when an integer is out of its range.
 * @throws address-invalid when a peer's address is not one.
 * @throws limit-exceeded when a text, a list or the whole message is longer than it may be. A
 * `neighbours` list of 29 peers fits always, of up to about 44 where the addresses are IPv4.
 */
export function encodeMessage(message: ControlMessage): Uint8Array {
  const codec = datagramTable.ofMessage(message);
  const body = encodeBody(codec, message);
  checkCount(1 + body.length, codec.type, wireLimits.messageBytes, "bytes");
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = codec.code;
  bytes.set(body, 1);
  return bytes;
}

/**
 * Decodes a control message, strictly: the exact fields, nothing after them.
 *
 * @param bytes - The whole message. Nothing in the result refers to it.
 * @throws datagram-malformed, fault "remote", for every input that is not a valid message;
 * `facts.rule` says which rule of docs/protocol.md it breaks, `facts.field` where.
 */
export function decodeMessage(bytes: Uint8Array): ControlMessage {
  const { length } = bytes;
  if (length < 2 || length > wireLimits.messageBytes) {
    const expected = `2 to ${wireLimits.messageBytes}`;
    throw malformed("datagram", { rule: "size", field: "content", got: length, expected });
  }
  const code = bytes[0] as number;
  const codec = datagramTable.ofCode(code);
  if (codec === undefined) {
    const expected = "a known type";
    throw malformed("datagram", { rule: "type", field: "type", got: code, expected });
  }
  const reader = new BodyReader(bytes, 1, length, { subject: "datagram", message: codec.type });
  return decodeBody(codec, reader) as unknown as ControlMessage;
}

/**
 * Encodes a datagram that nothing protects: a 40-byte envelope and the message.
 *
 * @returns fresh bytes, at most {@link WireLimits.datagramBytes}, owned by the caller.
 * @throws what {@link encodeMessage} throws; TypeError and RangeError for the envelope too.
 *
 * @example
 * ```ts
 * const bytes = encodeDatagram({
 *   session: "000102030405060708090a0b0c0d0e0f",
 *   sender: "1011121314151617",
 *   receiver: "18191a1b1c1d1e1f",
 *   counter: 1,
 *   message: { type: "ping", pulse: 7 },
 * });
 * ```
 */
export function encodeDatagram(datagram: Datagram): Uint8Array {
  const message = encodeMessage(datagram.message);
  const bytes = new Uint8Array(envelopeBytes + message.length);
  bytes.set(encodeEnvelope({ ...datagram, protection: "none" }));
  bytes.set(message, envelopeBytes);
  return bytes;
}

/**
 * Decodes a datagram that nothing protects, strictly.
 *
 * @param bytes - One whole datagram. Nothing in the result refers to it.
 * @throws datagram-malformed, fault "remote", for every input that is not such a datagram;
 * `facts.rule` says which rule of docs/protocol.md it breaks, `facts.field` where.
 * @throws TypeError when `bytes` is no Uint8Array.
 *
 * @example
 * ```ts
 * const { message } = decodeDatagram(bytes);
 * if (message.type === "ping") reply({ type: "pong", pulse: message.pulse });
 * ```
 */
export function decodeDatagram(bytes: Uint8Array): Datagram {
  const { protection, ...envelope } = decodeEnvelope(bytes);
  if (protection !== "none") {
    const facts = { rule: "protection", field: "protection", got: protection } as const;
    throw malformed("datagram", { ...facts, expected: "none" });
  }
  return { ...envelope, message: decodeMessage(bytes.subarray(envelopeBytes)) };
}
