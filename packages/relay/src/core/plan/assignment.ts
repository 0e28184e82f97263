import type { PlanKind } from "@palmtree/topology";
import type { PeerInfo, Trouble, TroubleKind } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import type { SinkFlow } from "../transfer/sink.js";
import { type Complaint, Complaints } from "./complaints.js";
import { FirstPeerTrial } from "./first-peer-trial.js";
import { Placement } from "./placement.js";
import { PlanNotices } from "./plan-notices.js";

/**
 * Leaves, as a share of all peers, beyond which only those are made leaves that take less than half
 * of what they are offered: when so many are slow, it is what they share, and not they.
 */
const mostLeaves = 0.25;
const clearlySlow = 0.5;

/**
 * Pause between two changes of places for slowness; doubles with each up to the longest, and is as
 * it was when none was wanted for that long. Each change holds others up for a moment, and who is
 * held up looks slow: without pauses one would lead to the next.
 */
const leastCalmMs = 250;
const mostCalmMs = 16_000;

/** For so long it counts whom a peer has called slow or silent. */
const accusedMs = 5_000;

/** Who was sent chunks by the root in this time is not without them. */
const fedMs = 1_000;

/** For so long a leaf that was given its source is not heeded when that sends it nothing. */
const unsettledLeafMs = 5_000;

/** A plan needs a moment to take effect: what is told of a peer that has just moved is old. */
const settleMs = 700;

interface Accusation {
  readonly at: number;
  readonly kind: TroubleKind;
}

/**
 * The root's part in the plan: gives every peer a place, and finds another one for whoever holds
 * others up. Only those are told whose neighbours change ({@link PlanNotices}).
 */
export class Assignment {
  readonly #context: Context;
  readonly #kind: PlanKind;
  readonly #placement: Placement;
  readonly #trial = new FirstPeerTrial();
  readonly #peers: Map<number, PeerInfo>;
  readonly #notices: PlanNotices;
  /** Whom each peer has called slow or silent, and when. */
  readonly #accused = new Map<number, Map<number, Accusation>>();
  readonly #complaints = new Complaints();
  /** What the root has sent its own sinks, and when it last came to be more. */
  readonly #fed = new Map<number, { readonly bytesSent: number; readonly at: number }>();
  /** Who made another peer a suspect: nobody is believed twice for its word alone. */
  readonly #believed = new Set<number>();
  #calmUntil = Number.NEGATIVE_INFINITY;
  #calmMs = leastCalmMs;
  readonly #feed: (sinks: readonly PeerInfo[]) => void;

  /**
   * @param peers all peers, the root first, in the order of their positions
   * @param feed called with those that the root itself has to feed
   */
  constructor(
    context: Context,
    kind: PlanKind,
    peers: readonly PeerInfo[],
    feed: (sinks: readonly PeerInfo[]) => void,
  ) {
    this.#context = context;
    this.#kind = kind;
    this.#feed = feed;
    this.#peers = new Map(peers.map((peer) => [peer.number, peer]));
    this.#placement = new Placement(kind, [...this.#peers.keys()]);
    this.#notices = new PlanNotices(context, this.#peers);
    for (const peer of peers.slice(1)) this.#notices.add(peer);
  }

  /** @internal for the simulator and the user's view */
  get placement(): Placement {
    return this.#placement;
  }

  /** Every neighbour list is in force: tell everybody who feeds it. */
  start(): void {
    this.#tellNews();
  }

  onAck(number: number, revision: number): void {
    this.#notices.onAck(number, revision);
  }

