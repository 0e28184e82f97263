import type { PeerInfo, TroubleKind } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import { type Inflow, isWasteful, type SourceFlow } from "../transfer/inlets.js";
import type { SinkFlow } from "../transfer/sink.js";

/** How often flows are looked at. */
const lookMs = 100;

/** Looks that rates are measured over, at most: ten seconds. */
const rateLooks = 100;

/**
 * A sink is slow when it lost this much time in them, at the rate of what it is offered, and this
 * share of it: a machine that is busy for a moment catches up, and to find it another place would
 * cost as much. So a tenth of the rate is noticed after 0.75 s, half of it after 1.5 s, three
 * quarters after 4 s, and five sixths after 9 s ...
 */
const slowLostMs = 600;
const slowLostShare = 0.1;

/** ... or takes less than half, where several sinks share an uplink, and never quite evenly ... */
const sharedSlowShare = 0.5;

/** ... and is behind by more bytes than what windows and buffers hold ... */
const slowBehindBytes = 512 * 1024;

/** ... and will lose this much with what it still lacks. */
const worthwhileMs = 1_000;

/** A source withholds when over so many looks, one second, nothing came of what it owes ... */
const withholdingLooks = 10;

/** ... or when it left out this many bytes, and a quarter of what it should have sent. */
const passedOverBytes = 1024 * 1024;
const passedOverShare = 0.25;

/** ... or gave no feed for so many since its last chunk, 1.5 s: one comes up in some round trips. */
const absentLooks = 15;

/** Silence over a feed after which its other end is asked whether it is there. */
const quietMs = 200;

/** A neighbour that answered nothing for this long, and not these many probes, is silent. */
const silentMs = 600;
const silentProbes = 4;

/** Probes in vain after which a neighbour is asked only now and then. */
const mostEagerProbes = 8;
const patientProbeMs = 1_000;

/** Pause before the same trouble is told again; doubles up to 4 times this while it lasts. */
const retellMs = 500;
const mostRetellMs = 2_000;

interface Watched {
  heardAt: number;
  /** Probes since it was last heard. */
  unanswered: number;
  askedAt: number;
}

/** What a source had sent, and left out, at one look. */
type Supply = Pick<SourceFlow, "bytesFed" | "bytesPassedOver">;

interface Flow {
  /** The newest last, one a look: bytes sent, and bytes offered. */
  readonly looks: { readonly sent: number; readonly offered: number }[];
  movedAt: number;
}

/** What a peer sees of its feeds at one moment. */
export interface FeedView {
  /** This peer's own number. */
  readonly self: number;
  /** Neighbours that feed this peer. */
  readonly sources: readonly number[];
  /** To those that this peer feeds. */
  readonly flows: readonly SinkFlow[];
  readonly inflow: Inflow;
  /** Neighbours that the plan has feed this peer, and that do not. */
  readonly absent: readonly number[];
  neighbour(number: number): PeerInfo | undefined;
  /** Ask a neighbour whether it is there. */
  probe(peer: PeerInfo): void;
}

/**
 * Notices neighbours in the plan that hold others up: a source or sink that is silent, though
 * something should flow, a sink that takes less than it is offered, and a source that answers and
 * sends nothing. The root is told, and finds them another place. A machine that was itself late starts
 * to look anew: a busy event loop is not a dead neighbour.
 */
export class FeedWatch {
  readonly #context: Context;
  readonly #watched = new Map<number, Watched>();
  readonly #flows = new Map<ConnectionId, Flow>();
  readonly #supplies = new Map<ConnectionId, Supply[]>();
  /** For how many looks each source has given no feed, since it last fed this peer. */
  readonly #absences = new Map<number, number>();
  readonly #told = new Map<number, { readonly at: number; readonly pauseMs: number }>();
  #lookAt: number | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Feeds exist: begin to look. */
  start(): void {
    this.#lookAt ??= this.#context.now + lookMs;
  }

  stop(): void {
    this.#lookAt = undefined;
  }

  /** Something came from this neighbour, over any link. */
  heard(number: number): void {
    const watched = this.#watched.get(number);
    if (watched === undefined) return;
    watched.heardAt = this.#context.now;
    watched.unanswered = 0;
  }

