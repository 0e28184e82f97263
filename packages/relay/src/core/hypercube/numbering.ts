import type { Address, PeerId, PeerInfo } from "@palmtree/wire";

/** What is known of a peer before it has a number. */
export interface Unnumbered {
  readonly address: Address;
  /** From the invitation to its answer, in milliseconds; undefined when that is not known. */
  readonly roundTripMs: number | undefined;
  /** Invitations until it answered; more than one where datagrams get lost, or it started late. */
  readonly invitations: number;
}

/**
 * The order in which peers are numbered: those of one site, which share the subnet (/24, or /64 of
 * IPv6), follow each other, the root's own site first and then the nearer ones. So a chain enters
 * each site once, and a site fills a corner of the hypercube. Within a site those come last, where
 * fewer depend on them, that needed more invitations. Otherwise the order is the caller's.
 *
 * @param from the root's address
 */
export function numberingOrder<Peer extends Unnumbered>(
  peers: readonly Peer[],
  from: Address,
): readonly Peer[] {
  const sites = new Map<string, Peer[]>();
  for (const peer of peers) {
    const site = siteOf(peer.address);
    sites.set(site, [...(sites.get(site) ?? []), peer]);
  }
  const own = siteOf(from);
  const distance = ([site, members]: [string, Peer[]]): number =>
    site === own ? -1 : octaveOf(Math.min(...members.map(({ roundTripMs }) => roundTripMs ?? 0)));
  // The sort is stable, which keeps the caller's order where distances are equal.
  return [...sites]
    .map((entry) => ({ members: entry[1], distance: distance(entry) }))
    .sort((one, other) => one.distance - other.distance)
    .flatMap(({ members }) => members.sort((one, other) => one.invitations - other.invitations));
}

/** All peers in the order of their numbers, the root first. */
export function numbered(
  joined: readonly (Unnumbered & { readonly id: PeerId })[],
  root: PeerInfo,
): readonly PeerInfo[] {
  const receivers = numberingOrder(joined, root.address);
  return [root, ...receivers.map(({ address, id }, place) => ({ number: place + 1, id, address }))];
}

/** Round trips that differ by less than a factor of two are taken for the same. */
function octaveOf(milliseconds: number): number {
  return Math.floor(Math.log2(Math.max(1, milliseconds)));
}

function siteOf(address: Address): string {
  if (!address.startsWith("[")) return address.slice(0, address.lastIndexOf("."));
  const [head = "", tail = ""] = address.slice(1, address.indexOf("]")).split("::");
  const front = head.split(":").filter(Boolean);
  const back = tail.split(":").filter(Boolean);
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => "0");
  return [...front, ...(address.includes("::") ? zeros : []), ...back].slice(0, 4).join(":");
}
