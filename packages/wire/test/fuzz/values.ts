import { formatAddress } from "../../src/address.js";
import { toHex } from "../../src/hex.js";
import { truncateUtf8 } from "../../src/utf8.js";
import type { Draw } from "./draw.js";
import type { MessageShape, Shape } from "./shape.js";

/**
 * Values that were seen somewhere, by the name of their field: numbers, ids, tokens and revisions that
 * mean something to whoever hears them.
 */
export interface Seen {
  /** One of them, valid for a field of that shape; undefined to draw another. */
  recall(name: string, shape: Shape, draw: Draw): unknown;
  /** The payload of a frame of that type; undefined to draw one. */
  recallPayload(type: string, draw: Draw): Uint8Array | undefined;
}

const nothingSeen: Seen = { recall: () => undefined, recallPayload: () => undefined };

/** A valid value of that shape. */
function drawValue(shape: Shape, name: string, draw: Draw, seen: Seen = nothingSeen): unknown {
  const recalled = seen.recall(name, shape, draw);
  if (recalled !== undefined) return recalled;
  switch (shape.type) {
    case "uint":
      return draw.integer(shape.min, shape.max);
    case "bool":
      return draw.chance(0.5);
    case "text":
      return drawText(draw, shape.maxBytes);
    case "bin": {
      const bytes = draw.bytes(shape.length);
      return shape.isHex ? toHex(bytes) : bytes;
    }
    case "code":
      return draw.pick([...shape.codes.keys()]);
    case "peer":
      return drawPeer(draw, seen);
    case "list":
      return Array.from({ length: draw.length(shape.maxCount) }, () =>
        drawValue(shape.item, name, draw, seen),
      );
    case "flat":
      return Array.from({ length: draw.length(shape.maxCount) }, () =>
        Object.fromEntries(
          shape.parts.map(([part, each]) => [part, drawValue(each, part, draw, seen)]),
        ),
      );
  }
}

/** A valid message of that shape; a payload has at most `mostPayloadBytes`, where that is allowed. */
export function drawMessage(
  shape: MessageShape,
  draw: Draw,
  { seen = nothingSeen, mostPayloadBytes = 2_048 }: DrawMessageOptions = {},
): Record<string, unknown> {
  const message: Record<string, unknown> = { type: shape.type };
  for (const [name, field] of shape.fields) message[name] = drawValue(field, name, draw, seen);
  const { payload } = shape;
  if (payload === undefined) return message;
  message.payload =
    seen.recallPayload(shape.type, draw) ??
    draw.bytes(payloadLength(payload, draw, mostPayloadBytes));
  return message;
}

interface DrawMessageOptions {
  readonly seen?: Seen;
  readonly mostPayloadBytes?: number;
}

function payloadLength(
  { minBytes, maxBytes, unitBytes }: NonNullable<MessageShape["payload"]>,
  draw: Draw,
  mostPayloadBytes: number,
): number {
  const most = Math.min(maxBytes, Math.max(minBytes, mostPayloadBytes));
  const units = draw.length(Math.floor((most - minBytes) / unitBytes));
  return minBytes + units * unitBytes;
}

const texts = ["", "a", "\u001b[2J", "\ufeff", "\u0000", "é", "\u{1f334}", "../..", "\u202e"];

function drawText(draw: Draw, maxBytes: number): string {
  let text = draw.pick(texts);
  for (let left = draw.length(maxBytes); left > 0; left -= 1)
    text += draw.chance(0.1) ? draw.pick(texts) : String.fromCharCode(draw.below(0xd800));
  return truncateUtf8(text, maxBytes);
}

function drawPeer(draw: Draw, seen: Seen): unknown {
  const ip = draw.bytes(draw.chance(0.5) ? 4 : 16);
  if (ip.length === 16 && draw.chance(0.3)) ip.fill(0, 0, 10).fill(255, 10, 12);
  const address = formatAddress(ip, draw.integer(1, 65_535));
  return {
    number: drawValue({ type: "uint", min: 0, max: 65_535 }, "number", draw, seen),
    id: drawValue({ type: "bin", length: 8, isHex: true }, "id", draw, seen),
    address: seen.recall("address", { type: "text", maxBytes: 64 }, draw) ?? address,
  };
}
