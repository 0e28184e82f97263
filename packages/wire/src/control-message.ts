import type { PeerId, PeerInfo, SessionId } from "./identity.js";

/** How a session's chunks travel: down the gossip-built tree, or down the plan's trees. */
export type Strategy = "tree" | "pipeline";

/** Why an invited peer does not take part. */
export type DeclineReason =
  | "busy"
  | "no-space"
  | "not-writable"
  | "too-large"
  | "unsupported"
  | "refused"
  | "leaving";

/** Why a peer rejects a tree check (the seed's three validations come first). */
export type TreeRejectReason =
  | "not-a-neighbour"
  | "fanout-full"
  | "has-parent"
  | "deciding"
  | "not-attached"
  | "stale"
  | "leaving";

/** Why an upgrade from passive to active is refused. */
export type UpgradeRejectReason = "fanout-full" | "not-a-neighbour" | "busy" | "leaving";

/**
 * Which link between two peers is meant: the tree's, or a feed, on which the sender of the message
 * is the sink (it takes chunks) or the source (it sends them).
 */
export type LinkRole = "tree" | "sink" | "source";

/** What a peer noticed about a neighbour that it feeds, or that feeds it. */
export type TroubleKind = "silent" | "slow" | "withholding";

/** Why a link goes from active back to passive. */
export type DowngradeReason = "lost" | "silent" | "corrupt" | "protocol" | "replaced" | "leaving";

/** Root to peer: take part in this session. Repeated until answered. */
export interface Invite {
  readonly type: "invite";
  /** What is sent, for people: at most 255 bytes of UTF-8; not a path, never used as one. */
  readonly name: string;
  /** All files together; of a stream the most that it can be, `chunkCount` full chunks. */
  readonly totalBytes: number;
  /** Files and directories in the manifest. */
  readonly entryCount: number;
  /** Of a stream: 2^24, the most that there can be. */
  readonly chunkCount: number;
  readonly chunkSizeBytes: number;
  /** Whether one file is sent whose length nobody knows before its end: the seal tells it. */
  readonly isStream: boolean;
  readonly strategy: Strategy;
  /** Most children a peer may have in the tree. */
  readonly fanout: number;
  /** How long a peer may stand still before it is given up. */
  readonly timeoutMs: number;
  readonly manifestBytes: number;
  /** SHA-256 of the encoded manifest, 32 bytes. */
  readonly manifestHash: Uint8Array;
  /** The public key of what the root states, 32 bytes (Ed25519); the session's id is bound to it. */
  readonly rootKey: Uint8Array;
  /** What the peer's `challenge` had, 16 bytes; zeros before that. */
  readonly cookie: Uint8Array;
}

/** Invited peer to root: say that again with this cookie, so that I know that you are there. */
export interface Challenge {
  readonly type: "challenge";
  /** 16 bytes that mean nothing to the root. */
  readonly cookie: Uint8Array;
}

/** Peer to root: the answer to an invitation, by a peer that takes part. */
export interface Join {
  readonly type: "join";
}

/**
 * Peer to root: the answer to an invitation, by a peer that does not take part. Root to stranger:
 * the answer to a knock, where there is no room.
 */
export interface Decline {
  readonly type: "decline";
  readonly reason: DeclineReason;
  /** For people: at most 255 bytes of UTF-8. */
  readonly detail: string;
}

/** Root to peer: your number, and the neighbours you may talk to. Repeated until acknowledged. */
export interface Neighbours {
  readonly type: "neighbours";
  /** Counts the lists this peer was sent; a later one replaces an earlier one. */
  readonly revision: number;
  /** The receiver's own number. */
  readonly number: number;
  /** Peers in the session, the root among them. */
  readonly peerCount: number;
  readonly neighbours: readonly PeerInfo[];
}

/** Peer to root: the list of that revision is in force here. */
export interface NeighboursAck {
  readonly type: "neighbours-ack";
  readonly revision: number;
}

/** Attached peer to neighbour: be my child. Gossiped on by every peer that accepts it. */
export interface TreeCheck {
  readonly type: "tree-check";
  /** The newest pulse of the root that the sender has seen. */
  readonly pulse: number;
  /** Links between the sender and the root. */
  readonly depth: number;
}

/** The answer to a tree check or to an orphan's question, where it is no. */
export interface TreeReject {
  readonly type: "tree-reject";
  readonly reason: TreeRejectReason;
}

/** New child to parent, whose tree check was valid, or sink to source: let us bring TCP up. */
export interface UpgradeRequest {
  readonly type: "upgrade-request";
  readonly link: Exclude<LinkRole, "source">;
}

/** The answer: dial me and show this token (8 bytes, 16 hexadecimal digits). */
export interface UpgradeAccept {
  readonly type: "upgrade-accept";
  readonly link: Exclude<LinkRole, "sink">;
  readonly token: string;
}

/** The answer, where it is no. */
export interface UpgradeReject {
  readonly type: "upgrade-reject";
  readonly link: Exclude<LinkRole, "sink">;
  readonly reason: UpgradeRejectReason;
}

