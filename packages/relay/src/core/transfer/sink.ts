import type { Allowance } from "@palmtree/transport/core";
import type { Holds } from "@palmtree/wire";
import type { ConnectionId } from "../event.js";
import type { SinkQueue } from "./sink-queue.js";

/** Who a sink is, for whoever knows whom this peer has to feed. */
export interface SinkPlace {
  readonly number: number;
  /** Whether the link is the tree's; else it is a feed. */
  readonly isChild: boolean;
}

/** A neighbour that chunks are sent to: a child in the tree, or the sink of a feed. */
export interface Sink extends SinkPlace {
  readonly connection: ConnectionId;
  needsManifest: boolean;
  /** What the sink said that it holds, while this peer's own manifest is still being opened. */
  earlyHolds: Holds | undefined;
  bitmaps: number;
  readonly refusals: Allowance;
  /** Whether it was sent the seal: two peers may feed each other, and one telling is enough. */
  isSealed: boolean;
  /** Set once the sink has said what it holds. */
  queue: SinkQueue | undefined;
  /** Bytes of chunks that came to be held here while this sink wanted them. */
  bytesOffered: number;
}

/** How a sink fares. */
export interface SinkFlow {
  readonly number: number;
  readonly connection: ConnectionId;
  /** Chunk bytes that the operating system took for it, all together. */
  readonly bytesSent: number;
  /** Chunk bytes that came to be held here while it wanted them, all together. */
  readonly bytesOffered: number;
  /** Chunk bytes that it still has to be sent, about, those included that are not held here yet. */
  readonly bytesLacked: number;
  /** Whether something is handed over that the operating system has not taken yet. */
  readonly isSending: boolean;
}
