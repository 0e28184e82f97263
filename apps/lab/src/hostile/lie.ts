import type { Address, ControlMessage, Frame, PeerId } from "@palmtree/wire";
import type { Vantage } from "./vantage.js";

/** Something that a member is about to say to another peer, in a datagram. */
export interface Said {
  readonly to: Address;
  readonly receiver: PeerId;
  readonly message: ControlMessage;
}

/**
 * What a member does instead of what it should; what is not here it does as an honest one. It is one
 * member's: it may remember.
 */
export interface Liar {
  /** What leaves over a connection instead of a frame. */
  readonly onFrame?: (frame: Frame, vantage: Vantage) => readonly Frame[];
  /** What leaves instead of a datagram. */
  readonly onDatagram?: (said: Said, vantage: Vantage) => readonly Said[];
  /** What it does of its own accord, again and again, once it knows somebody. */
  readonly act?: {
    readonly everyMs: number;
    readonly perform: (vantage: Vantage) => void;
  };
  /** Between two bytes that leave over a connection, after its first. Default: nothing is held up. */
  readonly byteEveryMs?: number;
}

/** A way not to follow the protocol. */
export interface Lie {
  readonly name: string;
  /** What a member does that tells it, as a phrase: `serves nothing`. */
  readonly about: string;
  readonly make: () => Liar;
}
