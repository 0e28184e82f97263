import { createSocket } from "node:dgram";
import { type Address, parseAddress } from "@palmtree/wire";
import { addressOf, type ResolvedPeer } from "../peer-names.js";

/** Whether an address is reached only from its own machine. */
export function isLoopback(address: Address): boolean {
  const { ip } = parseAddress(address);
  return ip.length === 4 ? ip[0] === 127 : ip.every((byte, at) => byte === (at === 15 ? 1 : 0));
}

/**
 * The address that this machine's neighbours are told: the one that is bound, or, where that
 * stands for all of this machine's, the one that the route to the peers begins at. A peer on
 * another machine decides, if there is one: it could not use a loopback address.
 *
 * @param bound - where the sockets listen
 */
export async function ownAddress(bound: Address, peers: readonly Address[]): Promise<Address> {
  const { ip, port } = parseAddress(bound);
  if (ip.some((byte) => byte !== 0)) return bound;
  const target = peers.find((peer) => !isLoopback(peer)) ?? peers[0];
  const local = target === undefined ? undefined : await localIpToward(target);
  return addressOf(local ?? "127.0.0.1", port);
}

/**
 * A peer named by a loopback address is this machine; told to peers on others, that address would
 * mean theirs. So it gets this machine's address where there are others.
 */
export function withoutLoopback(peers: readonly ResolvedPeer[], own: Address): ResolvedPeer[] {
  if (isLoopback(own)) return [...peers];
  const ip = own.slice(0, own.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return peers.map((peer) =>
    isLoopback(peer.address) ? { ...peer, address: addressOf(ip, peer.name.port) } : peer,
  );
}

/** The same for a peer that was not named, but knocked from there. */
export function reachedFromElsewhere(from: Address, own: Address): Address {
  if (isLoopback(own) || !isLoopback(from)) return from;
  return own.slice(0, own.lastIndexOf(":")) + from.slice(from.lastIndexOf(":"));
}

/** A connected UDP socket has a local address; nothing is sent. Undefined without a route. */
async function localIpToward(target: Address): Promise<string | undefined> {
  const { port } = parseAddress(target);
  const host = target.slice(0, target.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  try {
    return await new Promise<string | undefined>((resolve) => {
      socket.once("error", () => resolve(undefined));
      socket.connect(port, host, () => resolve(socket.address().address));
    });
  } finally {
    socket.close();
  }
}
