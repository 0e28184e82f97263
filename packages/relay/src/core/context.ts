import type {
  Address,
  ControlMessage,
  ErrorCode,
  LinkRole,
  PeerId,
  PeerInfo,
  Trouble,
} from "@palmtree/wire";
import type { Effect } from "./effect.js";
import type { ConnectionId } from "./event.js";
import type { PeerOptions } from "./options.js";
import type { Random } from "./random.js";
import type { Stripes } from "./transfer/stripes.js";

/**
 * What one part of a peer's machine tells the others. Facts, in the order in which they became
 * true.
 */
export type Fact =
  /** Root: everybody who was invited has answered or is given up. */
  | { readonly type: "invitations-closed" }
  /** Root: every numbered peer has acknowledged its neighbours or is given up. */
  | { readonly type: "neighbours-acknowledged" }
  /** Root: a latecomer has acknowledged its neighbours, and they are being told of it. */
  | { readonly type: "newcomer-introduced"; readonly peer: PeerInfo }
  /** Root: a latecomer joined, and never acknowledged its neighbours. */
  | { readonly type: "newcomer-lost"; readonly address: Address }
  /** `role` is this peer's own on that link; `isDialled` when this peer asked for it. */
  | {
      readonly type: "link-active";
      readonly role: LinkRole;
      readonly number: number;
      readonly isDialled: boolean;
    }
  | { readonly type: "link-passive"; readonly role: LinkRole; readonly number: number }
  | { readonly type: "parent-gained"; readonly number: number }
  | { readonly type: "parent-lost"; readonly number: number }
  | {
      readonly type: "child-gained";
      readonly number: number;
      readonly connection: ConnectionId;
      readonly hasManifest: boolean;
    }
  | { readonly type: "child-lost"; readonly number: number }
  /** A feed is up, over which that peer sends the chunks of these stripes, or of other ones now. */
  | {
      readonly type: "source-gained";
      readonly number: number;
      readonly connection: ConnectionId;
      readonly stripes: Stripes;
    }
  | { readonly type: "source-lost"; readonly number: number; readonly connection: ConnectionId }
  /** A feed is up, over which this peer sends chunks to that one. */
  | { readonly type: "sink-gained"; readonly number: number; readonly connection: ConnectionId }
  | { readonly type: "sink-lost"; readonly number: number; readonly connection: ConnectionId }
  /** A number is another peer's than was said before: what was known by it is not so of that one. */
  | { readonly type: "neighbour-replaced"; readonly number: number }
  /** An orphan needs the root among its neighbours, to ask it for a place. */
  | { readonly type: "root-wanted" }
  | { readonly type: "subtree-resized"; readonly size: number }
  | { readonly type: "manifest-complete" }
  /** Nothing was heard of this neighbour for a while: ask whether it is there. */
  | { readonly type: "neighbour-doubted"; readonly number: number }
  | { readonly type: "chunk-held"; readonly index: number }
  /** Root: a stream gave something again after a pause, before which there were so many chunks. */
  | { readonly type: "stream-resumed"; readonly chunksBefore: number }
  | { readonly type: "all-stored" }
  | {
      readonly type: "misbehaved";
      readonly number: number;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | { readonly type: "finish-received" }
  /** Root: a numbered peer has its result. */
  | { readonly type: "concluded"; readonly number: number; readonly isComplete: boolean }
  /** Chunks are overdue, and nobody who could be asked for them is known. */
  | { readonly type: "help-wanted" }
  /** A source or a sink of this peer holds others up. */
  | { readonly type: "trouble-seen"; readonly trouble: Trouble };

/** Whom a datagram is for: where, and who is meant there. */
export interface Recipient {
  readonly address: Address;
  /** `nobody` where that is not known. */
  readonly id: PeerId;
}

/** What a machine cannot do by itself: it takes chance that nobody can guess, and keys. */
export interface Cryptography {
  /** Draws an unpredictable token of 16 hexadecimal digits. */
  drawToken(): string;
  /** The key that this peer's id follows from: 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Sign a statement with its private half, which only this peer has: 64 bytes. */
  sign(statement: Uint8Array): Uint8Array;
  /** Whether this session's root has signed that statement. Never throws. */
  verify(statement: Uint8Array, signature: Uint8Array): boolean;
  /** Whether that peer of this session has. Never throws. */
  verifyPeer(id: PeerId, statement: Uint8Array, proof: Proof): boolean;
}

/** What a peer shows for a statement of its own: 32 and 64 bytes. */
export interface Proof {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * What all parts of one peer's machine share: who it is, its knobs, its randomness, the time of
 * the event being handled, and where effects and facts are put.
 */
export class Context {
  readonly id: PeerId;
  readonly cryptography: Cryptography;
  readonly options: PeerOptions;
  readonly random: Random;
  /** The time of the event being handled, in milliseconds on the runtime's monotonic clock. */
  now = 0;
  #effects: Effect[] = [];
  readonly #facts: Fact[] = [];
  #dialled = 0;

  constructor(id: PeerId, options: PeerOptions, random: Random, cryptography: Cryptography) {
    this.id = id;
    this.cryptography = cryptography;
    this.options = options;
    this.random = random;
  }

  /** Want something done. */
  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Say something to a peer, over UDP. */
  send({ address, id }: Recipient, message: ControlMessage): void {
    this.emit({ type: "send-datagram", to: address, receiver: id, message });
  }

  /** Nothing here refers to the payload any more. */
  readonly releaseChunk = (payload: Uint8Array): void => {
    this.emit({ type: "release-chunk", payload });
  };

  /** Let the other parts know. */
  tell(fact: Fact): void {
    this.#facts.push(fact);
  }

  /** A number for a connection that this peer dials. */
  nextConnection(): ConnectionId {
    this.#dialled += 1;
    return this.#dialled;
  }

  /** The oldest fact that has not been passed on. */
  nextFact(): Fact | undefined {
    return this.#facts.shift();
  }

  /** Hand over the effects wanted since the last call. */
  takeEffects(): readonly Effect[] {
    if (this.#effects.length === 0) return noEffects;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** A pause of about `milliseconds`, spread by a quarter so that peers do not march in step. */
  jittered(milliseconds: number): number {
    return milliseconds * (0.75 + 0.5 * this.random.next());
  }
}

const noEffects: readonly Effect[] = [];

/**
 * The earlier of two deadlines, where either may not be set. Of two, and not of any number: asked after
 * every event, a list of them for each would cost more than what they are compared for.
 *
 * Whoever waits for `then + pause` has to compare that very sum with the time: `now - then >=
 * pause` may be false at the deadline, by rounding, and the tick would be asked for again for ever.
 */
export function earlier(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other;
  return other === undefined || one <= other ? one : other;
}
