import { type Have, type RefuseReason, type Strategy, wireLimits } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import type { ConnectionId } from "../event.js";
import { Arrivals } from "./arrivals.js";
import { runsOf } from "./chunk-runs.js";
import type { Content } from "./content.js";
import type { Inlet, Inlets } from "./inlets.js";
import type { MissingChunks } from "./missing-chunks.js";
import { mostAsked, Pull } from "./pull.js";

/** How often a peer looks whether something is overdue. */
const lookMs = 50;

/** Who has lost its parent looks for a new one first: for this long it asks nobody for chunks. */
const orphanMs = 1_000;

/** Overdue chunks that are looked at at once. */
const overdueChunks = 64;

/**
 * When a peer asks for chunks that it misses, and whom. What is overdue, or could come sooner, it
 * asks of others than the plan has it from ({@link Pull}); and what is missing when all was sent, of
 * those that sent it.
 */
export class Repair {
  readonly #context: Context;
  readonly #strategy: Strategy;
  readonly #inlets: Inlets;
  readonly #missing: MissingChunks;
  readonly #pull: Pull;
  #arrivals: Arrivals;
  #content: Content | undefined;
  /** When to look whether something is overdue; undefined while nothing can be. */
  #lookAt: number | undefined;
  /** When to ask for what is missing at the end. */
  #wantAt: number | undefined;

  constructor(context: Context, strategy: Strategy, inlets: Inlets, missing: MissingChunks) {
    this.#context = context;
    this.#strategy = strategy;
    this.#inlets = inlets;
    this.#missing = missing;
    this.#pull = new Pull(context);
    this.#arrivals = new Arrivals(context.now);
  }

  /** The manifest is open: chunks may begin to come. */
  open(content: Content): void {
    this.#content = content;
    this.#arrivals = new Arrivals(this.#context.now);
    this.#lookSoon(); // the parent may be gone by now
  }

  /** An inlet was told what is held: it feeds this peer, or may be asked by it. */
  onTold({ connection, stripes }: Inlet, { chunkCount }: Content): void {
    this.postponeWant();
    if (stripes.wanted.length > 0) return this.#pull.remove(connection);
    this.#pull.add(connection, chunkCount);
    this.#lookSoon();
  }

  onRemoved(connection: ConnectionId): void {
    this.#pull.remove(connection);
    this.postponeWant();
    this.#lookSoon();
  }

  /** Somebody says what it may be asked for. */
  onHave(connection: ConnectionId, { isIdle, runs }: Have): void {
    this.#pull.onHave(connection, isIdle, runs);
  }

  /** @returns what is wrong, if something is */
  onRefuse(connection: ConnectionId, index: number, reason: RefuseReason): string | undefined {
    return this.#pull.onRefuse(connection, index, reason);
  }

  /** A chunk came that was missing. */
  onChunk(connection: ConnectionId, index: number): void {
    const isAsked = this.#pull.onChunk(index, connection);
    this.#arrivals.note(this.#context.now, isAsked);
    if (isAsked) this.#cancel(connection, index);
  }

  /** A stream has ended: there are no chunks beyond. */
  end(chunkCount: number): void {
    this.#pull.end(chunkCount);
  }

  /** It was claimed, and is not here: its source may have passed over it. */
  takeBack(index: number): void {
    const runs = [{ first: index, count: 1 }];
    const feeder = this.#inlets.feederOf(index);
    if (feeder !== undefined) this.#inlets.send(feeder, { type: "want", runs });
  }

  /** Something has changed of what is missing, or may be on its way: that has time to come. */
  postponeWant(): void {
    const content = this.#content;
    const isMissing = content?.sessionHash !== undefined && !content.held.isFull;
    // While the sources are held back, what is missing may be on its way.
    const isListening = this.#inlets.size > 0 && !this.#inlets.isPaused;
    this.#wantAt =
      isMissing && isListening ? this.#context.now + this.#context.options.wantAfterMs : undefined;
  }

  /**
   * The lowest chunks that should have come by the plan and have not.
   *
   * @param leastMs there are none before nothing has come for this long
   */
  overdue(leastMs: number): Iterable<number> {
    const isStalled = this.#arrivals.isStalled(this.#context.now, leastMs);
    return isStalled ? this.#lowestMissing(overdueChunks) : [];
  }

  onTick(): void {
    this.#askForMissing();
    this.#askAround();
  }

  deadline(): number | undefined {
    return earlier(this.#wantAt, this.#lookAt);
  }

  /** End-of-transfer request: everything was sent, so what is missing now has to be asked for. */
  #askForMissing(): void {
    if (this.#wantAt === undefined || this.#wantAt > this.#context.now) return;
    this.#wantAt = undefined;
    const content = this.#content;
    const inlet = this.#inlets.next();
    if (content === undefined || inlet === undefined || content.held.isFull) return;
    const isFeeder = inlet.stripes.wanted.length > 0;
    const missing = this.#lowestMissing(isFeeder ? wireLimits.wantedChunks : mostAsked);
    const indexes = this.#missing.leftovers?.withPages(missing) ?? missing;
    const runs = runsOf(indexes);
    if (runs.length > 0) this.#inlets.send(inlet, { type: "want", runs });
    this.postponeWant();
  }

  /** What the plan does not bring in time is asked of others. */
  #askAround(): void {
    const { now } = this.#context;
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    const content = this.#content;
    const isTree = this.#strategy === "tree";
    const isDone = content?.held.isFull === true && content.seal !== undefined;
    // In a tree the parent sends everything, and who has one asks nobody else.
    if (content === undefined || isDone || (isTree && this.#inlets.isFed)) {
      this.#lookAt = undefined;
      return;
    }
    this.#lookAt = now + lookMs;
    const isTail = this.#arrivals.hasRoom(now) && content.sessionHash !== undefined;
    const isStalled = this.#arrivals.isStalled(now, isTree ? orphanMs : undefined);
    if (this.#inlets.isPaused || !(isStalled || isTail)) return;
    const overdue = isStalled ? [...this.#lowestMissing(overdueChunks)] : [];
    const findHeld = () => this.#missing.complement();
    const isHelpless = this.#pull.ask({ findHeld, overdue, isTail });
    const isAlone = this.#pull.helperCount === 0;
    // Only who has the seal knows that there is no more; and it comes with a feed.
    const isUnsealed = isStalled && content.seal === undefined && (isTree || isAlone);
    if (isUnsealed || (overdue.length > 0 && (isHelpless || isAlone)))
      this.#context.tell({ type: "help-wanted" });
  }

  #lowestMissing(most: number): Iterable<number> {
    const content = this.#content;
    if (content === undefined) return [];
    // Of a stream nobody misses what has not been heard of.
    const end = content.isOpen
      ? Math.max(content.pages.knownEnd, this.#pull.claimedEnd)
      : content.chunkCount;
    return this.#missing.lowest(most, end);
  }

  /** It had been asked for: whoever else would send it, unasked or asked in vain, need not. */
  #cancel(from: ConnectionId, index: number): void {
    const runs = [{ first: index, count: 1 }];
    for (const inlet of this.#inlets.all)
      if (inlet.connection !== from)
        this.#inlets.send(inlet, { type: "have", isIdle: false, runs });
  }

  #lookSoon(): void {
    this.#lookAt ??= this.#context.now + lookMs;
  }
}
