import { formatAddress, parseAddress } from "../../src/address.js";
import { fromHex, toHex } from "../../src/hex.js";
import { decodeUtf8, truncateUtf8, utf8ByteLength } from "../../src/utf8.js";
import { mutateBytes } from "./bytes.js";
import type { Draw } from "./draw.js";
import { checkRefusal } from "./refusal.js";
import { type FuzzTarget, promise } from "./target.js";

/** A target of texts is kept as they are, but for lone surrogates: JSON escapes those. */
export const keptAsText: Pick<FuzzTarget<string>, "write" | "read"> = {
  write: (input) => input,
  read: (kept) => kept as string,
};

/** `parseAddress`. */
export const addressTarget: FuzzTarget<string> = {
  name: "address",
  promise:
    "parseAddress throws address-invalid or nothing, and what it takes has one canonical form",
  mostMs: 50,
  draw: (draw) => {
    const ip = draw.bytes(draw.chance(0.4) ? 4 : 16);
    for (let at = 0; at < ip.length; at += 1) if (draw.chance(0.4)) ip[at] = 0;
    const canonical = formatAddress(ip, draw.integer(1, 65_535));
    return draw.chance(0.25) ? canonical : mutateText(canonical, addressParts, draw);
  },
  check: (text) => {
    let parts: ReturnType<typeof parseAddress>;
    try {
      parts = parseAddress(text);
    } catch (error) {
      checkRefusal(error, "address-invalid");
      return "refused";
    }
    const canonical = formatAddress(parts.ip, parts.port);
    const again = parseAddress(canonical);
    promise(
      Buffer.compare(again.ip, parts.ip) === 0 && again.port === parts.port,
      "another address",
    );
    promise(formatAddress(again.ip, again.port) === canonical, "two canonical forms");
    return "accepted";
  },
  ...keptAsText,
};

const addressParts = [
  ":",
  "::",
  "[",
  "]",
  ".",
  "0",
  "00",
  "255",
  "256",
  "ffff",
  "65536",
  "%eth0",
  " ",
  "\n",
  "\u001b[2J",
  "x",
  "-1",
  "1e3",
  "١",
];

/** `decodeUtf8` and its neighbours, against the platform's decoder. */
export const utf8Target: FuzzTarget<Uint8Array> = {
  name: "utf-8",
  promise: "decodeUtf8 takes exactly what the platform's strict decoder takes, and loses nothing",
  mostMs: 50,
  draw: (draw) => {
    let bytes: Uint8Array = Buffer.from(
      mutateText("aé€\u{1f334}\ufeff", ["\u0000", "\ud800", "ß"], draw),
    );
    for (let left = draw.below(4); left > 0; left -= 1) {
      bytes = mutateBytes(
        bytes,
        Uint8Array.of(0xed, 0xa0, 0x80, 0xc0, 0x80, 0xf4, 0x90, 0x80),
        draw,
      );
    }
    return bytes;
  },
  check: (bytes) => {
    const text = decodeUtf8(bytes, 0, bytes.length);
    promise(text === platformDecoded(bytes), "the platform decodes something else");
    if (text === undefined) return "refused";
    promise(utf8ByteLength(text) === bytes.length, "another length when encoded again");
    promise(Buffer.compare(Buffer.from(text), bytes) === 0, "other bytes when encoded again");
    const cut = truncateUtf8(text, bytes.length >> 1);
    promise(
      text.startsWith(cut) && utf8ByteLength(cut) <= bytes.length >> 1,
      "cut inside a character",
    );
    return "accepted";
  },
  write: (bytes) => toHex(bytes),
  read: (kept) => fromHex(kept as string),
};

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function platformDecoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A text that was changed in up to four places, with parts that mean something where it is read. */
export function mutateText(text: string, parts: readonly string[], draw: Draw): string {
  let changed = text;
  for (let left = 1 + draw.below(4); left > 0; left -= 1) {
    const at = draw.below(changed.length + 1);
    const length = draw.below(3);
    const by = draw.chance(0.8) ? draw.pick(parts) : String.fromCharCode(draw.below(2 ** 16));
    const times = draw.chance(0.02) ? 1 + draw.below(2_000) : 1;
    changed = changed.slice(0, at) + by.repeat(times) + changed.slice(at + length);
  }
  return changed;
}
