const digits = "0123456789abcdef";

/** Of each byte its two digits: ids are written for every datagram, whoever sent it. */
const pairs = Array.from({ length: 256 }, (_, byte) => {
  return digits.charAt(byte >> 4) + digits.charAt(byte & 15);
});

/**
 * Writes bytes as lower-case hexadecimal digits, two for each byte.
 *
 * @example
 * ```ts
 * toHex(Uint8Array.of(0, 255)); // "00ff"
 * ```
 */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 1) text += pairs[bytes[at] as number];
  return text;
}

/**
 * Reads hexadecimal digits of either case into fresh bytes, half as many as there are digits.
 *
 * @throws TypeError when `text` has an odd length or something else than hexadecimal digits.
 *
 * @example
 * ```ts
 * fromHex("00ff"); // Uint8Array.of(0, 255)
 * ```
 */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor(text.length / 2));
  let isText = text.length % 2 === 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const value = digitAt(text, 2 * at) * 16 + digitAt(text, 2 * at + 1);
    if (Number.isNaN(value)) isText = false;
    bytes[at] = value;
  }
  if (!isText) throw new TypeError("expected an even number of hexadecimal digits");
  return bytes;
}

/** What the digit there stands for; NaN where it is none. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}
