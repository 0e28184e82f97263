import { wireLimits } from "@palmtree/wire";
import type { PullPolicyName } from "./transfer/pull-policy.js";

/**
 * The knobs of a peer's machine. Times are milliseconds.
 *
 * Every default says where it comes from; "guess" means that nothing was measured yet.
 */
export interface PeerOptions {
  /** Pause before an invitation is repeated; doubles up to 4 times this. Guess. */
  readonly inviteRetryMs: number;
  /**
   * How long the root waits for all invited peers before it starts with those that joined. Too
   * low loses slow starters; too high makes everybody wait for a dead host. Guess.
   */
  readonly maxWaitMs: number;
  /** How long the root waits, at least, for more peers once `minReceivers` have joined. */
  readonly minWaitMs: number;
  /** Receivers below which the root does not start; 1 starts with whoever came. */
  readonly minReceivers: number;
  /** Unanswered invitations and neighbour lists under way at once; bounds the burst of answers. */
  readonly introductionWindow: number;
  /** Peers of a session, the root among them, above which nobody is taken in. */
  readonly mostPeers: number;
  /** Latecomers that are introduced to their neighbours at once; others wait. Guess. */
  readonly newcomersAtOnce: number;
  /** Pause before an unacknowledged neighbour list is repeated. Guess. */
  readonly neighboursRetryMs: number;
  /**
   * After this, a peer that has not acknowledged its list is given up; after a quarter of the
   * session's time-out, if that is less. Guess.
   */
  readonly neighboursTimeoutMs: number;
  /**
   * How often a receiver introduces two of its neighbours to each other, before jitter; much more than the
   * second that they have to answer. Decision 0019.
   */
  readonly introduceIntervalMs: number;
  /** Pause before an unanswered tree check is repeated. Guess: several LAN round trips. */
  readonly probeRetryMs: number;
  /** Unanswered tree checks after which the child slot is freed. */
  readonly probeAttempts: number;
  /** How long a peer with neighbours waits for a tree check before it asks. Guess. */
  readonly orphanAfterMs: number;
  /** Pause between an orphan's questions, before jitter. Guess. */
  readonly orphanRetryMs: number;
  /** Rounds of questions after which an orphan lets its own children go. */
  readonly orphanRounds: number;
  /** Pause before an unanswered upgrade request is repeated. */
  readonly upgradeRetryMs: number;
  /** After this, an upgrade that is not confirmed has failed. */
  readonly upgradeTimeoutMs: number;
  /** The root's pulse, and the health check on passive links. */
  readonly pulseIntervalMs: number;
  /**
   * A neighbour to which a link is active, and that is not heard of on any for this long, is lost:
   * stopped, or cut off. After two fifths of it, it is asked several times whether it is there. Too
   * low takes a busy machine for a dead one. Killed processes are noticed at once, by TCP.
   */
  readonly silentAfterMs: number;
  /** An active link that was idle this long carries `alive`; several fit into `silentAfterMs`. */
  readonly aliveIntervalMs: number;
  /** How often progress is sent up the tree. */
  readonly progressIntervalMs: number;
  /** How often a peer that stands still for a reason (landing) says that it lives. */
  readonly lifeSignIntervalMs: number;
  /**
   * The root starts without the peers that are not in the tree after this long; after a quarter of
   * the session's time-out, if that is less. Guess.
   */
  readonly formationTimeoutMs: number;
  /** Chunks under way to one child: the seed's forward limiter. 16 × 64 KiB = 1 MiB. */
  readonly forwardWindowChunks: number;
  /** The same in bytes: with large chunks fewer are under way, but always at least two. */
  readonly forwardWindowBytes: number;
  /** Chunks kept in memory for the children (the seed's ring buffer). */
  readonly ringChunks: number;
  /** The same in bytes; large chunks make the ring shorter, never shorter than two pages. */
  readonly ringBytes: number;
  /** Bytes taken in and not yet on disk, above which the parent's link is paused. */
  readonly unstoredBytes: number;
  /** The same in chunks; many small files make many small chunks. */
  readonly unstoredChunks: number;
  /** Which of the chunks that are overdue are asked for first; by measurement, see decision 0011. */
  readonly pullPolicy: PullPolicyName;
  /** How long a sealed but incomplete peer waits without a chunk before it asks for the missing. */
  readonly wantAfterMs: number;
  /** How long a neighbour that sent a bad chunk, or gave nothing, is not taken as parent again. */
  readonly blameMs: number;
  /** How long an ended root answers, so that nobody waits for it in vain. */
  readonly lingerMs: number;
}

/** The defaults of {@link PeerOptions}. */
export const defaultPeerOptions: PeerOptions = {
  inviteRetryMs: 250,
  maxWaitMs: 5_000,
  minWaitMs: 0,
  minReceivers: 1,
  introductionWindow: 128,
  mostPeers: wireLimits.peerCount,
  newcomersAtOnce: 32,
  neighboursRetryMs: 200,
  neighboursTimeoutMs: 5_000,
  introduceIntervalMs: 2_500,
  probeRetryMs: 250,
  probeAttempts: 4,
  orphanAfterMs: 300,
  orphanRetryMs: 250,
  orphanRounds: 8,
  upgradeRetryMs: 250,
  upgradeTimeoutMs: 3_000,
  pulseIntervalMs: 500,
  silentAfterMs: 1_500,
  aliveIntervalMs: 500,
  progressIntervalMs: 250,
  lifeSignIntervalMs: 2_000,
  formationTimeoutMs: 5_000,
  forwardWindowChunks: 16,
  forwardWindowBytes: 4 * 1024 * 1024,
  ringChunks: 64,
  ringBytes: 32 * 1024 * 1024,
  unstoredBytes: 16 * 1024 * 1024,
  unstoredChunks: 2_048,
  pullPolicy: "rarest-first",
  wantAfterMs: 1_000,
  blameMs: 10_000,
  lingerMs: 1_000,
};
