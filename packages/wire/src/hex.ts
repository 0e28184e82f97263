const digits = "0123456789abcdef";

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
  for (const byte of bytes) {
    text += digits.charAt(byte >> 4) + digits.charAt(byte & 15);
  }
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
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) {
    throw new TypeError("expected an even number of hexadecimal digits");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}
