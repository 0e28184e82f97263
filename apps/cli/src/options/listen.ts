import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { badValue } from "../usage-error.js";
import type { ValueParser } from "./values.js";

/** Where to listen, as the caller wrote it. */
export interface Listen {
  /** An IP address or the name of this machine. */
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
}

const name = "--listen";
const form = "HOST, HOST:PORT or [IPV6]:PORT, port 0 to 65535";

/** Reads `--listen`; the port may be left out where there is a default. */
export function listenOption(defaultPort: number): ValueParser<Listen> {
  return (text) => {
    const bracketed = /^\[([^[\]]+)\](?::(\d{1,5}))?$/.exec(text);
    const plain = /^([^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text);
    const [, host, digits] = bracketed ?? plain ?? (isIP(text) === 6 ? ["", text] : []);
    const port = digits === undefined ? defaultPort : Number(digits);
    if (host === undefined || port > 65_535 || (bracketed !== null && isIP(host) !== 6))
      throw badValue(name, text, form);
    return { host, port };
  };
}

/** The IP address of a host to listen on. */
export async function ipOf({ host }: Listen): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    // Most peers are reached by IPv4, so where a name means both, that is meant.
    const found = await lookup(host, { all: true });
    const best = found.find(({ family }) => family === 4) ?? found[0];
    if (best !== undefined) return best.address;
  } catch {
    // Said below: whatever the resolver says, the name does not mean an address here.
  }
  throw badValue(name, host, "an IP address, or a name that resolves to one of this machine's");
}
