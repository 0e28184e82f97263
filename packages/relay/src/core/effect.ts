import type { Address, ControlMessage, Frame, PeerId } from "@palmtree/wire";
import type { ConnectionId } from "./event.js";
import type { Step } from "./step.js";

/** Something that a peer's machine wants done. */
export type Effect =
  /** `receiver` is who is meant there; `nobody` in what is said to whoever is. */
  | {
      readonly type: "send-datagram";
      readonly to: Address;
      readonly receiver: PeerId;
      readonly message: ControlMessage;
    }
  /** Open a connection to the peer that offered it with this token. */
  | {
      readonly type: "dial";
      readonly connection: ConnectionId;
      readonly to: Address;
      readonly peer: PeerId;
      readonly token: string;
    }
  | { readonly type: "send-frame"; readonly connection: ConnectionId; readonly frame: Frame }
  /** Flush what was sent, then close. */
  | { readonly type: "close-connection"; readonly connection: ConnectionId }
  /** Close at once: nobody seems to be at the other end who would take what was sent. */
  | { readonly type: "drop-connection"; readonly connection: ConnectionId }
  /** Stop reading, so that TCP holds the neighbour back, until `resume-connection`. */
  | { readonly type: "pause-connection"; readonly connection: ConnectionId }
  | { readonly type: "resume-connection"; readonly connection: ConnectionId }
  /**
   * Root: read and hash the chunk; asked in ascending order. Of a stream there may be no such
   * chunk.
   */
  | { readonly type: "produce-chunk"; readonly index: number }
  /** Root: all chunks have been produced; compute the session's hash over these hash pages. */
  | { readonly type: "hash-session"; readonly pages: readonly Uint8Array[] }
  /** Receiver: the stream that comes has this length; behind this its last chunk may be stored. */
  | { readonly type: "end-stream"; readonly totalBytes: number }
  | {
      readonly type: "verify-chunk";
      readonly connection: ConnectionId;
      readonly index: number;
      readonly hash: Uint8Array;
      readonly payload: Uint8Array;
    }
  | { readonly type: "store-chunk"; readonly index: number; readonly payload: Uint8Array }
  /**
   * The machine does not refer to this payload any more, which it was given as verified or produced:
   * no later effect has it. Its memory may be used again, once earlier effects are done with it.
   */
  | { readonly type: "release-chunk"; readonly payload: Uint8Array }
  /** Read the chunk from disk, where somebody may have changed it: it must still have its hash. */
  | { readonly type: "load-chunk"; readonly index: number; readonly hash: Uint8Array }
  /** Receiver: whether the chunk that is on disk from before has this hash; if so, keep it. */
  | { readonly type: "check-leftover"; readonly index: number; readonly hash: Uint8Array }
  /** Receiver: check the assembled manifest against its hash and its rules, and prepare to store. */
  | { readonly type: "open-manifest"; readonly manifest: Uint8Array }
  /** Receiver: check the whole against the session's hash, sync, and rename into place. */
  | {
      readonly type: "land";
      readonly pages: readonly Uint8Array[];
      readonly sessionHash: Uint8Array;
    }
  /** Tell the user. */
  | { readonly type: "report-step"; readonly step: Step }
  /** The machine has ended; no effect follows. */
  | { readonly type: "end" };
