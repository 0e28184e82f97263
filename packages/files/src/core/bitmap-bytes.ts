import { PalmTreeError } from "@palmtree/wire";

/**
 * How a bitmap looks as bytes (docs/protocol.md, section "Frames"): index i is bit i % 8, least
 * significant first, of byte floor(i / 8), and spare bits are zero. In memory it is words of 32 bits,
 * which may end before its last index: what is beyond them is clear. What is read comes from anybody.
 */

/**
 * Checks how many bytes there are, where all of a bitmap has to be there.
 *
 * @param size - indexes that the bitmap has room for
 * @throws frame-malformed (remote) when there are not `ceil(size / 8)`
 */
export function checkLength(bytes: Uint8Array, size: number): void {
  const expected = Math.ceil(size / 8);
  if (bytes.length !== expected) {
    throw malformed(`A bitmap of ${size} has ${expected} bytes`, bytes.length, expected);
  }
}

/**
 * Checks how many bytes there are, where the zero bytes at a bitmap's end are left out.
 *
 * @param size - indexes that the bitmap has room for
 * @throws frame-malformed (remote) when there are more than `ceil(size / 8)`, or the last is 0
 */
export function checkShortLength(bytes: Uint8Array, size: number): void {
  const most = Math.ceil(size / 8);
  if (bytes.length > most) {
    throw malformed(`A bitmap of ${size} has at most ${most} bytes`, bytes.length, most);
  }
  if (bytes.at(-1) === 0) throw malformed("A short bitmap does not end in zeros", 0, 1);
}

/**
 * Reads bytes of the right number into words.
 *
 * @param words - at least `ceil(bytes.length / 4)`, all of them 0
 * @param size - indexes that the bitmap has room for
 * @throws frame-malformed (remote) when a spare bit is set
 */
export function readWords(words: Uint32Array, bytes: Uint8Array, size: number): void {
  const expected = Math.ceil(size / 8);
  const spareBits = expected * 8 - size;
  const isWhole = bytes.length === expected;
  if (isWhole && spareBits > 0 && (bytes[expected - 1] as number) >>> (8 - spareBits) !== 0) {
    throw malformed("A bitmap's spare bits are zero", bytes[expected - 1] as number, 0);
  }
  for (let at = 0; at < bytes.length; at += 1) {
    words[at >>> 2] = (words[at >>> 2] as number) | ((bytes[at] as number) << ((at & 3) * 8));
  }
}

/** The first `byteCount` bytes of a bitmap, which may be more than its words have. */
export function writeWords(words: Uint32Array, byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  const written = Math.min(byteCount, words.length * 4);
  for (let at = 0; at < written; at += 1) {
    bytes[at] = (words[at >>> 2] as number) >>> ((at & 3) * 8);
  }
  return bytes;
}

function malformed(message: string, got: number, expected: number): PalmTreeError {
  return new PalmTreeError("frame-malformed", message, {
    fault: "remote",
    facts: { got, expected },
  });
}
