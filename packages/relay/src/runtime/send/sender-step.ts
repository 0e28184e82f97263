import type { SkippedSource } from "@palmtree/files";
import type { Address, SessionId } from "@palmtree/wire";
import type { PeerResult, Step } from "../../core/index.js";
import type { Efficiency } from "./efficiency-meter.js";

/** What is going to be sent is known: the first step. */
export interface ScannedStep {
  readonly type: "scanned";
  readonly session: SessionId;
  readonly name: string;
  /** Files, empty ones too; directories are not counted. */
  readonly files: number;
  /** Undefined for a stream. */
  readonly totalBytes: number | undefined;
  /** Undefined for a stream. */
  readonly chunkCount: number | undefined;
  readonly chunkSizeBytes: number;
  /** What in the given directories is not sent, and why. */
  readonly skipped: readonly SkippedSource[];
}

/** The session may be joined from now on: `palmtree receive --join` with that address. */
export interface ListeningStep {
  readonly type: "listening";
  readonly address: Address;
}

/**
 * What other peers say that a peer did. One of the two lies, or a machine between them is broken; who
 * it is nobody else can see, so nothing follows from it but this. That several say so is telling.
 */
export interface Accused {
  /** Who says so, by address, in the order in which they did. */
  readonly peers: readonly Address[];
  /** What the first of them said: an error code, and a sentence. */
  readonly code: string;
  readonly message: string;
}

/** How one peer ended, listed or not. */
export interface SendPeerResult extends PeerResult {
  /** The peer as the caller named it; its address if it came by itself. */
  readonly peer: string;
  /** Set when others say that it broke the rules; they have cut it off. */
  readonly blamedBy?: Accused;
}

/** A peer's place in the tree, as it was last known. */
export interface TreePlace {
  /** 0 is the root, this process. */
  readonly number: number;
  readonly address: Address;
  /** The number of its parent; undefined for the root, and for a peer that has none. */
  readonly parent: number | undefined;
}

/** How close to the limit of the links the transfer is; told twice a second. */
export interface EfficiencyStep extends Efficiency {
  readonly type: "efficiency";
}

/** How the session ended: the last step. */
export interface ResultStep {
  readonly type: "result";
  readonly session: SessionId;
  /**
   * `complete`: every listed peer is, and every added one; `partial`: some are; `failed`: none is.
   * Who joined unasked does not count.
   */
  readonly status: "complete" | "partial" | "failed";
  /** One for each peer, in the order in which they were listed, added, or joined by themselves. */
  readonly peers: readonly SendPeerResult[];
  readonly tree: readonly TreePlace[];
  /** Bytes of all files: what a complete peer has. Undefined for a stream that did not end. */
  readonly totalBytes: number | undefined;
  /** From `start()` to the last peer's end. */
  readonly seconds: number;
  /** How close to the limit it came; undefined where it was over too soon to tell. */
  readonly efficiency?: EfficiencyStep;
  /** Why the session as a whole failed, where it did. */
  readonly error?: { readonly code: string; readonly message: string };
}

/**
 * What a sender tells: `scanned`, `listening`, then the session's steps, then `result`, which is always the
 * last.
 */
export type SenderStep = ScannedStep | ListeningStep | Step | EfficiencyStep | ResultStep;