  /** The number is another peer's. */
  forget(number: number): void {
    this.#watched.delete(number);
    this.#told.delete(number);
    this.#absences.delete(number);
  }

  get isDue(): boolean {
    return this.#lookAt !== undefined && this.#lookAt <= this.#context.now;
  }

  onTick(view: FeedView): void {
    const { now } = this.#context;
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    const isLate = now > this.#lookAt + lookMs;
    this.#lookAt = now + lookMs;
    if (isLate) this.#forgive();
    const stalled = new Set<number>();
    for (const flow of view.flows) if (this.#look(flow)) stalled.add(flow.number);
    this.#judge(view);
    const { isHungry } = view.inflow;
    const inflows = isHungry ? view.inflow.flows : [];
    this.#judgeSources(isHungry, inflows);
    this.#judgeAbsent(isHungry, inflows, view);
    if (isHungry) for (const number of view.sources) stalled.add(number);
    for (const number of this.#watched.keys())
      if (!stalled.has(number)) this.#watched.delete(number);
    for (const number of stalled) this.#ask(number, view);
    this.#forgetFlows(view.flows);
  }

  deadline(): number | undefined {
    return this.#lookAt;
  }

  #forgive(): void {
    this.#flows.clear();
    this.#supplies.clear();
    this.#absences.clear();
    for (const watched of this.#watched.values()) {
      watched.heardAt = this.#context.now;
      watched.unanswered = 0;
    }
  }

  /** Those that are not there any more; each that is has been looked at. */
  #forgetFlows(present: readonly SinkFlow[]): void {
    if (this.#flows.size === present.length) return;
    const connections = new Set(present.map(({ connection }) => connection));
    for (const connection of this.#flows.keys())
      if (!connections.has(connection)) this.#flows.delete(connection);
  }

  /** @returns whether chunks for this sink are stuck */
  #look({ connection, bytesSent: sent, bytesOffered: offered, isSending }: SinkFlow): boolean {
    const { now } = this.#context;
    let flow = this.#flows.get(connection);
    if (flow === undefined) {
      flow = { looks: [], movedAt: now };
      this.#flows.set(connection, flow);
    }
    const { looks } = flow;
    if (!isSending || sent !== looks.at(-1)?.sent) flow.movedAt = now;
    looks.push({ sent, offered });
    if (looks.length > rateLooks + 1) looks.shift();
    return isSending && now - flow.movedAt >= quietMs;
  }

  /**
   * Who falls behind alone is slow; when all do, it is this peer that does not keep up. The root
   * is offered everything as fast as it reads: of one sink it cannot tell whose link is slow.
   */
  #judge({ self, flows }: FeedView): void {
    if (flows.length === 0) return;
    const measured = flows.flatMap(({ number, connection, bytesLacked }) => {
      const flow = this.#flows.get(connection);
      const mostShare = flows.length > 1 ? sharedSlowShare : 1;
      const pace = flow === undefined ? undefined : paceOf(flow, bytesLacked, mostShare);
      return pace === undefined ? [] : [{ number, pace }];
    });
    if (self === 0 && measured.length < 2) return;
    const behind = measured.filter(({ pace }) => pace.isBehind);
    const isOwnFault = measured.length > 1 && behind.length === measured.length;
    for (const { number, pace } of isOwnFault ? behind.slice(0, 1) : behind)
      this.#tell(isOwnFault ? self : number, "slow", pace.sent, pace.offered);
  }

  /** A source may itself lack what it should send: then it says the same of its own source. */
  #judgeSources(isHungry: boolean, inflows: readonly SourceFlow[]): void {
    if (!isHungry) return this.#supplies.clear();
    const flowing = new Set(inflows.map(({ connection }) => connection));
    for (const connection of this.#supplies.keys())
      if (!flowing.has(connection)) this.#supplies.delete(connection);
    for (const inflow of inflows) {
      const { number, connection, bytesPassedOver, isOwing } = inflow;
      const bytesFed = inflow.bytesFed - inflow.bytesRepeated;
      if (isWasteful(inflow)) this.#tell(number, "withholding", 0, 0);
      const supplies = this.#supplies.get(connection) ?? [];
      this.#supplies.set(connection, supplies);
      supplies.push({ bytesFed, bytesPassedOver });
      if (supplies.length <= withholdingLooks) continue;
      const before = supplies.shift() as Supply;
      const fed = bytesFed - before.bytesFed;
      const passedOver = bytesPassedOver - before.bytesPassedOver;
      const isPatchy =
        passedOver >= passedOverBytes && passedOver >= passedOverShare * (fed + passedOver);
      if (isPatchy || (fed === 0 && isOwing)) this.#tell(number, "withholding", 0, 0);
    }
  }