  /** A peer says that a neighbour of its own in the plan holds others up. */
  onTrouble(from: number, trouble: Trouble): void {
    const { number, kind } = trouble;
    if (kind === "withholding") return this.#onComplaint({ sink: from, source: number });
    if (kind === "slow" && this.#isCommon(trouble)) return;
    // That the root is slow is nothing that it could mend; that it is silent says something of who says so.
    if (number === 0 ? kind !== "silent" : !this.#notices.has(number)) return;
    if (from === number ? !this.#mayBlameItself(kind) : !this.#isBetween(from, number)) return;
    // A leaf is where it belongs, but for those that it feeds.
    const isFedByIt = this.#placement.sourcesOf(from).includes(number);
    if (this.#placement.leaves.includes(number) && !isFedByIt) return;
    const movedAt = Math.max(this.#notices.movedAt(number), this.#notices.movedAt(from));
    if (this.#context.now < movedAt + settleMs) return;
    if (kind === "slow" && !this.#mayChange()) return;
    if (from === number || !this.#isToBlame(from, trouble)) this.#demote(number);
    else if (!this.#placement.leaves.includes(from)) this.#pardon(from);
    this.#tellNews();
  }

  /** A source that answers sends its sink nothing, or so the sink says. */
  #onComplaint(complaint: Complaint): void {
    const { now } = this.#context;
    const { sink, source } = complaint;
    if (!this.#placement.sourcesOf(sink).includes(source)) return;
    // What the root has sent itself it knows, whatever is said.
    const fedAt = this.#fed.get(sink)?.at ?? Number.NEGATIVE_INFINITY;
    const isFed = source === 0 && now < fedAt + fedMs;
    if (!isFed) this.#complaints.excuse(sink, now);
    if (source !== 0 && !this.#isUnsettledLeaf(sink)) this.#complaints.note(complaint, now);
  }

  /** It may be ahead of its source, which was behind it in line: then that has nothing for it yet. */
  #isUnsettledLeaf(number: number): boolean {
    const isUnsettled = this.#context.now < this.#notices.movedAt(number) + unsettledLeafMs;
    return isUnsettled && this.#placement.leaves.includes(number);
  }

  /**
   * A peer says, for the first time, that another one broke the rules. Which of them lies nobody
   * can see; so one of them goes to where nobody else depends on it, which harms nobody.
   *
   * @param accuserCount peers that have said so
   */
  onBlame(from: number, number: number, accuserCount: number): void {
    if (!this.#notices.has(number) || !this.#isBetween(from, number)) return;
    this.#believe(from, number, accuserCount);
    this.#tellNews();
  }

  /** What flows to the root's own sinks, and how many bytes each of them takes in all. */
  review(flows: readonly SinkFlow[], totalBytes: number): void {
    for (const { number, bytesSent } of flows)
      if (this.#fed.get(number)?.bytesSent !== bytesSent)
        this.#fed.set(number, { bytesSent, at: this.#context.now });
    const [, first] = this.#placement.line;
    const flow = flows.find(({ number }) => number === first);
    // Of two or more the root sees by itself which one falls behind.
    const { line, suspects } = this.#placement;
    const trustedCount = line.length - suspects.length;
    if (this.#kind !== "chain" || flow === undefined || trustedCount < 3) return;
    const { number, bytesSent } = flow;
    const bytesLeft = totalBytes - bytesSent;
    const verdict = this.#trial.look({ number, bytesSent, bytesLeft }, this.#context.now);
    if (verdict?.type === "rotate") this.#placement.promote(verdict.number);
    else if (verdict?.type === "demote") this.#demote(verdict.number);
    if (verdict !== undefined) this.#tellNews();
  }

  /** A peer has come late: it is fed behind those that were there. */
  append(peer: PeerInfo): void {
    this.#peers.set(peer.number, peer);
    this.#notices.add(peer);
    this.#placement.append(peer.number);
    this.#tellNews();
  }

  /** The peer is out of the session. */
  remove(number: number): void {
    if (!this.#placement.has(number)) return;
    this.#placement.remove(number);
    this.#notices.remove(number);
    this.#tellNews();
  }

  onTick(): void {
    this.#judgeComplaints();
    this.#notices.onTick();
  }

  deadline(): number | undefined {
    return earlier(this.#complaints.deadline(), this.#notices.deadline());
  }

  #judgeComplaints(): void {
    const judged = this.#complaints.judge(this.#context.now);
    if (judged.length === 0) return;
    for (const { sink, source } of judged) {
      if (!this.#placement.sourcesOf(sink).includes(source)) continue; // one of them has been moved
      const sinks = judged.filter((other) => other.source === source);
      this.#believe(sink, source, sinks.length);
    }
    this.#tellNews();
  }

  /**
   * One's word is against the other's. The other is suspected; but the one that says so, when it was
   * believed before. Of two suspects it is always the other: nobody else depends on either.
   */
  #believe(from: number, number: number, accuserCount: number): void {
    const { suspects } = this.#placement;
    const isAmongSuspects = suspects.includes(from) && suspects.includes(number);
    const isLiar = from !== 0 && this.#believed.has(from) && accuserCount < 2;
    const suspect = isLiar && !isAmongSuspects ? from : number;
    if (!this.#placement.suspect(suspect)) return;
    this.#reportMoved(suspect);
    if (suspect === number) this.#believed.add(from);
  }

  /** Whether what is told of one peer is so of many. */
  #isCommon({ bytesPerSecond, offeredBytesPerSecond }: Trouble): boolean {
    if (bytesPerSecond < offeredBytesPerSecond * clearlySlow) return false;
    return this.#placement.leaves.length >= this.#peers.size * mostLeaves;
  }

  /** That it is slow; but where peers upload several copies, none can keep up with what it takes in. */
  #mayBlameItself(kind: TroubleKind): boolean {
    return kind === "slow" && this.#kind !== "k-ary";
  }

  /** Whether one of the two feeds the other. */
  #isBetween(one: number, other: number): boolean {
    const placement = this.#placement;
    return placement.sourcesOf(one).includes(other) || placement.sourcesOf(other).includes(one);
  }

  /**
   * Who finds two of its neighbours slow is slow itself, and silent who finds two silent that are
   * there.
   */
  #isToBlame(from: number, { number, kind }: Trouble): boolean {
    if (from === 0) return false;
    const { now } = this.#context;
    const accused = this.#accused.get(from) ?? new Map<number, Accusation>();
    for (const [other, { at }] of accused) if (at + accusedMs < now) accused.delete(other);
    const others = [...accused].filter(
      ([other, accusation]) =>
        other !== number && accusation.kind === kind && this.#isThere(other, accusation),
    );
    this.#accused.set(from, accused.set(number, { at: now, kind }));
    return others.length > 0;
  }

  /**
   * Whether an accused peer has answered since, when it was told of its new place; the root is
   * there.
   */
  #isThere(number: number, { at, kind }: Accusation): boolean {
    if (number === 0) return true;
    if (!this.#notices.has(number)) return false;
    const isToldSince = this.#notices.movedAt(number) >= at;
    return kind === "slow" || (isToldSince && this.#notices.isAcknowledged(number));
  }

  /** Whether places may be changed for slowness now; then not again for a while. */
  #mayChange(): boolean {
    const { now } = this.#context;
    if (now < this.#calmUntil) return false;
    const isNew = now >= this.#calmUntil + mostCalmMs;
    this.#calmMs = isNew ? leastCalmMs : Math.min(mostCalmMs, 2 * this.#calmMs);
    this.#calmUntil = now + this.#calmMs;
    return true;
  }

  #pardon(from: number): void {
    for (const [number, accusation] of this.#accused.get(from) ?? [])
      if (this.#placement.leaves.includes(number) && this.#isThere(number, accusation))
        this.#placement.promote(number);
    this.#demote(from);
  }

  #demote(number: number): void {
    if (this.#placement.demote(number)) this.#reportMoved(number);
  }

  #reportMoved(number: number): void {
    this.#context.emit({ type: "report-step", step: { type: "demoted", number } });
  }

  /** Tell whoever has other neighbours in the plan than before. */
  #tellNews(): void {
    const sources = this.#placement.sources;
    const sinks = new Map<number, number[]>();
    for (const [number, from] of sources)
      for (const source of new Set(from)) sinks.set(source, [...(sinks.get(source) ?? []), number]);
    this.#feed((sinks.get(0) ?? []).map((sink) => this.#peers.get(sink) as PeerInfo));
    const moved = this.#notices.update(sources, sinks);
    // Others depend on who is in line only.
    if (moved.some((number) => this.#placement.line.includes(number)))
      this.#complaints.onMove(this.#context.now);
  }
}
