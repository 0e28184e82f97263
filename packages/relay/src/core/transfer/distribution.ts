import { Bitmap } from "@palmtree/files/core";
import { Allowance } from "@palmtree/transport/core";
import {
  type Frame,
  type Have,
  type Holds,
  isPalmTreeError,
  type RefuseReason,
  type Want,
  wireLimits,
} from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import { Announcer } from "./announcer.js";
import { chunksIn, faultOfRuns } from "./chunk-runs.js";
import type { Content } from "./content.js";
import { manifestParts } from "./manifest-assembly.js";
import type { Sink, SinkFlow, SinkPlace } from "./sink.js";
import { SinkQueue } from "./sink-queue.js";
import type { Stripes } from "./stripes.js";

/** Bitmaps that a sink may send over one link: it gets a new plan now and then, not all the time. */
const mostBitmaps = 64;

/** After a chunk came, more are expected for this long, and with them work. */
const restlessMs = 300;

/**
 * Refusals that a sink gets at once, and more with every millisecond: several times what an honest
 * one asks for. Who asks for more, and perhaps reads no answer, gets none: nothing piles up.
 */
const mostRefusals = 16_384;
const refusalsPerMs = 4;

/**
 * The sending half of a peer: every chunk that is held goes to every sink that lacks it and wants
 * its stripe, in ascending order, without being asked for. Each sink has a queue of its own; what
 * the ring buffer no longer has is loaded from disk.
 */
