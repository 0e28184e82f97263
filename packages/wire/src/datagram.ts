import { BodyReader } from "./body-reader.js";
import type { ControlMessage, Datagram } from "./control-message.js";
import { datagramTable } from "./datagram-table.js";
import { bytesOfId, checkCount, checkInteger } from "./field.js";
import { toHex } from "./hex.js";
import { wireLimits } from "./limits.js";
import { malformed } from "./malformed.js";
import { decodeBody, encodeBody } from "./message-table.js";

const magic0 = 0x50;
const magic1 = 0x54;
const version = 1;
const sessionAt = 4;
const senderAt = 20;
const counterAt = 28;
const bodyAt = 32;

/**
 * Encodes a datagram: a 32-byte envelope and the message's fields as one msgpack array
 * (docs/protocol.md, "Datagrams").
 *
 * @returns fresh bytes, at most {@link WireLimits.datagramBytes}, owned by the caller.
 * @throws TypeError when a field has the wrong type or shape; an id that is not lower-case
 * hexadecimal digits or a text with a lone surrogate, for example.
 * @throws RangeError when an integer is out of its range.
 * @throws address-invalid when a peer's address is not one.
 * @throws limit-exceeded when a text, a list or the whole datagram is longer than it may be. A
 * `neighbours` list of 32 peers fits always, of up to about 50 where the addresses are IPv4.
 *
 * @example
 * ```ts
 * const bytes = encodeDatagram({
 *   session: "000102030405060708090a0b0c0d0e0f",
 *   sender: "1011121314151617",
 *   counter: 1,
 *   message: { type: "ping", pulse: 7 },
 * });
 * ```
 */
export function encodeDatagram(datagram: Datagram): Uint8Array {
  const codec = datagramTable.ofMessage(datagram.message);
  const session = bytesOfId(datagram.session, "session", senderAt - sessionAt);
  const sender = bytesOfId(datagram.sender, "sender", counterAt - senderAt);
  const counter = checkInteger(datagram.counter, "counter", 1, wireLimits.sequence);
  const body = encodeBody(codec, datagram.message);
  checkCount(bodyAt + body.length, codec.type, wireLimits.datagramBytes, "bytes");
  const bytes = new Uint8Array(bodyAt + body.length);
  bytes.set([magic0, magic1, version, codec.code]);
  bytes.set(session, sessionAt);
  bytes.set(sender, senderAt);
  new DataView(bytes.buffer).setUint32(counterAt, counter);
  bytes.set(body, bodyAt);
  return bytes;
}

/**
 * Decodes a datagram, strictly: the exact envelope, the exact fields, nothing after them.
 *
 * @param bytes - One whole datagram. Nothing in the result refers to it.
 * @throws datagram-malformed, fault "remote", for every input that is not a valid datagram;
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
  if (!(bytes instanceof Uint8Array)) throw new TypeError("expected a Uint8Array");
  const { length } = bytes;
  if (length <= bodyAt || length > wireLimits.datagramBytes) {
    const expected = `${bodyAt + 1} to ${wireLimits.datagramBytes}`;
    throw malformed("datagram", { rule: "size", field: "size", got: length, expected });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (view.getUint8(0) !== magic0 || view.getUint8(1) !== magic1) {
    const got = `0x${toHex(bytes.subarray(0, 2))}`;
    throw malformed("datagram", { rule: "magic", field: "magic", got, expected: "0x5054" });
  }
  if (view.getUint8(2) !== version) {
    const got = view.getUint8(2);
    throw malformed("datagram", { rule: "version", field: "version", got, expected: `${version}` });
  }
  const codec = datagramTable.ofCode(view.getUint8(3));
  if (codec === undefined) {
    const got = view.getUint8(3);
    throw malformed("datagram", { rule: "type", field: "type", got, expected: "a known type" });
  }
  const counter = view.getUint32(counterAt);
  if (counter === 0) {
    const expected = "1 or more";
    throw malformed("datagram", { rule: "counter", field: "counter", got: counter, expected });
  }
  const reader = new BodyReader(bytes, bodyAt, length, {
    subject: "datagram",
    message: codec.type,
  });
  return {
    session: toHex(bytes.subarray(sessionAt, senderAt)),
    sender: toHex(bytes.subarray(senderAt, counterAt)),
    counter,
    message: decodeBody(codec, reader) as unknown as ControlMessage,
  };
}
