import { createHash } from "node:crypto";
import { fromHex, type PeerId, type SessionId, sessionStatement, toHex } from "@palmtree/wire";
import { type Certificate, certify } from "./certificate.js";
import { SigningKey } from "./signing-key.js";

/** Sessions whose ids are remembered, so that they are not computed for every datagram. */
const mostRemembered = 1_024;

const peerDomain = new TextEncoder().encode("palmtree peer 1");

/**
 * Who a process is to its neighbours, from its start to its end: a key pair, and the ids that
 * follow from it. Whoever knows the id can check the key, and so everything signed with it.
 */
export class Identity {
  readonly key: SigningKey;
  readonly #ids = new Map<SessionId, PeerId>();
  #certificate: Certificate | undefined;

  private constructor(key: SigningKey) {
    this.key = key;
  }

  /** A new one, which nobody else can have. */
  static draw(): Identity {
    return new Identity(SigningKey.draw());
  }

  /** @internal for vectors */
  static of(key: SigningKey): Identity {
    return new Identity(key);
  }

  /** This process's peer id in a session. */
  idIn(session: SessionId): PeerId {
    let id = this.#ids.get(session);
    if (id === undefined) {
      if (this.#ids.size >= mostRemembered) this.#ids.clear();
      id = peerIdOf(session, this.key.publicKey);
      this.#ids.set(session, id);
    }
    return id;
  }

  /** The id of the session of which this process is the root. */
  get session(): SessionId {
    return sessionIdOf(this.key.publicKey);
  }

  /** What TLS shows of it. */
  get certificate(): Certificate {
    this.#certificate ??= certify(this.key);
    return this.#certificate;
  }
}

/**
 * The id of the peer with that public key in that session (docs/protocol.md, "Identifiers and
 * addresses").
 *
 * @param publicKey - 32 bytes
 */
export function peerIdOf(session: SessionId, publicKey: Uint8Array): PeerId {
  const hash = createHash("sha256").update(peerDomain).update(fromHex(session)).update(publicKey);
  return toHex(hash.digest().subarray(0, 8));
}

/**
 * The id of the session whose root has that public key.
 *
 * @param publicKey - 32 bytes
 */
export function sessionIdOf(publicKey: Uint8Array): SessionId {
  const hash = createHash("sha256").update(sessionStatement(publicKey));
  return toHex(hash.digest().subarray(0, 16));
}
