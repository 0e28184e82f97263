import { randomBytes, randomInt } from "node:crypto";
import { isSignedBy, SigningKey } from "@palmtree/transport";
import type { PeerId } from "@palmtree/wire";
import { Context, type Cryptography, type PeerOptions, Random } from "../core/index.js";

/**
 * What a machine of this process is made with.
 *
 * @param rootKey - the root has the whole of it, members only the public half
 */
export function makeContext(
  id: PeerId,
  options: PeerOptions,
  rootKey: SigningKey | Uint8Array,
): Context {
  const random = new Random(randomInt(2 ** 32));
  return new Context(id, options, random, cryptographyOf(rootKey));
}

function cryptographyOf(rootKey: SigningKey | Uint8Array): Cryptography {
  const publicKey = rootKey instanceof SigningKey ? rootKey.publicKey : rootKey;
  return {
    drawToken: () => randomBytes(8).toString("hex"),
    sign(statement) {
      if (!(rootKey instanceof SigningKey)) throw new Error("only the root can sign");
      return rootKey.sign(statement);
    },
    verify: (statement, signature) => isSignedBy(publicKey, statement, signature),
  };
}
