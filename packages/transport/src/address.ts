import { type Address, formatAddress, parseAddress, toHex } from "@palmtree/wire";

/** A host (an IP address in text) and a port, as Node's sockets take and give them. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/**
 * The parts of an address.
 *
 * @throws address-invalid
 */
export function endpointOf(address: Address): Endpoint {
  const { ip, port } = parseAddress(address);
  const canonical = formatAddress(ip, port);
  const host = canonical.slice(0, canonical.lastIndexOf(":"));
  return ip.length === 4 ? { host, port, family: 4 } : { host: host.slice(1, -1), port, family: 6 };
}

/**
 * The address of a socket's other end, in its one canonical form: an IPv4 address mapped into IPv6
 * becomes IPv4, a zone (`%eth0`) is dropped. Undefined when there is nothing to answer to: a port
 * 0 can be forged.
 */
export function addressOf(host: string | undefined, port: number | undefined): Address | undefined {
  if (host === undefined || port === undefined || port === 0) return undefined;
  if (!host.includes(":")) return `${host}:${port}`;
  const { ip } = parseAddress(`[${host.replace(/%.*$/, "")}]:${port}`);
  return formatAddress(ip, port);
}

/**
 * Whose an address in its canonical form is: an IPv4 address, or the network of an IPv6 one, since a
 * machine has all of a /64.
 */
export function networkOf(address: Address): string {
  if (!address.startsWith("[")) return address.slice(0, address.lastIndexOf(":"));
  const { ip } = parseAddress(address);
  return toHex(ip.subarray(0, 8));
}
