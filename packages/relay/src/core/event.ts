import type { Bitmap } from "@palmtree/files/core";
import type { Address, Datagram, Frame, PalmTreeError } from "@palmtree/wire";

/**
 * Names one TCP connection of this peer: positive when this peer dialled (the core chose the
 * number), negative when it accepted (the runtime chose it).
 */
export type ConnectionId = number;

/** The sizes of a session's chunks, as far as the core needs them. */
export interface ChunkSizes {
  /** Of a stream: the most that there may be. */
  readonly chunkCount: number;
  /** All chunks together; of a stream the most that it may be. */
  readonly totalBytes: number;
  /** Whether this is a stream, of which nobody knows the length before its end. Default false. */
  readonly isOpen?: boolean;
  /** Bytes of the chunk with that index. */
  lengthOf(index: number): number;
}

/** A fact that a peer's machine is told. */
export type PeerEvent =
  | { readonly type: "start" }
  | { readonly type: "stop"; readonly detail: string }
  | { readonly type: "tick" }
  /** Root: the user wants these peers to take part too. */
  | { readonly type: "peers-added"; readonly addresses: readonly Address[] }
  | { readonly type: "datagram-received"; readonly from: Address; readonly datagram: Datagram }
  | { readonly type: "connection-opened"; readonly connection: ConnectionId }
  | {
      readonly type: "connection-closed";
      readonly connection: ConnectionId;
      readonly error?: PalmTreeError;
    }
  | { readonly type: "frame-received"; readonly connection: ConnectionId; readonly frame: Frame }
  /** The operating system took this chunk; it no longer counts against the forward limiter. */
  | { readonly type: "chunk-sent"; readonly connection: ConnectionId; readonly index: number }
  /** Root: the chunk was read from its source for the first time, and hashed. */
  | {
      readonly type: "chunk-produced";
      readonly index: number;
      readonly hash: Uint8Array;
      readonly payload: Uint8Array;
    }
  /** Root: the stream that is sent has ended, behind the last chunk that was produced. */
  | { readonly type: "stream-ended"; readonly totalBytes: number }
  /** Root: the session's hash over all chunks. */
  | { readonly type: "session-hashed"; readonly sessionHash: Uint8Array }
  | {
      readonly type: "chunk-verified";
      readonly connection: ConnectionId;
      readonly index: number;
      readonly payload: Uint8Array;
      readonly isIntact: boolean;
    }
  | { readonly type: "chunk-stored"; readonly index: number }
  | { readonly type: "chunk-loaded"; readonly index: number; readonly payload: Uint8Array }
  /** Receiver: the manifest has the promised hash, follows the rules, and there is room for it. */
  | {
      readonly type: "manifest-opened";
      readonly sizes: ChunkSizes;
      /** Chunks that may be on disk from before: nobody has compared them with their hashes. */
      readonly leftovers?: Bitmap;
    }
  /** Receiver: a chunk that may have been on disk from before was compared with its hash. */
  | { readonly type: "leftover-checked"; readonly index: number; readonly isIntact: boolean }
  /** Receiver: everything is verified and stands under its final name. */
  | { readonly type: "landed" }
  /** Something on this machine makes going on impossible: disk, source, manifest. */
  | { readonly type: "failed"; readonly error: PalmTreeError };
