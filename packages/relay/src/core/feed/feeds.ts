import type { DowngradeReason } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import type { ConnectionId } from "../event.js";
import type { Neighbourhood } from "../hypercube/neighbourhood.js";
import { Links, type Self } from "../link/links.js";
import { noChunk, type Stripes } from "../transfer/stripes.js";

/**
 * Pause before a source is asked again, when a feed has ended or did not come up; doubles with each
 * time up to 16 times this, until it comes up, or chunks come from elsewhere.
 */
const askAgainMs = 250;
const mostAskAgainMs = 4_000;

/** Feeds that one peer gives at once; who comes later is refused. */
const mostSinks = 64;

/**
 * Pause before another neighbour is sought that may have what is overdue. It doubles as long as no
 * chunk comes: over a slow link answers take seconds, and asking more would make them take longer.
 */
const seekMs = 250;
const mostSeekMs = 8_000;

/** Neighbours at hand to be asked, beside those that feed this peer. */
const mostHelpers = 2;

interface Source {
  stripes: Stripes;
  /** Set while the feed is up. */
  connection: ConnectionId | undefined;
  /** When to ask for the feed; undefined while it is up or on its way. */
  askAt: number | undefined;
  askPauseMs: number;
}

/**
 * The feeds of a peer: links of their own, beside the tree's, over which chunks flow as the plan
 * has it, so that what the tree says never waits behind them. The *sink* asks for a feed and
 * dials; the *source* sends it the chunks of the stripes that it wants.
 */
export class Feeds {
  /** Feeds that this peer takes. */
  readonly sources: Links;
  /** Feeds that this peer gives. */
  readonly sinks: Links;
  readonly #context: Context;
  readonly #neighbourhood: Neighbourhood;
  readonly #wanted = new Map<number, Source>();
  readonly #sinkConnections = new Map<number, ConnectionId>();
  /** How often each neighbour broke the rules. */
  readonly #offences = new Map<number, number>();
  #seekAt = Number.NEGATIVE_INFINITY;
  #seekPauseMs = seekMs;
  /** Whether pauses are longer than they are at first. */
  #isPatient = false;
  #isLeaving = false;

  constructor(context: Context, neighbourhood: Neighbourhood, self: Self) {
    this.#context = context;
    this.#neighbourhood = neighbourhood;
    this.sources = new Links(context, neighbourhood, self, "sink");
    this.sinks = new Links(context, neighbourhood, self, "source");
  }

