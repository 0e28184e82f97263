import { createCipheriv, createDecipheriv } from "node:crypto";
import {
  type Address,
  anySession,
  type Datagram,
  decodeEnvelope,
  decodeMessage,
  type Envelope,
  encodeEnvelope,
  encodeMessage,
  envelopeBytes,
  nobody,
  protectionOf,
  publicKeyBytes,
  type SessionId,
  signatureBytes,
} from "@palmtree/wire";
import { Allowance } from "../core/allowance.js";
import type { GroupKey } from "./group-key.js";
import { type Guard, isFor } from "./guard.js";
import { type Identity, peerIdOf, sessionIdOf } from "./identity.js";
import { ReplayFilter } from "./replay-filter.js";
import { isSignedBy } from "./signing-key.js";
import { StrangerLimit } from "./stranger-limit.js";
import { TalkLimit } from "./talk-limit.js";

const cipher = "aes-256-gcm";
const tagBytes = 16;
const senderAt = 20;
const counterAt = 36;
const messageAt = signatureBytes + publicKeyBytes;
const leastBytes = envelopeBytes + messageAt + 2 + tagBytes;

/** Sessions that are remembered; whichever nothing was said in for longest is forgotten first. */
const mostSessions = 4_096;

/** What is known of one session. */
interface Session {
  /** One for each of the group's keys. */
  readonly sealingKeys: readonly Uint8Array[];
  /** That with which the root has spoken; undefined in a session of this process's own. */
  rootsKey: Uint8Array | undefined;
  readonly replays: ReplayFilter;
  readonly talk: TalkLimit;
  readonly open: Allowance;
}

/**
 * Datagrams to nobody in particular that are read at once in a session that is known, and more with
 * every millisecond, in one and in all: they may come twice, so whoever has captured one can repeat
 * it for ever, and each costs a verification and an answer. One session's leave room for others'.
 */
const mostOpen = 1_024;
const openPerMs = 0.1;
const openPerMsInAll = 0.5;

const domain = new TextEncoder().encode("palmtree datagram 1");

/**
 * Believes whoever has the group's key, and of these each only in its own name: a datagram is signed
 * by its sender, and sealed with a key that follows from the group's and the session's id
 * (docs/protocol.md, "Sealed datagrams").
 */
export class GroupGuard implements Guard {
  readonly #identity: Identity;
  readonly #keys: readonly GroupKey[];
  readonly #sessions = new Map<SessionId, Session>();
  readonly #strangers = new StrangerLimit(performance.now());
  readonly #open = new Allowance(mostOpen, openPerMsInAll, performance.now());

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
    const { rootsKey, sealingKeys } = this.#take(datagram.session);
    const sealingKey = rootsKey ?? (sealingKeys[0] as Uint8Array);
    const sealing = createCipheriv(cipher, sealingKey, nonceOf(envelope));
    sealing.setAAD(envelope);
    const sealed = sealing.update(content);
    sealing.final();
    return Buffer.concat([envelope, sealed, sealing.getAuthTag()]);
  }

  unwrap(bytes: Uint8Array, from: Address): Datagram | undefined {
    if (protectionOf(bytes) === "none") return undefined;
    const envelope = decodeEnvelope(bytes);
    const { session } = envelope;
    if (bytes.length < leastBytes) return undefined;
    const known = this.#sessions.get(session);
    if (known === undefined && !this.#strangers.take(from, performance.now())) return undefined;
    if (!this.#mayConcern(envelope)) return undefined;
    if (known !== undefined && !this.#isWorthReading(envelope, known)) return undefined;
    const found = known ?? this.#derive(session);
    for (const sealingKey of found.sealingKeys) {
      const content = unsealedWith(sealingKey, bytes);
      if (content !== undefined) return this.#read(bytes, { envelope, content, sealingKey, found });
    }
    return undefined;
  }

  /** Nothing is kept of who does not pass all of this. */
  #read(
    bytes: Uint8Array,
    { envelope, content, sealingKey, found }: Unsealed,
  ): Datagram | undefined {
    const { session, sender, receiver, counter } = envelope;
    const signature = content.subarray(0, signatureBytes);
    const publicKey = content.subarray(signatureBytes, messageAt);
    const message = content.subarray(messageAt);
    if (peerIdOf(session, publicKey) !== sender) return undefined;
    const statement = statementOf(bytes.subarray(0, envelopeBytes), message);
    if (!isSignedBy(publicKey, statement, signature)) return undefined;
    const datagram = { session, sender, receiver, counter, message: decodeMessage(message) };
    if (!isFor(this.#identity, datagram)) return undefined;
    // What is said to nobody in particular may come twice: an answer to it leaves nothing behind.
    if (receiver !== nobody) {
      if (!found.replays.isNew(sender, counter)) return undefined;
      found.talk.note(sender, performance.now());
    }
    this.#keep(session, found);
    if (found.rootsKey === undefined && sessionIdOf(publicKey) === session)
      found.rootsKey = sealingKey;
    return datagram;
  }

  #mayConcern({ session, receiver }: Envelope): boolean {
    if (receiver === nobody) return true;
    return [session, anySession].some((each) => this.#identity.idIn(each) === receiver);
  }

  /** What strangers can make up or repeat as often as they like is found out before it costs much. */
  #isWorthReading({ sender, receiver, counter }: Envelope, known: Session): boolean {
    const now = performance.now();
    // A flood of one session's spends what that session has, and not what the others have.
    if (receiver === nobody) return known.open.take(now) && this.#open.take(now);
    return !known.talk.isReached(sender, now) && !known.replays.isOld(sender, counter);
  }

  #take(session: SessionId): Session {
    const found = this.#sessions.get(session) ?? this.#derive(session);
    this.#keep(session, found);
    return found;
  }

  #derive(session: SessionId): Session {
    const sealingKeys = this.#keys.map((key) => key.sealingKey(session));
    const open = new Allowance(mostOpen, openPerMs, performance.now());
    const heard = { replays: new ReplayFilter(), talk: new TalkLimit() };
    return { sealingKeys, rootsKey: undefined, ...heard, open };
  }

  #keep(session: SessionId, found: Session): void {
    this.#sessions.delete(session);
    this.#sessions.set(session, found);
    if (this.#sessions.size <= mostSessions) return;
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest);
      return;
    }
  }
}

interface Unsealed {
  readonly envelope: Envelope;
  readonly content: Uint8Array;
  readonly sealingKey: Uint8Array;
  readonly found: Session;
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
