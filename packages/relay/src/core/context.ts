import type { ErrorCode, PeerId } from "@palmtree/wire";
import type { Effect } from "./effect.js";
import type { ConnectionId } from "./event.js";
import type { PeerOptions } from "./options.js";
import type { Random } from "./random.js";

/** What one part of a peer's machine tells the others. Facts, in the order in which they became true. */
export type Fact =
  /** Root: everybody who was invited has answered or is given up. */
  | { readonly type: "invitations-closed" }
  /** Root: every numbered peer has acknowledged its neighbours or is given up. */
  | { readonly type: "neighbours-acknowledged" }
  | { readonly type: "link-active"; readonly number: number; readonly isParent: boolean }
  | { readonly type: "link-passive"; readonly number: number }
  | { readonly type: "parent-gained"; readonly number: number }
  | { readonly type: "parent-lost"; readonly number: number }
  | {
      readonly type: "child-gained";
      readonly number: number;
      readonly connection: ConnectionId;
      readonly hasManifest: boolean;
    }
  | { readonly type: "child-lost"; readonly number: number }
  | { readonly type: "subtree-resized"; readonly size: number }
  | { readonly type: "manifest-complete" }
  | { readonly type: "chunk-held"; readonly index: number }
  | { readonly type: "all-stored" }
  | {
      readonly type: "misbehaved";
      readonly number: number;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | { readonly type: "finish-received" };

/**
 * What all parts of one peer's machine share: who it is, its knobs, its randomness, the time of
 * the event being handled, and where effects and facts are put.
 */
export class Context {
  readonly id: PeerId;
  /** Draws an unpredictable token of 16 hexadecimal digits; the runtime's, not the seeded one. */
  readonly drawToken: () => string;
  readonly options: PeerOptions;
  readonly random: Random;
  /** The time of the event being handled, in milliseconds on the runtime's monotonic clock. */
  now = 0;
  #effects: Effect[] = [];
  readonly #facts: Fact[] = [];

  constructor(id: PeerId, options: PeerOptions, random: Random, drawToken: () => string) {
    this.id = id;
    this.drawToken = drawToken;
    this.options = options;
    this.random = random;
  }

  /** Want something done. */
  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Nothing here refers to the payload any more. */
  readonly releaseChunk = (payload: Uint8Array): void => {
    this.emit({ type: "release-chunk", payload });
  };

  /** Let the other parts know. */
  tell(fact: Fact): void {
    this.#facts.push(fact);
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
 * The earliest of several deadlines, where some are not set.
 *
 * Whoever waits for `then + pause` has to compare that very sum with the time: `now - then >=
 * pause` may be false at the deadline, by rounding, and the tick would be asked for again for ever.
 */
export function earliest(...deadlines: readonly (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const deadline of deadlines) {
    if (deadline !== undefined && (first === undefined || deadline < first)) first = deadline;
  }
  return first;
}
