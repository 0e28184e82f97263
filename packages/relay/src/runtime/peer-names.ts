import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import {
  type Address,
  formatAddress,
  isPalmTreeError,
  PalmTreeError,
  parseAddress,
} from "@palmtree/wire";
import { defaultPort } from "./default-port.js";

/** A peer as a caller names it. */
export interface PeerName {
  /** The caller's own text. */
  readonly text: string;
  /** A host name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A peer whose address is known. */
export interface ResolvedPeer {
  readonly name: PeerName;
  readonly address: Address;
}

/** A peer whose address is not. */
export interface UnresolvedPeer {
  readonly name: PeerName;
  readonly error: PalmTreeError;
}

/**
 * Reads `host`, `host:port`, `[ipv6]`, `[ipv6]:port` or a bare IPv6 address.
 *
 * @throws address-invalid when it is something else
 */
export function parsePeerName(text: string): PeerName {
  const bracketed = /^\[([^[\]]+)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^([^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const isBareIpv6 = isIP(text) === 6;
  const host = isBareIpv6 ? text : (bracketed ?? plain)?.[1];
  const digits = isBareIpv6 ? undefined : (bracketed ?? plain)?.[2];
  const port = digits === undefined ? defaultPort : Number(digits);
  const isHost =
    host !== undefined && (bracketed ? isIP(host) === 6 : isHostName(host) || isBareIpv6);
  // A zone (`%eth0`) means nothing on the other machines.
  if (!isHost || host.includes("%") || port < 1 || port > 65_535)
    throw new PalmTreeError(
      "address-invalid",
      `peer: got ${JSON.stringify(text)}, expected HOST or HOST:PORT, port 1 to 65535`,
      { facts: { got: text } },
    );
  return { text, host, port };
}

/** Letters, digits, hyphens, dots and underscores; whatever is not ASCII is left to the resolver. */
function isHostName(host: string): boolean {
  return host.length <= 253 && /^[\w\-.\u0080-\u{10ffff}]+$/u.test(host) && /[^.]/.test(host);
}

/**
 * Looks the peers' names up. A peer that is not found fails alone.
 *
 * @param family - 4 or 6 to take only such addresses; 0 for both, IPv4 first
 */
export async function resolvePeers(
  names: readonly PeerName[],
  family: 0 | 4 | 6,
): Promise<{ readonly resolved: ResolvedPeer[]; readonly unresolved: UnresolvedPeer[] }> {
  const resolved: ResolvedPeer[] = [];
  const unresolved: UnresolvedPeer[] = [];
  const outcomes = await Promise.all(names.map((name) => resolvePeer(name, family)));
  for (const outcome of outcomes) {
    if ("address" in outcome) resolved.push(outcome);
    else unresolved.push(outcome);
  }
  return { resolved, unresolved };
}

async function resolvePeer(
  name: PeerName,
  family: 0 | 4 | 6,
): Promise<ResolvedPeer | UnresolvedPeer> {
  try {
    const ip = isIP(name.host) === 0 ? await lookUp(name, family) : name.host;
    return { name, address: addressOf(ip, name.port) };
  } catch (error) {
    if (isPalmTreeError(error)) return { name, error };
    throw error;
  }
}

async function lookUp(name: PeerName, family: 0 | 4 | 6): Promise<string> {
  try {
    const found = await lookup(name.host, { family, all: true });
    const best = found.find((candidate) => candidate.family === 4) ?? found[0];
    if (best !== undefined) return best.address.replace(/%.*$/, "");
    throw new Error("no address");
  } catch (cause) {
    const system = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
    const why = system === undefined || system === "ENOTFOUND" ? "" : ` (${system})`;
    throw new PalmTreeError("host-unknown", `${name.text}: the host name does not resolve${why}`, {
      facts: { host: name.host, system },
      cause,
    });
  }
}

/** An IP address and a port in their one canonical form. */
export function addressOf(ip: string, port: number): Address {
  const parts = parseAddress(`${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}`);
  return formatAddress(parts.ip, parts.port);
}

/**
 * @throws address-invalid when two names mean one peer; the message has both
 */
export function checkDistinct(peers: readonly ResolvedPeer[]): void {
  const seen = new Map<Address, PeerName>();
  for (const { name, address } of peers) {
    const earlier = seen.get(address);
    if (earlier !== undefined)
      throw new PalmTreeError(
        "address-invalid",
        `peers: "${earlier.text}" and "${name.text}" are one peer, ${address}`,
        { facts: { got: name.text, same: earlier.text, address } },
      );
    seen.set(address, name);
  }
}
