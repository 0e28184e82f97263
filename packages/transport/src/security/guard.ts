import {
  type Address,
  anySession,
  type Datagram,
  decodeDatagram,
  encodeDatagram,
  nobody,
} from "@palmtree/wire";
import type { Identity } from "./identity.js";

/** What stands between datagrams and the network: whom to believe, and who may read along. */
export interface Guard {
  /**
   * @param datagram - in the name of this process's identity
   * @throws TypeError, RangeError or limit-exceeded when it cannot be encoded
   */
  wrap(datagram: Datagram): Uint8Array;

  /**
   * @param from - where it says that it comes from: that can be forged
   * @returns undefined when it is not for this process: of another group, to another peer, or heard
   *   before
   * @throws datagram-malformed when it does not follow the protocol
   */
  unwrap(bytes: Uint8Array, from: Address): Datagram | undefined;
}

/** Believes everybody: for networks on which nobody means harm. */
export class OpenGuard implements Guard {
  readonly #identity: Identity;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  wrap(datagram: Datagram): Uint8Array {
    return encodeDatagram(datagram);
  }

  unwrap(bytes: Uint8Array): Datagram | undefined {
    const datagram = decodeDatagram(bytes);
    return isFor(this.#identity, datagram) ? datagram : undefined;
  }
}

/**
 * Only who does not know who is there may speak to whoever is: to invite, or to be invited. Who
 * knocked at no session in particular has an id of its own for that, by which it may be refused.
 */
export function isFor(identity: Identity, { session, receiver, message }: Datagram): boolean {
  const { type } = message;
  if (receiver === nobody) return type === "invite" || type === "knock";
  if (receiver === identity.idIn(session)) return true;
  return (type === "decline" || type === "ended") && receiver === identity.idIn(anySession);
}
