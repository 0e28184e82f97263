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
 * Reads `bytes[start ... end-1]` as UTF-8; `undefined` when that is not valid: over-long forms,
 * surrogates, code points above U+10FFFF, stray or missing continuation bytes.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let at = start;
  while (at < end) {
    const lead = bytes[at] ?? 0;
    const size = sequenceBytes(lead);
    if (size === 0 || at + size > end) return undefined;
    let codePoint = size === 1 ? lead : lead & (0x7f >> size);
    for (let next = at + 1; next < at + size; next += 1) {
      const byte = bytes[next] ?? 0;
      if (byte >> 6 !== 0b10) return undefined;
      codePoint = (codePoint << 6) | (byte & 0x3f);
    }
    const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    if (isSurrogate || codePoint > 0x10ffff || bytesOfCodePoint(codePoint) !== size) {
      return undefined;
    }
    text += String.fromCodePoint(codePoint);
    at += size;
  }
  return text;
}

/** How many bytes a sequence with this first byte has; 0 when none begins so. */
function sequenceBytes(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}
