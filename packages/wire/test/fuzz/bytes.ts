import type { Draw } from "./draw.js";

/** Changes bytes that are there, or their number. @param other bytes to splice in */
export function mutateBytes(bytes: Uint8Array, other: Uint8Array, draw: Draw): Uint8Array {
  const at = draw.below(bytes.length + 1);
  switch (draw.below(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return joined(bytes, draw.bytes(1 + draw.length(64)));
    case 2:
      return joined(bytes.subarray(0, at), other.subarray(draw.below(other.length + 1)));
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + draw.below(4)));
    case 4: {
      const again = bytes.subarray(at, at + 1 + draw.below(40));
      return joined(bytes.subarray(0, at), again, bytes.subarray(at));
    }
    case 5:
      return changed(
        bytes,
        at,
        draw.chance(0.5) ? draw.pick([0, 0x7f, 0x80, 0xff]) : draw.below(256),
      );
    default:
      return changed(bytes, at, (bytes[at] ?? 0) ^ (1 << draw.below(8)));
  }
}

function changed(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (at < copy.length) copy[at] = byte;
  return copy;
}

/** The bytes of several, one behind the other. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
