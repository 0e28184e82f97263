import type { PeerId, SessionId } from "./identity.js";

/** How a peer ended, as it says itself. */
export type ReportStatus = "complete" | "failed";

/** Why a wanted chunk is not sent. */
export type RefuseReason = "not-held" | "unreadable" | "leaving" | "busy";

/** The first frame of a link: who dials, for which link, and the token of the upgrade. */
export interface Hello {
  readonly type: "hello";
  readonly session: SessionId;
  readonly peer: PeerId;
  readonly number: number;
  /** The link is the tree's, or a feed, of which the sender is the sink. */
  readonly link: "tree" | "sink";
  /** The token of the `upgrade-accept` that this link answers: 8 bytes, 16 hexadecimal digits. */
  readonly token: string;
  /** False when the parent has to send the manifest first. */
  readonly hasManifest: boolean;
}

/** Parent to child: the link is confirmed; it is active on both sides. */
export interface Welcome {
  readonly type: "welcome";
  readonly peer: PeerId;
}

/** Parent to child: a part of the encoded manifest, in order, without gaps. */
export interface ManifestPart {
  readonly type: "manifest";
  readonly offset: number;
  readonly payload: Uint8Array;
}

/** Source to sink: SHA-256 hashes of consecutive chunks, 32 bytes each, before those chunks. */
export interface HashPage {
  readonly type: "hashes";
  readonly firstChunk: number;
  /** The root's, over the page's statement: 64 bytes. Passed on unchanged. */
  readonly signature: Uint8Array;
  readonly payload: Uint8Array;
}

/** A chunk, to a peer that knows its hash. */
export interface Chunk {
  readonly type: "chunk";
  readonly index: number;
  readonly payload: Uint8Array;
}

/** Parent to child: every chunk has been produced, and this is the session's hash (32 bytes). */
export interface Seal {
  readonly type: "seal";
  readonly sessionHash: Uint8Array;
  /** All files together: what the invitation said, and of a stream what nobody knew before. */
  readonly totalBytes: number;
  /** The root's, over the seal's statement: 64 bytes. Passed on unchanged. */
  readonly signature: Uint8Array;
}

/**
 * Sink to source, once its manifest is open: the bitmap of chunks held, and which stripes it wants
 * from here. Their chunks flow after it. A later one replaces an earlier one.
 */
export interface Holds {
  readonly type: "holds";
  /** Stripes of the session; chunk i is in stripe i mod this. */
  readonly stripeCount: number;
  /** Those that the source is to send; none asks for nothing but the seal and what is wanted. */
  readonly stripes: readonly number[];
  readonly payload: Uint8Array;
}

/** Consecutive chunks. */
export interface ChunkRun {
  readonly first: number;
  readonly count: number;
}

/**
 * Sink to source: chunks that are missing, at most 1,024 of them; each is answered by a chunk or a
 * refusal.
 */
export interface Want {
  readonly type: "want";
  readonly runs: readonly ChunkRun[];
}

/**
 * Sink to source: chunks that I have come to hold, from anywhere; they need not be sent any more.
 * Source to a sink that it does not feed: chunks that may be asked for.
 */
export interface Have {
  readonly type: "have";
  /** Whether the sender has nothing else to send, so that asking it costs nobody anything. */
  readonly isIdle: boolean;
  readonly runs: readonly ChunkRun[];
}

/** Source to sink: a wanted chunk that will not come now. */
export interface Refuse {
  readonly type: "refuse";
  readonly index: number;
  readonly reason: RefuseReason;
}

/** Child to parent: how many peers hang below and with the sender; sent whenever it changes. */
export interface Subtree {
  readonly type: "subtree";
  readonly size: number;
}

/** One peer's place in the tree and its progress. */
export interface ProgressEntry {
  readonly number: number;
  /** The number of its parent in the tree. */
  readonly parent: number;
  readonly chunksHeld: number;
}

/** Child to parent: where the peers of the subtree are and how far; those that moved. */
export interface Progress {
  readonly type: "progress";
  readonly entries: readonly ProgressEntry[];
}

/** Child to parent, and on to the root: how a peer of the subtree ended. */
export interface Report {
  readonly type: "report";
  readonly number: number;
  readonly status: ReportStatus;
  /** Payload bytes that the peer took in and verified. */
  readonly bytes: number;
  readonly durationMs: number;
  /** An error code (docs/protocol.md lists them), empty when complete. */
  readonly code: string;
  /** For people: at most 1,024 bytes of UTF-8. */
  readonly detail: string;
  /** The links that its chunks came over, the one that brought most first: at most 4. */
  readonly links: readonly LinkMetrics[];
  /** The peer's own, which its id follows from: 32 bytes. */
  readonly publicKey: Uint8Array;
  /** By that key, over `reportStatement`: 64 bytes. So nobody on the way ends it in its name. */
  readonly signature: Uint8Array;
}

/** What a peer measured of a link over which chunks came to it. */
export interface LinkMetrics {
  /** The neighbour at the other end. */
  readonly number: number;
  /** The shortest from a probe to its answer, in microseconds; 0 when none was answered. */
  readonly roundTripUs: number;
  /** Of 1,000 probes, how many were not answered within 2 s. */
  readonly lossPermille: number;
  /** Chunk bytes from the first to the last of them, per second; 0 where there was one chunk only. */
  readonly bytesPerSecond: number;
}

/** Parent to child, from the root: the session is over. */
export interface Finish {
  readonly type: "finish";
}

/** Either way, when nothing else was sent for a while: the TCP side of the health check. */
export interface Alive {
  readonly type: "alive";
}

/** Everything that travels over an active link. */
export type Frame =
  | Hello
  | Welcome
  | ManifestPart
  | HashPage
  | Chunk
  | Seal
  | Holds
  | Want
  | Refuse
  | Subtree
  | Progress
  | Report
  | Finish
  | Alive
  | Have;