/** Either end of an active link: it is passive from now on. */
export interface Downgrade {
  readonly type: "downgrade";
  readonly link: LinkRole;
  readonly reason: DowngradeReason;
}

/** Peer without a parent to neighbour: can you take me? */
export interface Orphan {
  readonly type: "orphan";
  /** The newest pulse seen while attached; 0 if never attached. A parent must know a newer one. */
  readonly pulse: number;
}

/** Full peer to orphan: ask this peer, one of my children; it is your neighbour from now on. */
export interface Refer {
  readonly type: "refer";
  readonly peer: PeerInfo;
}

/** Full peer to its child: this orphan will ask you; it is your neighbour from now on. */
export interface Introduce {
  readonly type: "introduce";
  readonly peer: PeerInfo;
}

/** Health check over UDP, parent to child; carries the root's pulse down the tree. */
export interface Ping {
  readonly type: "ping";
  readonly pulse: number;
}

/** The answer to a ping, with the pulse it carried. */
export interface Pong {
  readonly type: "pong";
  readonly pulse: number;
}

/** Root to a peer, outside the tree: the session is over. Answered with `leave`. */
export interface Ended {
  readonly type: "ended";
}

/** A peer that leaves the session tells its neighbours and the root. Not answered. */
export interface Leave {
  readonly type: "leave";
  /** An error code (docs/protocol.md lists them); empty when it leaves because all is done. */
  readonly code: string;
  /** For people: at most 255 bytes of UTF-8. */
  readonly detail: string;
}

/** Root to receiver: who feeds you, and who may ask you to. Repeated until acknowledged. */
export interface PlanMessage {
  readonly type: "plan";
  /** Counts the plans this peer was sent; a later one replaces an earlier one. */
  readonly revision: number;
  /** For each stripe the number of the peer that sends its chunks; chunk i is in stripe i mod S. */
  readonly sources: readonly number[];
  /** The receiver's sources and sinks, which join its adjacency list. */
  readonly peers: readonly PeerInfo[];
}

/** Receiver to root: the plan of that revision is in force here. */
export interface PlanAck {
  readonly type: "plan-ack";
  readonly revision: number;
}

/** Neighbour to neighbour, at any time: are you there? Measures the round trip too. */
export interface Probe {
  readonly type: "probe";
  /** The sender's own; comes back in the answer. */
  readonly count: number;
}

/** The answer to a probe. */
export interface ProbeAck {
  readonly type: "probe-ack";
  readonly count: number;
}

/** Receiver to root: a neighbour in the plan holds others up. */
export interface Trouble {
  readonly type: "trouble";
  /** Whom this is about. */
  readonly number: number;
  readonly kind: TroubleKind;
  /** What went over the feed lately, and what would have gone if it could. */
  readonly bytesPerSecond: number;
  readonly offeredBytesPerSecond: number;
}

/** Receiver to root: a neighbour broke the rules, and was cut off. Said a few times; not answered. */
export interface Blame {
  readonly type: "blame";
  /** Whom this is about. */
  readonly number: number;
  /** An error code (docs/protocol.md lists them). */
  readonly code: string;
  /** For people: at most 255 bytes of UTF-8. */
  readonly detail: string;
}

/** Root to receiver: your parent holds you up, look for another. Not answered. */
export interface Reparent {
  readonly type: "reparent";
  /** The parent that is to be left; who has another by now stays there. */
  readonly parent: number;
}

/**
 * Receiver to root, when that recalls it: how far it is, in its own words. What neighbours pass on of it
 * may be a lie, or nothing. Not answered.
 */
export interface StandingMessage {
  readonly type: "standing";
  /** Chunks that it has verified. */
  readonly chunksHeld: number;
  /** Whether it opens the manifest or lands files, for which it needs no chunk. */
  readonly isBusy: boolean;
}

/**
 * Stranger to root: invite me too. Repeated until invited. The envelope names the session, or
 * {@link anySession} for every session of that process.
 */
export interface Knock {
  readonly type: "knock";
  /** 420 bytes of 0, so that the answer is never longer than the question; see {@link makeKnock}. */
  readonly padding: Uint8Array;
}

/** Everything that travels over UDP. */
export type ControlMessage =
  | Invite
  | Join
  | Decline
  | Neighbours
  | NeighboursAck
  | TreeCheck
  | TreeReject
  | UpgradeRequest
  | UpgradeAccept
  | UpgradeReject
  | Downgrade
  | Orphan
  | Refer
  | Introduce
  | Ping
  | Pong
  | Ended
  | Leave
  | PlanMessage
  | PlanAck
  | Probe
  | ProbeAck
  | Trouble
  | Knock
  | Challenge
  | Blame
  | Reparent
  | StandingMessage;

/** A control message in its envelope. */
export interface Datagram {
  readonly session: SessionId;
  readonly sender: PeerId;
  /** Whom it is for; `nobody` in an invitation and in a knock, whose sender does not know. */
  readonly receiver: PeerId;
  /** Counts the sender's datagrams, from 1. */
  readonly counter: number;
  readonly message: ControlMessage;
}
