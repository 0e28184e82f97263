import { createCipheriv, createDecipheriv } from "node:crypto";
import {
  anySession,
  type Datagram,
  decodeEnvelope,
  decodeMessage,
  type Envelope,
  encodeEnvelope,
  encodeMessage,
  envelopeBytes,
  nobody,
  publicKeyBytes,
  type SessionId,
  signatureBytes,
} from "@palmtree/wire";
import { Allowance } from "../core/allowance.js";
import type { GroupKey } from "./group-key.js";
import { type Guard, isFor } from "./guard.js";
import { type Identity, peerIdOf } from "./identity.js";
import { ReplayFilter } from "./replay-filter.js";
import { isSignedBy } from "./signing-key.js";

const cipher = "aes-256-gcm";
const tagBytes = 16;
const senderAt = 20;
const counterAt = 36;
const messageAt = signatureBytes + publicKeyBytes;

/** Sessions whose keys are remembered; the oldest is forgotten first. */
const mostSessions = 4_096;

/**
 * Datagrams of unknown sessions that are looked into at once, and more with every millisecond: junk
 * costs 50 microseconds each. An invitation that falls among 2,000 others a second is repeated.
 */
const mostUnknown = 1_024;
const unknownPerMs = 2;

const domain = new TextEncoder().encode("palmtree datagram 1");

/**
 * Believes whoever has the group's key, and of these each only in its own name: a datagram is signed
 * by its sender, and sealed with a key that follows from the group's and the session's id
 * (docs/protocol.md, "Sealed datagrams").
 */
export class GroupGuard implements Guard {
  readonly #identity: Identity;
  readonly #keys: readonly GroupKey[];
  readonly #sealingKeys = new Map<SessionId, Uint8Array>();
  readonly #replays = new ReplayFilter();
  readonly #unknown = new Allowance(mostUnknown, unknownPerMs, performance.now());

  /** @param keys - at least one; sessions of others may have any, this process's own the first */
  constructor(identity: Identity, keys: readonly [GroupKey, ...GroupKey[]]) {
    this.#identity = identity;
    this.#keys = keys;
  }

  wrap(datagram: Datagram): Uint8Array {
    const message = encodeMessage(datagram.message);
    const envelope = encodeEnvelope({ ...datagram, protection: "group" });
    const { key } = this.#identity;
    const content = Buffer.concat([
      key.sign(statementOf(envelope, message)),
      key.publicKey,
      message,
    ]);
    const sealing = createCipheriv(cipher, this.#keyOf(datagram.session), nonceOf(envelope));
    sealing.setAAD(envelope);
    const sealed = sealing.update(content);
    sealing.final();
    return Buffer.concat([envelope, sealed, sealing.getAuthTag()]);
  }

  unwrap(bytes: Uint8Array): Datagram | undefined {
    const { protection, ...envelope } = decodeEnvelope(bytes);
    const least = envelopeBytes + messageAt + 2 + tagBytes;
    if (protection !== "group" || bytes.length < least || !this.#mayConcern(envelope))
      return undefined;
    const content = this.#unseal(envelope.session, bytes);
    if (content === undefined) return undefined;
    const signature = content.subarray(0, signatureBytes);
    const publicKey = content.subarray(signatureBytes, messageAt);
    const message = content.subarray(messageAt);
    if (peerIdOf(envelope.session, publicKey) !== envelope.sender) return undefined;
    const statement = statementOf(bytes.subarray(0, envelopeBytes), message);
    if (!isSignedBy(publicKey, statement, signature)) return undefined;
    const datagram = { ...envelope, message: decodeMessage(message) };
    return isFor(this.#identity, datagram) && this.#isNew(datagram) ? datagram : undefined;
  }

  /** What is said to nobody in particular may come twice: an answer to it leaves nothing behind. */
  #isNew({ session, sender, receiver, counter }: Datagram): boolean {
    return receiver === nobody || this.#replays.isNew(session + sender, counter);
  }

  #mayConcern({ session, receiver }: Omit<Envelope, "protection">): boolean {
    const own = [session, anySession].map((each) => this.#identity.idIn(each));
    return receiver === nobody || own.includes(receiver);
  }

  /** @returns undefined when it was sealed by nobody who has one of the keys */
  #unseal(session: SessionId, bytes: Uint8Array): Uint8Array | undefined {
    const known = this.#sealingKeys.get(session);
    if (known !== undefined) return unsealedWith(known, bytes);
    if (session !== anySession && !this.#unknown.take(performance.now())) return undefined;
    for (const key of this.#keys) {
      const sealingKey = key.sealingKey(session);
      const content = unsealedWith(sealingKey, bytes);
      if (content === undefined) continue;
      // Knocks of different keys all name no session.
      if (session !== anySession) this.#remember(session, sealingKey);
      return content;
    }
    return undefined;
  }

  #keyOf(session: SessionId): Uint8Array {
    const known = this.#sealingKeys.get(session);
    if (known !== undefined) return known;
    const sealingKey = (this.#keys[0] as GroupKey).sealingKey(session);
    if (session !== anySession) this.#remember(session, sealingKey);
    return sealingKey;
  }

  #remember(session: SessionId, sealingKey: Uint8Array): void {
    if (this.#sealingKeys.size >= mostSessions)
      this.#sealingKeys.delete(this.#sealingKeys.keys().next().value as SessionId);
    this.#sealingKeys.set(session, sealingKey);
  }
}

function unsealedWith(sealingKey: Uint8Array, bytes: Uint8Array): Uint8Array | undefined {
  const unsealing = createDecipheriv(cipher, sealingKey, nonceOf(bytes));
  unsealing.setAAD(bytes.subarray(0, envelopeBytes));
  unsealing.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const content = unsealing.update(bytes.subarray(envelopeBytes, -tagBytes));
    unsealing.final();
    return content;
  } catch {
    return undefined;
  }
}

/** Sender and counter: nobody says two things with the same pair in one session. */
function nonceOf(envelope: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce.set(envelope.subarray(senderAt, senderAt + 8));
  nonce.set(envelope.subarray(counterAt, counterAt + 4), 8);
  return nonce;
}

/** What a sender signs. */
function statementOf(envelope: Uint8Array, message: Uint8Array): Uint8Array {
  return Buffer.concat([domain, envelope, message]);
}
