import { bytesOfId, checkInteger } from "./field.js";
import { toHex } from "./hex.js";
import type { PeerId, SessionId } from "./identity.js";
import { wireLimits } from "./limits.js";
import { malformed } from "./malformed.js";

const magic0 = 0x50;
const magic1 = 0x54;
const version = 1;
const versionAt = 2;
const protectionAt = 3;
const sessionAt = 4;
const senderAt = 20;
const receiverAt = 28;
const counterAt = 36;

/** Bytes of an envelope; the content follows. */
export const envelopeBytes = 40;

/**
 * What keeps a datagram's content from strangers: nothing, or the group's key (docs/protocol.md,
 * "Sealed datagrams").
 */
export type Protection = "none" | "group";

const protections: readonly Protection[] = ["none", "group"];

/** What stands before a datagram's content, readable for everybody. */
export interface Envelope {
  readonly protection: Protection;
  readonly session: SessionId;
  readonly sender: PeerId;
  /** Whom it is for; `nobody` where the sender does not know who is there. */
  readonly receiver: PeerId;
  /** Counts the sender's datagrams, from 1. */
  readonly counter: number;
}

/**
 * Encodes an envelope.
 *
 * @returns {@link envelopeBytes} fresh bytes
 * @throws TypeError when an id is not lower-case hexadecimal digits of its length
 * @throws RangeError when the counter is not 1 to 2^32 - 1
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const bytes = new Uint8Array(envelopeBytes);
  bytes.set([magic0, magic1, version, protections.indexOf(envelope.protection)]);
  bytes.set(bytesOfId(envelope.session, "session", senderAt - sessionAt), sessionAt);
  bytes.set(bytesOfId(envelope.sender, "sender", receiverAt - senderAt), senderAt);
  bytes.set(bytesOfId(envelope.receiver, "receiver", counterAt - receiverAt), receiverAt);
  const counter = checkInteger(envelope.counter, "counter", 1, wireLimits.sequence);
  new DataView(bytes.buffer).setUint32(counterAt, counter);
  return bytes;
}

/**
 * What a datagram seems to be protected with, told from its first four bytes at the cost of a glance.
 *
 * @returns undefined when it is no datagram of this protocol, or of another version
 */
export function protectionOf(bytes: Uint8Array): Protection | undefined {
  if (bytes[0] !== magic0 || bytes[1] !== magic1 || bytes[versionAt] !== version) return undefined;
  return protections[bytes[protectionAt] ?? protections.length];
}

/**
 * Decodes the envelope at the beginning of a whole datagram.
 *
 * @param bytes - Nothing in the result refers to it.
 * @throws datagram-malformed, fault "remote"
 * @throws TypeError when `bytes` is no Uint8Array
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("expected a Uint8Array");
  const { length } = bytes;
  const least = envelopeBytes + 2;
  if (length < least || length > wireLimits.datagramBytes) {
    const expected = `${least} to ${wireLimits.datagramBytes}`;
    throw malformed("datagram", { rule: "size", field: "size", got: length, expected });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (view.getUint8(0) !== magic0 || view.getUint8(1) !== magic1) {
    const got = `0x${toHex(bytes.subarray(0, 2))}`;
    throw malformed("datagram", { rule: "magic", field: "magic", got, expected: "0x5054" });
  }
  if (view.getUint8(versionAt) !== version) {
    const got = view.getUint8(versionAt);
    throw malformed("datagram", { rule: "version", field: "version", got, expected: `${version}` });
  }
  const protection = protections[view.getUint8(protectionAt)];
  if (protection === undefined) {
    const facts = { rule: "protection", field: "protection", expected: "0 or 1" } as const;
    throw malformed("datagram", { ...facts, got: view.getUint8(protectionAt) });
  }
  const counter = view.getUint32(counterAt);
  if (counter === 0) {
    const expected = "1 or more";
    throw malformed("datagram", { rule: "counter", field: "counter", got: counter, expected });
  }
  return {
    protection,
    session: toHex(bytes.subarray(sessionAt, senderAt)),
    sender: toHex(bytes.subarray(senderAt, receiverAt)),
    receiver: toHex(bytes.subarray(receiverAt, counterAt)),
    counter,
  };
}