  /** Who answers, and refuses its feed or lets nobody connect, sends as little as who keeps chunks. */
  #judgeAbsent(
    isHungry: boolean,
    inflows: readonly SourceFlow[],
    { sources, absent }: FeedView,
  ): void {
    if (!isHungry) return this.#absences.clear();
    const feeding = inflows.flatMap(({ number, bytesFed }) => (bytesFed > 0 ? [number] : []));
    for (const number of this.#absences.keys())
      if (!sources.includes(number) || feeding.includes(number)) this.#absences.delete(number);
    for (const number of absent) {
      const looks = (this.#absences.get(number) ?? 0) + 1;
      this.#absences.set(number, looks);
      if (looks > absentLooks) this.#tell(number, "withholding", 0, 0);
    }
  }

  #ask(number: number, view: FeedView): void {
    const { now } = this.#context;
    let watched = this.#watched.get(number);
    if (watched === undefined) {
      watched = { heardAt: now, unanswered: 0, askedAt: Number.NEGATIVE_INFINITY };
      this.#watched.set(number, watched);
    }
    const silence = now - watched.heardAt;
    if (silence < quietMs) return;
    if (silence >= silentMs && watched.unanswered >= silentProbes) {
      this.#tell(number, "silent", 0, 0);
    }
    const isEager = watched.unanswered < mostEagerProbes;
    if (!isEager && now < watched.askedAt + patientProbeMs) return;
    watched.unanswered += 1;
    watched.askedAt = now;
    const peer = view.neighbour(number);
    // Nothing is said to, nor heard of, a source in the plan that this peer has cut off for good.
    if (peer !== undefined) view.probe(peer);
  }

  #tell(number: number, kind: TroubleKind, sent: number, offered: number): void {
    const { now } = this.#context;
    const told = this.#told.get(number);
    if (told !== undefined && now < told.at + told.pauseMs) return;
    // Trouble that was over for as long as that is new trouble.
    const isOld = told !== undefined && now < told.at + 2 * told.pauseMs;
    const pauseMs = isOld ? Math.min(mostRetellMs, 2 * told.pauseMs) : retellMs;
    this.#told.set(number, { at: now, pauseMs });
    this.#context.tell({
      type: "trouble-seen",
      trouble: {
        type: "trouble",
        number,
        kind,
        bytesPerSecond: Math.round(sent),
        offeredBytesPerSecond: Math.round(offered),
      },
    });
  }
}

interface Pace {
  /** Bytes a second, over the looks. */
  readonly sent: number;
  readonly offered: number;
  readonly isBehind: boolean;
}

/**
 * @param mostShare who takes more than this share of what it is offered is not behind
 * @returns undefined until there are two looks
 */
function paceOf({ looks }: Flow, bytesLacked: number, mostShare: number): Pace | undefined {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const seconds = ((looks.length - 1) * lookMs) / 1_000;
  const sent = (last.sent - first.sent) / seconds;
  const offered = (last.offered - first.offered) / seconds;
  const tookMs = seconds * 1_000;
  const lostMs = offered === 0 ? 0 : (1 - sent / offered) * tookMs;
  const hasLost = lostMs >= slowLostMs + slowLostShare * tookMs && sent < offered * mostShare;
  const isBehind = hasLost && last.offered - last.sent > slowBehindBytes;
  const willLoseMs = (bytesLacked / sent - bytesLacked / offered) * 1_000;
  return { sent, offered, isBehind: isBehind && willLoseMs >= worthwhileMs };
}