export class Distribution {
  readonly #context: Context;
  #isExpected: (sink: SinkPlace) => boolean = () => true;
  readonly #announcer: Announcer;
  readonly #sinks = new Map<ConnectionId, Sink>();
  /** Chunks being loaded, and over which connections they are to be sent. */
  readonly #loading = new Map<number, Set<ConnectionId>>();
  #heldAt = Number.NEGATIVE_INFINITY;
  #manifest: Uint8Array | undefined;
  #content: Content | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#announcer = new Announcer(context);
  }

  /** The manifest is verified, so it may be passed on, and chunks may follow. */
  open(manifest: Uint8Array, content: Content): void {
    this.#manifest = manifest;
    this.#content = content;
    for (const sink of this.#sinks.values()) {
      this.#sendManifest(sink);
      const { earlyHolds, number } = sink;
      sink.earlyHolds = undefined;
      const message =
        earlyHolds === undefined ? undefined : this.onHolds(sink.connection, earlyHolds);
      if (message !== undefined)
        this.#context.tell({ type: "misbehaved", number, code: "protocol-violation", message });
    }
  }

  /**
   * Others may ask for chunks, and are sent them while that costs nobody anything.
   *
   * @param isExpected who is to be fed; asked again whenever this is called
   */
  feedOnly(isExpected: (sink: SinkPlace) => boolean): void {
    this.#isExpected = isExpected;
    for (const sink of this.#sinks.values()) {
      if (sink.queue === undefined) continue;
      const wasFed = sink.queue.isFed;
      sink.queue.expect(isExpected(sink));
      this.#announceTo(sink, sink.queue);
      if (this.#content === undefined) continue;
      if (!wasFed && sink.queue.isFed) this.#sendPages(sink, this.#content, sink.queue.claimed);
      this.#pump(sink, this.#content);
    }
  }

  /** @param link whether it is to be sent the manifest first, and is the tree's */
  addSink(
    number: number,
    connection: ConnectionId,
    link: { readonly needsManifest?: boolean; readonly isChild?: boolean } = {},
  ): void {
    const { needsManifest = false, isChild = false } = link;
    const sink: Sink = {
      number,
      connection,
      isChild,
      needsManifest,
      earlyHolds: undefined,
      bitmaps: 0,
      refusals: new Allowance(mostRefusals, refusalsPerMs, this.#context.now),
      isSealed: false,
      queue: undefined,
      bytesOffered: 0,
    };
    this.#sinks.set(connection, sink);
    this.#sendManifest(sink);
  }

  removeSink(connection: ConnectionId): void {
    this.#sinks.delete(connection);
    this.#announcer.remove(connection);
    this.#announcer.reconsider();
    for (const waiting of this.#loading.values()) waiting.delete(connection);
  }

  /** @returns what is wrong with the bitmap, if something is */
  onHolds(connection: ConnectionId, holds: Holds): string | undefined {
    const sink = this.#sinks.get(connection);
    const content = this.#content;
    if (sink === undefined) return undefined;
    if (content === undefined) {
      sink.earlyHolds = holds;
      return undefined;
    }
    sink.bitmaps += 1;
    if (sink.bitmaps > mostBitmaps) return `more than ${mostBitmaps} bitmaps of chunks`;
    const { stripeCount, stripes, payload } = holds;
    if (stripes.some((stripe) => stripe >= stripeCount))
      return `stripes ${stripes.join(", ")} of ${stripeCount}`;
    const held = parseBitmap(payload, content);
    if (typeof held === "string") return held;
    const claimed = held.count > 0 && stripes.length > 0 ? held.clone() : undefined;
    this.#follow(sink, held, { count: stripeCount, wanted: stripes });
    if (!content.isOpen) sink.queue?.sortOut(content.chunkCount);
    if (claimed !== undefined) this.#sendPages(sink, content, claimed);
    this.#pump(sink, content);
    return undefined;
  }

  /** @returns what is wrong with the request, if something is */
  onWant(connection: ConnectionId, { runs }: Want): string | undefined {
    const sink = this.#sinks.get(connection);
    const content = this.#content;
    if (sink === undefined) return undefined;
    if (sink.queue === undefined && sink.earlyHolds === undefined)
      return "wanted chunks before the bitmap";
    if (sink.queue === undefined || content === undefined) return undefined;
    const count = chunksIn(runs);
    if (count > wireLimits.wantedChunks)
      return `${count} chunks wanted at once, expected at most ${wireLimits.wantedChunks}`;
    const fault = faultOfRuns(runs, content.chunkCount);
    if (fault !== undefined) return fault;
    // What this peer feeds it has promised; who merely asks must not hold others up.
    const mayServe = sink.queue.isFed || this.#isIdle;
    for (const run of runs)
      for (let index = run.first; index < run.first + run.count; index += 1) {
        // What it said that it has, it has not: if not now, it is sent in its turn.
        const isPromised = sink.queue.takeBack(index);
        if (!content.held.has(index)) this.#refuse(sink, index, "not-held");
        else if ((!mayServe || !sink.queue.want(index)) && !isPromised)
          this.#refuse(sink, index, "busy");
      }
    this.#pump(sink, content);
    return undefined;
  }

  /** @returns what is wrong with the news, if something is */
  onHave(connection: ConnectionId, { runs }: Have): string | undefined {
    const sink = this.#sinks.get(connection);
    const content = this.#content;
    if (sink === undefined) return undefined;
    const { queue, earlyHolds } = sink;
    if (queue === undefined && earlyHolds === undefined) return "chunks before the bitmap";
    // What is missed here, while the manifest is being opened, is at worst sent in vain.
    if (queue === undefined || content === undefined) return undefined;
    const fault = faultOfRuns(runs, content.chunkCount);
    if (fault !== undefined) return fault;
    for (const { first, count } of runs) queue.has(first, count);
    this.#announcer.reconsider();
    return undefined;
  }

  /** A chunk became held: it goes to every sink that lacks it. */
  onChunkHeld(index: number): void {
    const content = this.#content;
    if (content === undefined) return;
    this.#heldAt = this.#context.now;
    this.#announcer.onChunkHeld(index);
    for (const sink of this.#sinks.values()) {
      const { queue } = sink;
      if (queue === undefined) continue;
      if (queue.lacks(index)) sink.bytesOffered += content.lengthOf(index);
      else if (queue.feeds(index)) this.#sendPage(sink, queue, content, index);
      queue.offer(index);
      this.#pump(sink, content);
    }
  }

  /** The session's hash is known; sinks that are ready for chunks get it too. */
  onSealed(): void {
    for (const sink of this.#sinks.values()) {
      if (this.#content?.isStream === true) sink.queue?.end(this.#content.chunkCount);
      this.#sendSeal(sink);
    }
  }

  onChunkSent(connection: ConnectionId, index: number): void {
    const sink = this.#sinks.get(connection);
    if (sink === undefined || this.#content === undefined) return;
    sink.queue?.sent(index);
    this.#pump(sink, this.#content);
    if (sink.queue?.isSending === false) this.#announcer.reconsider();
  }

  onTick(): void {
    const content = this.#content;
    if (content === undefined) return;
    if (this.#announcer.isDue) this.#announcer.onTick(content.held, this.#isIdle);
    // Rest is no event: it has to be looked for.
    const restsAt = this.#heldAt + restlessMs;
    if (!content.held.isFull && this.#context.now < restsAt) this.#announcer.reconsider(restsAt);
  }

  deadline(): number | undefined {
    return this.#content === undefined ? undefined : this.#announcer.deadline();
  }

  onChunkLoaded(index: number, payload: Uint8Array): void {
    const waiting = this.#loading.get(index);
    this.#loading.delete(index);
    for (const connection of waiting ?? []) {
      const sink = this.#sinks.get(connection);
      if (sink !== undefined) this.#send(sink, { type: "chunk", index, payload });
    }
  }

  /** Chunks that there are, as far as this peer knows; of a stream those that it has heard of. */
  get knownChunks(): number {
    const { isOpen = false, chunkCount = 0, pages } = this.#content ?? {};
    return isOpen ? (pages?.knownEnd ?? 0) : chunkCount;
  }

  /** How each sink fares that is fed. */
  get flows(): readonly SinkFlow[] {
    const flows: SinkFlow[] = [];
    const chunkBytes = this.#content?.chunkSizeBytes ?? 0;
    // What a stream will still bring is a guess.
    const { isOpen = false, expectedBytes = 0 } = this.#content ?? {};
    const mostBytes = isOpen ? expectedBytes : Number.POSITIVE_INFINITY;
    for (const { number, connection, bytesOffered, queue } of this.#sinks.values()) {
      if (queue?.isFed !== true) continue;
      const { bytesSent, isSending } = queue;
      const bytesLacked = Math.min(mostBytes, queue.chunksLacked * chunkBytes);
      flows.push({ number, connection, bytesSent, bytesOffered, bytesLacked, isSending });
    }
    return flows;
  }

  /** The furthest position of any sink: how far the root has to have produced. */
  get leadingCursor(): number | undefined {
    let leading: number | undefined;
    for (const { queue } of this.#sinks.values())
      if (queue?.isFed === true && (leading === undefined || queue.cursor > leading))
        leading = queue.cursor;
    return leading;
  }

  /**
   * Whether serving others costs nobody anything: no sink that this peer feeds waits for anything,
   * and will not in a moment, since everything is here, or nothing has come for a while.
   */
  get #isIdle(): boolean {
    const content = this.#content;
    if (content === undefined) return false;
    if (!content.held.isFull && this.#context.now < this.#heldAt + restlessMs) return false;
    for (const { queue } of this.#sinks.values())
      if (queue?.isFed === true && (queue.isSending || queue.mayNeed(content.highestHeld)))
        return false;
    return true;
  }

  #refuse(sink: Sink, index: number, reason: RefuseReason): void {
    if (sink.refusals.take(this.#context.now)) this.#send(sink, { type: "refuse", index, reason });
  }

  #follow(sink: Sink, held: Bitmap, stripes: Stripes): void {
    const isNew = sink.queue === undefined;
    if (sink.queue !== undefined) sink.queue.restart(held, stripes);
    sink.queue ??= new SinkQueue(sink.connection, held, stripes, {
      chunks: this.#context.options.forwardWindowChunks,
      bytes: this.#context.options.forwardWindowBytes,
    });
    sink.queue.expect(this.#isExpected(sink));
    this.#announceTo(sink, sink.queue);
    if (isNew) this.#sendSeal(sink);
  }

  /** Who is not fed is told what it may ask for. */
  #announceTo({ connection }: Sink, { isFed }: SinkQueue): void {
    if (isFed) this.#announcer.remove(connection);
    else this.#announcer.add(connection);
  }

  #pump(sink: Sink, content: Content): void {
    const { queue } = sink;
    if (queue === undefined) return;
    const lengthOf = (chunk: number): number => content.lengthOf(chunk);
    while (queue.hasRoom && queue.mayNeed(content.highestHeld)) {
      const index = queue.take(content.held, content.highestHeld, lengthOf);
      if (index === -1) return;
      this.#sendPage(sink, queue, content, index);
      const payload = content.ring.get(index);
      if (payload === undefined) this.#load(content, index, sink.connection);
      else this.#send(sink, { type: "chunk", index, payload });
    }
  }

  /** A sink that has chunks from before needs their pages, to check them. */
  #sendPages(sink: Sink, content: Content, claimed: Bitmap): void {
    const { queue } = sink;
    const { held, pages } = content;
    let index = claimed.firstSet(0);
    while (queue !== undefined && index !== -1 && index <= content.highestHeld) {
      let next = index + 1;
      if (!held.has(index)) next = held.firstSet(next);
      else if (queue.feeds(index)) {
        this.#sendPage(sink, queue, content, index);
        next = (pages.pageOf(index) + 1) * pages.perPage;
      }
      index = next === -1 ? -1 : claimed.firstSet(next);
    }
  }

  #sendPage(sink: Sink, queue: SinkQueue, content: Content, index: number): void {
    const page = content.pages.pageOf(index);
    const frame = content.pages.get(page);
    if (frame !== undefined && queue.takePage(page)) this.#send(sink, frame);
  }

  #load(content: Content, index: number, connection: ConnectionId): void {
    const waiting = this.#loading.get(index);
    if (waiting !== undefined) {
      waiting.add(connection);
      return;
    }
    this.#loading.set(index, new Set([connection]));
    const hash = content.pages.hashOf(index);
    if (hash !== undefined) this.#context.emit({ type: "load-chunk", index, hash });
  }

  #sendManifest(sink: Sink): void {
    if (!sink.needsManifest || this.#manifest === undefined) return;
    sink.needsManifest = false;
    for (const part of manifestParts(this.#manifest))
      this.#send(sink, { type: "manifest", ...part });
  }

  #sendSeal(sink: Sink): void {
    const seal = this.#content?.seal;
    if (seal === undefined || sink.queue === undefined || sink.isSealed) return;
    sink.isSealed = true;
    this.#send(sink, seal);
  }

  #send(sink: Sink, frame: Frame): void {
    this.#context.emit({ type: "send-frame", connection: sink.connection, frame });
  }
}

function parseBitmap(payload: Uint8Array, { isStream, chunkCount }: Content): Bitmap | string {
  try {
    if (isStream) return Bitmap.fromShortBytes(payload, chunkCount);
    return Bitmap.fromBytes(payload, chunkCount);
  } catch (error) {
    if (isPalmTreeError(error)) return error.message;
    throw error;
  }
}
