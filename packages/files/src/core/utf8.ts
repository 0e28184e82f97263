/**
 * Strict UTF-8. The platform's `TextDecoder` would do, but a core knows the language only, and a
 * manifest has many short strings, for which plain code is as fast.
 */

/** Bytes of `text` in UTF-8; a lone surrogate counts 3. */
export function utf8Length(text: string): number {
  let size = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    size += unit < 0x800 ? 1 : 2;
    if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(at + 1))) {
      at += 1; // two units, four bytes
    }
  }
  return size;
}

/**
 * Writes `text`, which must be well-formed, into `target` from `start` on.
 *
 * @returns the offset after the last byte written
 */
export function writeUtf8(text: string, target: Uint8Array, start: number): number {
  let at = start;
  for (let i = 0; i < text.length; i += 1) {
    const point = text.codePointAt(i) as number;
    if (point < 0x80) {
      target[at++] = point;
      continue;
    }
    if (point < 0x800) {
      target[at++] = 0xc0 | (point >> 6);
    } else {
      if (point < 0x1_0000) {
        target[at++] = 0xe0 | (point >> 12);
      } else {
        i += 1;
        target[at++] = 0xf0 | (point >> 18);
        target[at++] = 0x80 | ((point >> 12) & 0x3f);
      }
      target[at++] = 0x80 | ((point >> 6) & 0x3f);
    }
    target[at++] = 0x80 | (point & 0x3f);
  }
  return at;
}

/**
 * Where a code unit stands when texts are ordered by their UTF-8 bytes: code units in their own
 * order, but surrogates last, because they stand for code points above all others.
 */
export function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
