import type { Failure } from "../failure.js";

/** A peer's place in the tree. */
export interface TreePeer {
  /** 0 is the root, the sender. */
  readonly number: number;
  readonly address: string;
  /**
   * The number of the peer above it, null for the root; with strategy `tree` chunks come from
   * there.
   */
  readonly parent: number | null;
}

/** How one peer ended. */
export interface PeerOutcome {
  readonly address: string;
  readonly status: "complete" | "failed";
  /** Payload bytes that the peer received and verified. */
  readonly bytes: number;
  /** From the session's start to the peer's end. */
  readonly seconds: number;
  /** The link that brought most of it, as the peer measured it. */
  readonly link?: PeerLink;
  readonly error?: Failure;
}

/** What others say that a peer did: the first word, and by address who says so. */
export interface BlamedBy extends Failure {
  readonly peers: readonly string[];
}

/** A link over which a peer's chunks came. */
export interface PeerLink {
  /** The address of whoever sent them. */
  readonly from: string;
  /** The shortest round trip, in milliseconds; null where none was measured. */
  readonly roundTripMs: number | null;
  /** Of the datagrams that measured it, how many got lost. */
  readonly lossPercent: number;
  readonly bytesPerSecond: number;
}

/** How close the transfer comes to what the links in use allow. */
export interface Efficiency {
  /** 100 is the limit. */
  readonly percent: number;
  /** What the whole would take at `bytesPerSecond`; until a stream has ended, what has come of it. */
  readonly limitSeconds: number;
  /** The best rate of the slowest link in use. */
  readonly bytesPerSecond: number;
  /** Whose link that is; the sender's own address where no receiver is clearly slower than others. */
  readonly bottleneck: string;
}

/**
 * What `palmtree send --json` prints, an object on a line. Scripts depend on it: apps/cli/README.md
 * has an example of each, and fields are only ever added.
 */
export type SendEvent =
  | {
      readonly type: "scanned";
      readonly session: string;
      readonly name: string;
      readonly files: number;
      /** Null for a stream, until its end: `stream-ended` has it. */
      readonly bytes: number | null;
      readonly chunkCount: number | null;
      readonly chunkSizeBytes: number;
      readonly skipped: readonly { readonly path: string; readonly why: string }[];
    }
  /** Where the sender listens: `palmtree receive --join` may ask there to be taken in. */
  | { readonly type: "listening"; readonly address: string; readonly port: number }
  | { readonly type: "invited"; readonly address: string }
  /** `isLate`: while the session was running. */
  | { readonly type: "joined"; readonly address: string; readonly isLate?: true }
  | ({ readonly type: "declined"; readonly address: string } & Failure)
  | { readonly type: "tree"; readonly peers: readonly TreePeer[] }
  | {
      readonly type: "progress";
      /** Null as long as the length of a stream is not known. */
      readonly chunkCount: number | null;
      /** The peers that got on since the last `progress`. */
      readonly peers: readonly { readonly address: string; readonly chunksHeld: number }[];
      readonly efficiency?: Efficiency;
    }
  /** The stream that is sent has ended: how long it is. */
  | { readonly type: "stream-ended"; readonly bytes: number; readonly chunkCount: number }
  /** How chunks travel, and through how many peers, the sender among them. */
  | { readonly type: "plan"; readonly plan: string; readonly peerCount: number }
  /** A peer held others up: they do without it. It still receives. */
  | { readonly type: "demoted"; readonly address: string }
  | ({ readonly type: "blamed"; readonly address: string } & Failure)
  /** A peer says that it has cut another one off. One of the two lies; nothing follows from it. */
  | ({ readonly type: "accused"; readonly address: string; readonly by: string } & Failure)
  | ({ readonly type: "peer-ended" } & PeerOutcome)
  | SendResult
  | ({ readonly type: "error" } & Failure);

/** How the session ended: the last event, unless the command was not understood. */
export interface SendResult {
  readonly type: "result";
  readonly status: "complete" | "partial" | "failed";
  /** Undefined where it ended before there was a session. */
  readonly session?: string;
  /** Of all that was to be sent; of a stream that did not end null bytes. */
  readonly files: number;
  readonly bytes: number | null;
  readonly seconds: number;
  /** In the order in which they were listed; then those that joined by themselves. */
  readonly peers: readonly (PeerOutcome & {
    /** The peer as the caller named it. */
    readonly peer: string;
    /** Who says that it broke the rules, and has cut it off. */
    readonly blamedBy?: BlamedBy;
  })[];
  /** Missing where it was over too soon to tell. */
  readonly efficiency?: Efficiency;
  readonly error?: Failure;
}
