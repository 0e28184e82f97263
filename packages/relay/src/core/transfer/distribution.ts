import { type Have, type Holds, type Want, wireLimits } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import { Announcer } from "./announcer.js";
import { chunksIn, faultOfRuns } from "./chunk-runs.js";
import type { Content } from "./content.js";
import { Loads } from "./loads.js";
import { Sink, type SinkFlow, type SinkPlace } from "./sink.js";

/** After a chunk came, more are expected for this long, and with them work. */
const restlessMs = 300;

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
  readonly #loads: Loads;
  #heldAt = Number.NEGATIVE_INFINITY;
  #manifest: Uint8Array | undefined;
  #content: Content | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#announcer = new Announcer(context);
    this.#loads = new Loads(context);
  }

  /** The manifest is verified, so it may be passed on, and chunks may follow. */
  open(manifest: Uint8Array, content: Content): void {
    this.#manifest = manifest;
    this.#content = content;
    for (const sink of this.#sinks.values()) {
      sink.sendManifest(manifest);
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
      const { queue } = sink;
      if (queue === undefined) continue;
      const wasFed = queue.isFed;
      queue.expect(isExpected(sink));
      this.#announceTo(sink);
      if (this.#content === undefined) continue;
      if (!wasFed && queue.isFed) sink.sendPages(this.#content, queue.claimed);
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
    const sink = new Sink(this.#context, connection, { number, isChild }, needsManifest);
    this.#sinks.set(connection, sink);
    if (this.#manifest !== undefined) sink.sendManifest(this.#manifest);
  }

  removeSink(connection: ConnectionId): void {
    this.#sinks.delete(connection);
    this.#announcer.remove(connection);
    this.#announcer.reconsider();
    this.#loads.forget(connection);
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
    const fault = sink.onHolds(holds, content, this.#isExpected(sink));
    if (fault !== undefined) return fault;
    this.#announceTo(sink);
    this.#pump(sink, content);
    return undefined;
  }

  /** @returns what is wrong with the request, if something is */
  onWant(connection: ConnectionId, { runs }: Want): string | undefined {
    const sink = this.#sinks.get(connection);
    const content = this.#content;
    if (sink === undefined) return undefined;
    if (!sink.hasToldHolds) return "wanted chunks before the bitmap";
    const { queue } = sink;
    if (queue === undefined || content === undefined) return undefined;
    const count = chunksIn(runs);
    if (count > wireLimits.wantedChunks)
      return `${count} chunks wanted at once, expected at most ${wireLimits.wantedChunks}`;
    const fault = faultOfRuns(runs, content.chunkCount);
    if (fault !== undefined) return fault;
    // What this peer feeds it has promised; who merely asks must not hold others up.
    const mayServe = queue.isFed || this.#isIdle;
    for (const run of runs)
      for (let index = run.first; index < run.first + run.count; index += 1) {
        // What it said that it has, it has not: if not now, it is sent in its turn.
        const isPromised = queue.takeBack(index);
        if (!content.held.has(index)) sink.refuse(index, "not-held");
        else if ((!mayServe || !queue.want(index)) && !isPromised) sink.refuse(index, "busy");
      }
    this.#pump(sink, content);
    return undefined;
  }

  /** @returns what is wrong with the news, if something is */
  onHave(connection: ConnectionId, { runs }: Have): string | undefined {
    const sink = this.#sinks.get(connection);
    const content = this.#content;
    if (sink === undefined) return undefined;
    if (!sink.hasToldHolds) return "chunks before the bitmap";
    const { queue } = sink;
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
      sink.onChunkHeld(index, content);
      this.#pump(sink, content);
    }
  }

  /** The session's hash is known; sinks that are ready for chunks get it too. */
  onSealed(): void {
    const content = this.#content;
    if (content === undefined) return;
    for (const sink of this.#sinks.values()) {
      if (content.isStream) sink.queue?.end(content.chunkCount);
      sink.sendSeal(content);
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
    for (const connection of this.#loads.end(index))
      this.#sinks.get(connection)?.sendChunk(index, payload);
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
    for (const sink of this.#sinks.values()) {
      const flow = sink.flow(chunkBytes, mostBytes);
      if (flow !== undefined) flows.push(flow);
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

  /** Who is not fed is told what it may ask for. */
  #announceTo({ connection, queue }: Sink): void {
    if (queue?.isFed === true) this.#announcer.remove(connection);
    else this.#announcer.add(connection);
  }

  #pump(sink: Sink, content: Content): void {
    const { queue } = sink;
    if (queue === undefined) return;
    const lengthOf = (chunk: number): number => content.lengthOf(chunk);
    while (queue.hasRoom && queue.mayNeed(content.highestHeld)) {
      const index = queue.take(content.held, content.highestHeld, lengthOf);
      if (index === -1) return;
      sink.sendPage(content, index);
      const payload = content.ring.get(index);
      if (payload !== undefined) sink.sendChunk(index, payload);
      else this.#loads.begin(index, content.pages, sink.connection);
    }
  }
}
