import {
  type Address,
  type PeerInfo,
  type ProgressEntry,
  type Report,
  reportStatement,
  type SessionId,
  type StandingMessage,
} from "@palmtree/wire";
import type { Context } from "../context.js";
import type { PeerResult } from "../step.js";

interface Leaving {
  readonly at: number;
  readonly code: string;
  readonly detail: string;
}

interface Candidate extends Standing {
  entry: ProgressEntry | undefined;
  /** The most that others said of it, and that it said itself. */
  mostTold: number;
  mostSaid: number;
  movedAt: number;
  /** When others told that it moves: who is not heard of is asked, whatever it answers. */
  toldAt: number;
  /** When it came to hold more than was known before, or to take part. */
  grewAt: number;
  /** Set when the peer said that it leaves: by then its report should have come up the tree. */
  leaving: Leaving | undefined;
  result: PeerResult | undefined;
}

/** Where one peer is, and how far. */
export interface Standing {
  readonly peer: PeerInfo;
  /** The newest that is known; undefined until it told something. */
  readonly entry: ProgressEntry | undefined;
  /** How it ended; undefined until it did. */
  readonly result: PeerResult | undefined;
}

/** What there is to be sent, as far as it is known. */
export interface Extent {
  readonly chunkCount: number;
  readonly totalBytes: number;
  /** Whether it is a stream whose length is not known yet: the two above are the most it may be. */
  readonly isOpen: boolean;
  /** Chunks that there are so far. */
  readonly held: { readonly count: number };
}

/** A peer that has not moved for this long may be gone. */
const stillMs = 2_000;

/**
 * Signs of life without a new chunk count for so long: to land a million files, or to make room for them,
 * takes its time, but who only says so would keep the session open for ever. An hour.
 */
const mostStandstillMs = 3_600_000;

/** How long a report may take longer, up the tree, than a leave, straight to the root. */
const reportGraceMs = 1_000;

/**
 * The root's account of every peer: where it is, how far, and how it ended. A peer that stands
 * still for the session's time-out is given up; so the session always ends.
 */
export class Verdicts {
  readonly #context: Context;
  readonly #session: SessionId;
  readonly #timeoutMs: number;
  readonly #extent: Extent;
  readonly #candidates = new Map<number, Candidate>();
  readonly #results: PeerResult[] = [];
  #startedAt = 0;
  #undecided = 0;
  #failedCount = 0;
  /** Nobody is given up before that time; early when a peer has moved since it was computed. */
  #dueAt = Number.POSITIVE_INFINITY;

  constructor(
    context: Context,
    options: {
      readonly session: SessionId;
      readonly timeoutMs: number;
      readonly extent: Extent;
    },
  ) {
    this.#context = context;
    this.#session = options.session;
    this.#timeoutMs = options.timeoutMs;
    this.#extent = options.extent;
  }

  /** The session begins: results count seconds from now on. */
  start(): void {
    this.#startedAt = this.#context.now;
  }

