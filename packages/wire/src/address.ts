import { PalmTreeError } from "./error.js";
import type { Address } from "./identity.js";

/** The parts of an {@link Address}. */
export interface AddressParts {
  /** 4 bytes for IPv4, 16 bytes for IPv6; never an IPv4 address mapped into IPv6. */
  readonly ip: Uint8Array;
  /** 1 to 65,535. */
  readonly port: number;
}

/**
 * Writes an address in its one canonical form: IPv4 in decimal without leading zeros, IPv6 as
 * RFC 5952 has it (lower case, the longest run of zero groups as `::`) in brackets. An IPv4
 * address that is mapped into IPv6 (`::ffff:10.0.0.7`, as dual-stack sockets report it) is
 * written as IPv4, so that a peer has one address whichever socket saw it.
 *
 * @param ip - 4 or 16 bytes, in network order.
 * @param port - 1 to 65,535.
 * @throws RangeError when `ip` or `port` is neither.
 *
 * @example
 * ```ts
 * formatAddress(Uint8Array.of(10, 0, 0, 7), 4747); // "10.0.0.7:4747"
 * ```
 */
export function formatAddress(ip: Uint8Array, port: number): Address {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`port: got ${port}, expected an integer from 1 to 65535`);
  }
  if (ip.length !== 4 && ip.length !== 16) {
    throw new RangeError(`ip: got ${ip.length} bytes, expected 4 or 16`);
  }
  const unmapped = withoutMapping(ip);
  return unmapped.length === 4 ? `${unmapped.join(".")}:${port}` : `[${formatIpv6(ip)}]:${port}`;
}

/**
 * Reads an address: `a.b.c.d:port` or `[ipv6]:port`, the IPv6 part in any form of RFC 4291. A
 * zone (`%eth0`) is refused, because it means nothing on another machine.
 *
 * @returns fresh bytes and the port; an IPv4 address mapped into IPv6 comes back as IPv4.
 * @throws address-invalid when `text` is anything else; a host name, for example.
 *
 * @example
 * ```ts
 * const { ip, port } = parseAddress("[FD00:0::7]:4747");
 * formatAddress(ip, port); // "[fd00::7]:4747"
 * ```
 */
export function parseAddress(text: string): AddressParts {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([1-9]\d{0,4})$/.exec(text);
  const [, ipv6, ipv4, digits] = match ?? [];
  const port = Number(digits ?? 0);
  const ip = ipv6 === undefined ? parseIpv4(ipv4 ?? "") : parseIpv6(ipv6);
  if (ip === undefined || port < 1 || port > 65_535) {
    throw new PalmTreeError(
      "address-invalid",
      `address: got ${quote(text)}, expected a.b.c.d:port or [ipv6]:port, port 1 to 65535`,
      { facts: { got: text } },
    );
  }
  return { ip: withoutMapping(ip), port };
}

/** No address is longer than 47 characters, and none has others than these. */
function quote(text: string): string {
  const shown = text.length > 64 ? `${text.slice(0, 64)}...` : text;
  return `"${shown.replace(/[^ -~]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`)}"`;
}

function withoutMapping(ip: Uint8Array): Uint8Array {
  const isMapped =
    ip.length === 16 && ip.every((byte, index) => index >= 12 || byte === (index < 10 ? 0 : 255));
  return isMapped ? ip.subarray(12) : ip;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  const isDecimal = parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return parts.length === 4 && isDecimal ? Uint8Array.from(parts, Number) : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const sides = text.split("::");
  if (sides.length > 2) return undefined;
  const [left, right] = sides.map((side) => parseGroups(side));
  if (left === undefined) return undefined;
  if (sides.length === 1) return left.length === 16 ? Uint8Array.from(left) : undefined;
  // "::" stands for at least one group, and only the end of an address may be written dotted.
  if (right === undefined || left.length + right.length > 14) return undefined;
  if (sides[0]?.includes(".") === true) return undefined;
  const ip = new Uint8Array(16);
  ip.set(left, 0);
  ip.set(right, 16 - right.length);
  return ip;
}

/** The bytes of colon-separated groups, the last of which may be a dotted IPv4 address. */
function parseGroups(text: string): readonly number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
      continue;
    }
    const dotted = index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (dotted === undefined) return undefined;
    bytes.push(...dotted);
  }
  return bytes;
}

function formatIpv6(ip: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => {
    return (((ip[2 * index] ?? 0) << 8) | (ip[2 * index + 1] ?? 0)).toString(16);
  });
  const { start, count } = longestZeroRun(groups);
  if (count < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + count).join(":")}`;
}

/** The longest run of zero groups, the first one of several (RFC 5952 §4.2.3). */
function longestZeroRun(groups: readonly string[]): { start: number; count: number } {
  let best = { start: 0, count: 0 };
  let count = 0;
  for (const [index, group] of groups.entries()) {
    count = group === "0" ? count + 1 : 0;
    if (count > best.count) best = { start: index + 1 - count, count };
  }
  return best;
}