  /** Have somebody at hand who can be asked for chunks by themselves: a neighbour drawn at random. */
  seekHelp(): void {
    const { now, random } = this.#context;
    if (this.#isLeaving || now < this.#seekAt) return;
    this.#seekAt = now + this.#seekPauseMs;
    this.#seekPauseMs = Math.min(mostSeekMs, 2 * this.#seekPauseMs);
    this.#isPatient = true;
    const helpers = this.#helpers;
    for (const [number, source] of helpers.slice(0, helpers.length + 1 - mostHelpers))
      this.#drop(number, source);
    const strangers = this.#neighbourhood
      .candidates(random)
      .filter((number) => !this.#wanted.has(number));
    for (const number of random.sample(strangers, 1)) this.#want(number, noChunk);
  }

  /** Nobody has to be asked for chunks any more. */
  dismissHelp(): void {
    for (const [number, source] of this.#helpers) this.#drop(number, source);
  }

  /** A chunk came: should help be needed again, it is sought, and asked, quickly. */
  onProgress(): void {
    if (!this.#isPatient) return;
    this.#isPatient = false;
    this.#seekPauseMs = seekMs;
    for (const source of this.#wanted.values()) source.askPauseMs = askAgainMs;
  }

  /** Take the chunks of stripe i from the peer `sources[i]`; nothing any more from others. */
  follow(sources: readonly number[]): void {
    for (const [number, source] of this.#wanted)
      if (source.stripes.wanted.length > 0 && !sources.includes(number)) this.#drop(number, source);
    for (const number of new Set(sources)) {
      const wanted = [...sources.keys()].filter((stripe) => sources[stripe] === number);
      this.#want(number, { count: sources.length, wanted });
    }
  }

  onUpgradeRequest(number: number): void {
    if (this.sinks.isTooFresh(number)) return;
    const isFull = this.#sinkConnections.size >= mostSinks && !this.#sinkConnections.has(number);
    if (this.#isLeaving) this.sinks.refuseUpgrade(number, "leaving");
    else if (isFull) this.sinks.refuseUpgrade(number, "fanout-full");
    else this.sinks.acceptUpgrade(number);
  }

  onSourceActive(number: number): void {
    const source = this.#wanted.get(number);
    const connection = this.sources.connectionOf(number);
    if (source === undefined || connection === undefined)
      return this.sources.downgrade(number, "replaced");
    source.connection = connection;
    source.askAt = undefined;
    source.askPauseMs = askAgainMs;
    this.#context.tell({ type: "source-gained", number, connection, stripes: source.stripes });
  }

  onSourcePassive(number: number): void {
    const source = this.#wanted.get(number);
    if (source === undefined) return;
    this.#lose(number, source);
    if (this.#isLeaving) return;
    source.askAt = this.#context.now + this.#context.jittered(source.askPauseMs);
    source.askPauseMs = Math.min(mostAskAgainMs, 2 * source.askPauseMs);
    this.#isPatient = true;
  }

  onSinkActive(number: number): void {
    const connection = this.sinks.connectionOf(number);
    if (connection === undefined) return;
    this.#sinkConnections.set(number, connection);
    this.#context.tell({ type: "sink-gained", number, connection });
  }

  onSinkPassive(number: number): void {
    const connection = this.#sinkConnections.get(number);
    if (connection === undefined) return;
    this.#sinkConnections.delete(number);
    this.#context.tell({ type: "sink-lost", number, connection });
  }

  /** Those that feed this peer, or should: a process that was killed has no feed left. */
  get sourceNumbers(): readonly number[] {
    return [...this.#wanted.keys()];
  }

  /** Those of them that the plan has feed this peer, and whose feeds are not up. */
  get absentNumbers(): readonly number[] {
    const isAbsent = ({ stripes, connection }: Source): boolean =>
      stripes.wanted.length > 0 && connection === undefined;
    return [...this.#wanted].flatMap(([number, source]) => (isAbsent(source) ? [number] : []));
  }

  /** Whether a feed joins the two, or is being brought up. */
  isUsed(number: number): boolean {
    return this.#wanted.has(number) || this.sinks.isUsed(number);
  }

  heard(number: number): void {
    this.sources.heard(number);
    this.sinks.heard(number);
  }

  forgive(lateMs: number): void {
    this.sources.forgive(lateMs);
    this.sinks.forgive(lateMs);
  }

  /** The neighbour broke the rules: it is not asked again so soon, and ever later. */
  cutOff(number: number, reason: DowngradeReason): void {
    const { blameMs } = this.#context.options;
    const offences = this.#offences.get(number) ?? 0;
    this.#offences.set(number, offences + 1);
    const source = this.#wanted.get(number);
    if (source !== undefined) source.askPauseMs = blameMs / 2 ** Math.max(0, 3 - offences);
    this.sources.downgrade(number, reason);
    this.sinks.downgrade(number, reason);
  }

  /** The number turns out to be another peer's: the feeds end; one of the plan is asked of that one. */
  part(number: number): void {
    const source = this.#wanted.get(number);
    if (source !== undefined && source.stripes.wanted.length === 0) this.#drop(number, source);
    else this.sources.downgrade(number, "replaced");
    this.sinks.downgrade(number, "replaced");
  }

  /** The number is another peer's. */
  forget(number: number): void {
    this.#offences.delete(number);
  }

  /** All feeds end; what was sent is flushed. */
  leave(): void {
    this.#isLeaving = true;
    for (const source of this.#wanted.values()) source.askAt = undefined;
    this.sources.closeAll();
    this.sinks.closeAll();
  }

  onTick(): void {
    this.sources.onTick();
    this.sinks.onTick();
    for (const [number, source] of this.#wanted) {
      if (source.askAt === undefined || source.askAt > this.#context.now) continue;
      source.askAt = undefined;
      this.sources.requestUpgrade(number);
    }
  }

  deadline(): number | undefined {
    let due = earlier(this.sources.deadline(), this.sinks.deadline());
    for (const { askAt } of this.#wanted.values()) due = earlier(due, askAt);
    return due;
  }

  #want(number: number, stripes: Stripes): void {
    const known = this.#wanted.get(number);
    if (known === undefined) {
      const source = { stripes, connection: undefined, askAt: undefined, askPauseMs: askAgainMs };
      this.#wanted.set(number, source);
      this.sources.requestUpgrade(number);
      return;
    }
    if (isSame(known.stripes, stripes)) return;
    known.stripes = stripes;
    const { connection } = known;
    if (connection !== undefined)
      this.#context.tell({ type: "source-gained", number, connection, stripes });
  }

  /** Those that are to be asked, the one first that has been so for longest. */
  get #helpers(): readonly (readonly [number, Source])[] {
    return [...this.#wanted].filter(([, { stripes }]) => stripes.wanted.length === 0);
  }

  #drop(number: number, source: Source): void {
    this.#wanted.delete(number);
    this.#lose(number, source);
    this.sources.downgrade(number, "replaced");
  }

  #lose(number: number, source: Source): void {
    const { connection } = source;
    if (connection === undefined) return;
    source.connection = undefined;
    this.#context.tell({ type: "source-lost", number, connection });
  }
}

function isSame(one: Stripes, other: Stripes): boolean {
  return one.count === other.count && one.wanted.join() === other.wanted.join();
}
