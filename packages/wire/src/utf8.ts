/**
 * UTF-8 (RFC 3629), strictly. The platform's TextEncoder and TextDecoder are not used: they are
 * no part of the language, replace what is broken instead of refusing it, and the decoder drops a
 * leading U+FEFF, so that a text would not survive a round trip.
 */

const replacement = "\ufffd";

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function bytesOfCodePoint(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/**
 * Counts the bytes of a text in UTF-8.
 *
 * @throws TypeError when the text has a lone surrogate, which UTF-8 cannot express.
 *
 * @example
 * ```ts
 * utf8ByteLength("é"); // 2
 * ```
 */
export function utf8ByteLength(text: string): number {
  let byteLength = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(at + 1))) {
      byteLength += 4;
      at += 1;
    } else if (isHighSurrogate(unit) || isLowSurrogate(unit)) {
      throw new TypeError(`the text has a lone surrogate at ${at}, which UTF-8 cannot express`);
    } else {
      byteLength += bytesOfCodePoint(unit);
    }
  }
  return byteLength;
}

/**
 * Cuts a text so that it has at most `maxBytes` bytes of UTF-8, never inside a character; a lone
 * surrogate becomes U+FFFD. For texts from elsewhere (an operating system's error, say) that
 * travel in a `detail` field.
 *
 * @param maxBytes - 0 or more.
 * @throws RangeError when `maxBytes` is not an integer of at least 0.
 *
 * @example
 * ```ts
 * truncateUtf8("né", 2); // "n"
 * ```
 */
export function truncateUtf8(text: string, maxBytes: number): string {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) {
    throw new RangeError(`maxBytes: got ${maxBytes}, expected an integer of at least 0`);
  }
  let kept = "";
  let byteLength = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0) ?? 0;
    const isLone = codePoint >= 0xd800 && codePoint <= 0xdfff;
    byteLength += bytesOfCodePoint(codePoint);
    if (byteLength > maxBytes) break;
    kept += isLone ? replacement : character;
  }
  return kept;
}

/**
 * Writes a text as UTF-8.
 *
 * @throws TypeError when the text has a lone surrogate, which UTF-8 cannot express.
 */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8ByteLength(text));
  let at = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    const tailSize = bytesOfCodePoint(point) - 1;
    // Of the first byte as many ones as there are bytes, then a zero; six bits in each of the others.
    const lead = tailSize === 0 ? 0 : 0xf0 << (3 - tailSize);
    bytes[at++] = (lead & 0xff) | (point >> (6 * tailSize));
    for (let left = tailSize - 1; left >= 0; left -= 1)
      bytes[at++] = 0x80 | ((point >> (6 * left)) & 0x3f);
  }
  return bytes;
}

/**
 * Reads `bytes[start ... end-1]` as UTF-8; `undefined` when that is not valid: over-long forms,
 * surrogates, code points above U+10FFFF, stray or missing continuation bytes.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  const units: number[] = [];
  for (let at = start; at < end; ) {
    const lead = bytes[at++] as number;
    if (lead < 0x80) {
      units.push(lead);
      continue;
    }
    const tailSize = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead < 0xc2 || lead > 0xf4 || at + tailSize > end) return undefined;
    let point = lead & (0x3f >> tailSize);
    for (let i = 0; i < tailSize; i += 1) {
      const tail = bytes[at++] as number;
      if ((tail & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (tail & 0x3f);
    }
    if (point < (tailSize === 1 ? 0x80 : tailSize === 2 ? 0x800 : 0x1_0000)) return undefined;
    if (point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    if (point < 0x1_0000) units.push(point);
    else units.push(0xd7c0 + (point >> 10), 0xdc00 | (point & 0x3ff));
  }
  return units.length <= unitsAtOnce ? String.fromCharCode(...units) : joinUnits(units);
}

/** Code units that one call may take as arguments: far below what any engine allows. */
const unitsAtOnce = 4_096;

function joinUnits(units: readonly number[]): string {
  let text = "";
  for (let at = 0; at < units.length; at += unitsAtOnce)
    text += String.fromCharCode(...units.slice(at, at + unitsAtOnce));
  return text;
}
