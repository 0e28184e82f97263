import { isDeepStrictEqual } from "node:util";
import type { ControlMessage, Datagram } from "../../src/control-message.js";
import { decodeDatagram, encodeDatagram } from "../../src/datagram.js";
import { envelopeBytes } from "../../src/envelope.js";
import { fromHex, toHex } from "../../src/hex.js";
import { wireLimits } from "../../src/limits.js";
import { joined, mutateBytes } from "./bytes.js";
import type { Draw } from "./draw.js";
import { bytesOf, itemOfMessage, mutateItem } from "./items.js";
import { checkRefusal } from "./refusal.js";
import { datagramShapes } from "./shape.js";
import { type FuzzTarget, type Json, promise } from "./target.js";
import { drawMessage } from "./values.js";

/** Bytes that came in one packet. */
export interface PacketInput {
  readonly bytes: Uint8Array;
  /** Nothing was changed: they have to be accepted. */
  readonly isValid: boolean;
}

/** `decodeDatagram`. */
export const datagramTarget: FuzzTarget<PacketInput> = {
  name: "datagram",
  promise:
    "decodeDatagram throws datagram-malformed or nothing, and what it takes means the same when it is encoded again",
  mostMs: 50,
  draw: drawPacket,
  check: ({ bytes, isValid }) => {
    let datagram: Datagram;
    try {
      datagram = decodeDatagram(bytes);
    } catch (error) {
      checkRefusal(error, "datagram-malformed", "remote");
      promise(!isValid, () => `refused a valid datagram: ${String(error)}`);
      return "refused";
    }
    const again = encodeDatagram(datagram);
    promise(
      isDeepStrictEqual(decodeDatagram(again), datagram),
      "it means something else when re-encoded",
    );
    promise(again.length <= bytes.length, "the shortest form is longer than what came");
    promise(
      !isValid || Buffer.compare(again, bytes) === 0,
      "a valid datagram has two shortest forms",
    );
    return "accepted";
  },
  write: writePacket,
  read: readPacket,
};

/** @see PacketInput */
function writePacket({ bytes, isValid }: PacketInput): Json {
  return { hex: toHex(bytes), isValid };
}

/** @see PacketInput */
function readPacket(kept: Json): PacketInput {
  const { hex, isValid } = kept as { hex: string; isValid: boolean };
  return { bytes: fromHex(hex), isValid };
}

/** A datagram of any type, three of four with something wrong. */
export function drawPacket(draw: Draw): PacketInput {
  const bytes = drawValid(draw);
  const isValid = bytes.length <= envelopeBytes + wireLimits.messageBytes;
  if (draw.chance(0.25)) return { bytes, isValid };
  let changed = draw.chance(0.6) ? drawMalformed(draw) : bytes;
  const changes = draw.below(changed === bytes ? 3 : 2) + Number(changed === bytes);
  for (let left = changes; left > 0; left -= 1)
    changed = mutateBytes(changed, drawValid(draw), draw);
  return { bytes: changed, isValid: false };
}

function drawValid(draw: Draw): Uint8Array {
  const shape = draw.pick(datagramShapes);
  const item = itemOfMessage(shape, drawMessage(shape, draw));
  return packet(shape.code, bytesOf(item), draw);
}

function drawMalformed(draw: Draw): Uint8Array {
  const [shape, another] = [draw.pick(datagramShapes), draw.pick(datagramShapes)];
  let item = itemOfMessage(shape, drawMessage(shape, draw));
  const other = itemOfMessage(another, drawMessage(another, draw));
  for (let left = 1 + draw.below(3); left > 0; left -= 1) item = mutateItem(item, other, draw);
  return packet(shape.code, bytesOf(item), draw);
}

/** Envelopes as the encoder makes them, each with the body of `join`, which has no fields. */
const envelopes = [1, 2, 0x10, 0xff].map((byte) => encodeEmpty("join", byte));

/** Where the type is: what a `join` and an `ended` differ in. */
const typeAt = encodeEmpty("ended", 1).findIndex((byte, at) => byte !== envelopes[0]?.[at]);

function encodeEmpty(type: "join" | "ended", byte: number): Uint8Array {
  const id = toHex(Uint8Array.of(byte)).repeat(8);
  const message: ControlMessage = { type };
  const datagram = { session: id + id, sender: id, receiver: id, counter: byte, message };
  return encodeDatagram(datagram);
}

function packet(code: number, body: Uint8Array, draw: Draw): Uint8Array {
  const envelope = draw.pick(envelopes);
  const bytes = joined(envelope.subarray(0, -1), body);
  bytes[typeAt] = code;
  return bytes;
}
