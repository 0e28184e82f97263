import type { PlanKind } from "@palmtree/topology";
import type { Address, ErrorCode, LinkMetrics } from "@palmtree/wire";

/** How one peer ended. */
export interface PeerResult {
  readonly address: Address;
  /** The peer's number in the session; undefined when it never joined. */
  readonly number: number | undefined;
  readonly status: "complete" | "failed";
  /** Payload bytes that the peer verified, whether they came or were on its disk. */
  readonly bytes: number;
  /** From the session's start to the peer's end, as the root saw it. */
  readonly seconds: number;
  /** What the peer measured of the links that its chunks came over, the busiest first. */
  readonly links?: readonly LinkMetrics[];
  /** The code is an {@link ErrorCode}, or what a peer of another version said. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Something that happened in a session, for the user's eyes. */
export type Step =
  | { readonly type: "invited"; readonly address: Address }
  /** `isLate` when the session was under way already. */
  | { readonly type: "joined"; readonly address: Address; readonly isLate?: true }
  | {
      readonly type: "declined";
      readonly address: Address;
      readonly code: string;
      readonly message: string;
    }
  /** Peers have their numbers: all, the root among them, and later each that comes late. */
  | {
      readonly type: "numbered";
      readonly peers: readonly { readonly number: number; readonly address: Address }[];
    }
  | { readonly type: "attached"; readonly number: number; readonly parent: number }
  | { readonly type: "detached"; readonly number: number }
  /**
   * Root: `peerCount` peers hang in the tree, the root among them: all, if the time sufficed. In a
   * pipeline chunks do not wait for that, and progress, even all of it, may be told before.
   */
  | { readonly type: "tree-formed"; readonly peerCount: number }
  | {
      readonly type: "progress";
      readonly number: number;
      readonly address: Address;
      readonly parent: number;
      readonly chunksHeld: number;
      /** Undefined as long as the length of a stream is not known. */
      readonly chunkCount: number | undefined;
    }
  /** A stream has ended: how long it is. */
  | { readonly type: "stream-ended"; readonly chunkCount: number; readonly totalBytes: number }
  /** Root: the plan stands; how chunks travel. */
  | { readonly type: "planned"; readonly kind: PlanKind; readonly peerCount: number }
  /** Root: a peer held others up; in a plan it feeds nobody any more, in a tree its children leave it. */
  | { readonly type: "demoted"; readonly number: number }
  | { readonly type: "peer-ended"; readonly result: PeerResult }
  /** A neighbour broke the rules and was cut off. */
  | {
      readonly type: "blamed";
      readonly number: number;
      readonly code: ErrorCode;
      readonly message: string;
    }
  /** Root: one peer says that another broke the rules; which of the two lies nobody else can see. */
  | {
      readonly type: "accused";
      readonly number: number;
      readonly address: Address;
      /** Who says so. */
      readonly by: Address;
      /** An {@link ErrorCode}, or what a peer of another version said. */
      readonly code: string;
      readonly message: string;
    }
  /** This peer's own end, or for the root the session's: every peer has its result. */
  | {
      readonly type: "ended";
      readonly error?: { readonly code: string; readonly message: string };
    };
