import { randomBytes, randomInt } from "node:crypto";
import { type Identity, isSignedBy, peerIdOf } from "@palmtree/transport";
import type { SessionId } from "@palmtree/wire";
import { Context, type Cryptography, type PeerOptions, Random } from "../core/index.js";

/** Who a machine of this process is, and where. */
export interface Self {
  readonly identity: Identity;
  readonly session: SessionId;
  /** The root's public key, 32 bytes. */
  readonly rootKey: Uint8Array;
}

/** What a machine of this process is made with. */
export function makeContext(self: Self, options: PeerOptions): Context {
  const random = new Random(randomInt(2 ** 32));
  return new Context(self.identity.idIn(self.session), options, random, cryptographyOf(self));
}

function cryptographyOf({ identity, session, rootKey }: Self): Cryptography {
  const { key } = identity;
  return {
    drawToken: () => randomBytes(8).toString("hex"),
    publicKey: key.publicKey,
    sign: (statement) => key.sign(statement),
    verify: (statement, signature) => isSignedBy(rootKey, statement, signature),
    verifyPeer: (id, statement, { publicKey, signature }) =>
      peerIdOf(session, publicKey) === id && isSignedBy(publicKey, statement, signature),
  };
}