  /** A listed peer that never took part. */
  absent(address: Address, code: string, message: string): void {
    this.#recant(address);
    this.#decide({
      address,
      number: undefined,
      status: "failed",
      bytes: 0,
      seconds: this.#seconds(),
      error: { code, message },
    });
  }

  /**
   * A numbered peer; a result is awaited from now on. It stands for its address: what was said of
   * that before, it being absent or another process, does not count any more.
   */
  expect(peer: PeerInfo): void {
    for (const { peer: other, result } of this.#candidates.values())
      if (other.address === peer.address && result === undefined)
        this.giveUp(other.number, "left", "another process has taken its place");
    if (this.hasFailed(peer.number)) this.#failedCount -= 1;
    this.#recant(peer.address);
    this.#candidates.set(peer.number, {
      peer,
      entry: undefined,
      mostTold: 0,
      mostSaid: 0,
      movedAt: this.#context.now,
      toldAt: this.#context.now,
      grewAt: this.#context.now,
      leaving: undefined,
      result: undefined,
    });
    this.#undecided += 1;
    this.#dueAt = Math.min(this.#dueAt, this.#context.now + this.#timeoutMs);
  }

  get isDecided(): boolean {
    return this.#undecided === 0;
  }

  /** Numbered peers that have not failed. */
  get presentCount(): number {
    return this.#candidates.size - this.#failedCount;
  }

  /** Peers of which a result is still awaited, with their numbers. */
  get undecided(): readonly PeerInfo[] {
    return [...this.#candidates.values()]
      .filter(({ result }) => result === undefined)
      .map(({ peer }) => peer);
  }

  /** Those that should take part, and may not: absent without a word, failed, or standing still. */
  get missing(): readonly Address[] {
    const failed = this.#results
      .filter(({ status, error }) => status === "failed" && error?.code !== "declined")
      .map(({ address }) => address);
    const still = [...this.#candidates.values()]
      .filter(({ result, toldAt }) => result === undefined && toldAt + stillMs <= this.#context.now)
      .map(({ peer }) => peer.address);
    return [...failed, ...still];
  }

  /** Of every numbered peer. */
  get standings(): Iterable<Standing> {
    return this.#candidates.values();
  }

  /** Whether that peer has a result, and it is that it failed. */
  hasFailed(number: number): boolean {
    return this.#candidates.get(number)?.result?.status === "failed";
  }

  get results(): readonly PeerResult[] {
    return this.#results;
  }

  /** A peer moved, or gives a sign of life while it lands. */
  onProgress(entry: ProgressEntry): void {
    const candidate = this.#candidates.get(entry.number);
    if (candidate === undefined || candidate.result !== undefined) return;
    // Told again by somebody above whom the peer hung before.
    if (entry.chunksHeld < (candidate.entry?.chunksHeld ?? 0)) return;
    // Taken as it stands, it would hide all true news of that peer.
    if (entry.chunksHeld > this.#mostHeld) return;
    const { now } = this.#context;
    if (entry.chunksHeld > candidate.mostTold) candidate.grewAt = now;
    candidate.mostTold = Math.max(candidate.mostTold, entry.chunksHeld);
    candidate.movedAt = Math.min(now, candidate.grewAt + mostStandstillMs);
    candidate.toldAt = candidate.movedAt;
    this.#note(candidate, entry);
  }

  /**
   * A peer that stood still says itself how far it is. If that is less than others said of it, they lied, and
   * what is told of it counts from there.
   */
  onStanding(number: number, { chunksHeld, isBusy }: StandingMessage): void {
    const candidate = this.#candidates.get(number);
    if (candidate === undefined || candidate.result !== undefined) return;
    // What is less than it has said before is late, or said again.
    if (chunksHeld > this.#mostHeld || chunksHeld < candidate.mostSaid) return;
    const { now } = this.#context;
    const hasGrown = chunksHeld > candidate.mostSaid;
    if (hasGrown) candidate.grewAt = now;
    candidate.mostSaid = chunksHeld;
    if (hasGrown || isBusy) candidate.movedAt = Math.min(now, candidate.grewAt + mostStandstillMs);
    // Who has told nothing yet has no place in the tree that could be shown.
    if (candidate.entry !== undefined) this.#note(candidate, { ...candidate.entry, chunksHeld });
  }

  /** Nobody holds more than there is. */
  get #mostHeld(): number {
    const { isOpen, held, chunkCount } = this.#extent;
    return isOpen ? held.count : chunkCount;
  }

  #note(candidate: Candidate, entry: ProgressEntry): void {
    candidate.entry = entry;
    const { number, parent, chunksHeld } = entry;
    const { address } = candidate.peer;
    const chunkCount = this.#extent.isOpen ? undefined : this.#extent.chunkCount;
    this.#context.emit({
      type: "report-step",
      step: { type: "progress", number, address, parent, chunksHeld, chunkCount },
    });
  }

  /** Passed on by any of those above it; only what the peer itself has signed counts. */
  onReport(report: Report): void {
    const candidate = this.#candidates.get(report.number);
    if (candidate === undefined || candidate.result !== undefined) return;
    const { id, address } = candidate.peer;
    const statement = reportStatement(this.#session, report);
    if (!this.#context.cryptography.verifyPeer(id, statement, report)) return;
    const { number, bytes, links } = report;
    const base = { address, number, bytes, seconds: this.#seconds(), links };
    if (report.status === "complete") this.#conclude(candidate, { ...base, status: "complete" });
    else
      this.#conclude(candidate, {
        ...base,
        status: "failed",
        error: { code: report.code, message: report.detail },
      });
  }

  /** A peer said, outside the tree, that it leaves. */
  onLeave(number: number, code: string, detail: string): void {
    const candidate = this.#candidates.get(number);
    if (candidate === undefined) return;
    candidate.leaving ??= { at: this.#context.now + reportGraceMs, code, detail };
    this.#dueAt = Math.min(this.#dueAt, candidate.leaving.at);
  }

  /**
   * A stream goes on after a pause: who had all that there was did not stand still for its own
   * sake.
   */
  excuse(chunksBefore: number): void {
    for (const candidate of this.#candidates.values())
      if ((candidate.entry?.chunksHeld ?? 0) >= chunksBefore)
        candidate.movedAt = candidate.toldAt = candidate.grewAt = this.#context.now;
  }

  giveUp(number: number, code: string, message: string): void {
    const candidate = this.#candidates.get(number);
    if (candidate === undefined || candidate.result !== undefined) return;
    this.#conclude(candidate, {
      address: candidate.peer.address,
      number,
      status: "failed",
      bytes: 0,
      seconds: this.#seconds(),
      error: { code, message },
    });
  }

  onTick(): void {
    const { now } = this.#context;
    if (this.#dueAt > now) return;
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (this.#extent.isOpen) this.excuse(this.#extent.held.count);
    for (const { peer, movedAt, leaving, result } of this.#candidates.values()) {
      if (result !== undefined) continue;
      const lateAt = movedAt + this.#timeoutMs;
      if (leaving !== undefined && leaving.at <= now) this.#concludeLeft(peer, leaving);
      else if (lateAt <= now) {
        const detail = `no progress for ${this.#timeoutMs / 1_000} s`;
        this.giveUp(peer.number, "timed-out", detail);
        // It may be there after all; what it still lands would not be in the result. But the session
        // is not over: whoever hangs below it finds another parent.
        this.#context.send(peer, { type: "decline", reason: "refused", detail });
      } else this.#dueAt = Math.min(this.#dueAt, lateAt, leaving?.at ?? lateAt);
    }
  }

  deadline(): number | undefined {
    return Number.isFinite(this.#dueAt) && !this.isDecided ? this.#dueAt : undefined;
  }

  /** Its report was lost. Who has nothing to complain of leaves because all is done. */
  #concludeLeft({ number, address }: PeerInfo, { code, detail }: Leaving): void {
    if (code !== "") return this.giveUp(number, code, detail);
    if (this.#extent.isOpen) return this.giveUp(number, "left", "it left before the end");
    const candidate = this.#candidates.get(number);
    const seconds = this.#seconds();
    if (candidate !== undefined)
      this.#conclude(candidate, {
        address,
        number,
        status: "complete",
        bytes: this.#extent.totalBytes,
        seconds,
      });
  }

  /** What was said of that address does not count any more. */
  #recant(address: Address): void {
    const earlier = this.#results.findIndex((result) => result.address === address);
    if (earlier !== -1) this.#results.splice(earlier, 1);
  }

  #conclude(candidate: Candidate, result: PeerResult): void {
    candidate.result = result;
    const { number } = candidate.peer;
    this.#context.tell({ type: "concluded", number, isComplete: result.status === "complete" });
    this.#undecided -= 1;
    if (result.status === "failed") this.#failedCount += 1;
    this.#decide(result);
  }

  #decide(result: PeerResult): void {
    this.#results.push(result);
    this.#context.emit({ type: "report-step", step: { type: "peer-ended", result } });
  }

  #seconds(): number {
    return (this.#context.now - this.#startedAt) / 1_000;
  }
}
