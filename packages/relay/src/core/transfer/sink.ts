import { Bitmap } from "@palmtree/files/core";
import { Allowance } from "@palmtree/transport/core";
import { type Frame, type Holds, isPalmTreeError, type RefuseReason } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import type { Content } from "./content.js";
import { manifestParts } from "./manifest-assembly.js";
import { SinkQueue } from "./sink-queue.js";
import type { Stripes } from "./stripes.js";

/** Bitmaps that a sink may send over one link: it gets a new plan now and then, not all the time. */
const mostBitmaps = 64;

/**
 * Refusals that a sink gets at once, and more with every millisecond: several times what an honest
 * one asks for. Who asks for more, and perhaps reads no answer, gets none: nothing piles up.
 */
const mostRefusals = 16_384;
const refusalsPerMs = 4;

/** Who a sink is, for whoever knows whom this peer has to feed. */
export interface SinkPlace {
  readonly number: number;
  /** Whether the link is the tree's; else it is a feed. */
  readonly isChild: boolean;
}

/** How a sink fares. */
export interface SinkFlow {
  readonly number: number;
  readonly connection: ConnectionId;
  /** Chunk bytes that the operating system took for it, all together. */
  readonly bytesSent: number;
  /** Chunk bytes that came to be held here while it wanted them, all together. */
  readonly bytesOffered: number;
  /** Chunk bytes that it still has to be sent, about, those included that are not held here yet. */
  readonly bytesLacked: number;
  /** Whether something is handed over that the operating system has not taken yet. */
  readonly isSending: boolean;
}

/**
 * A neighbour that chunks are sent to, a child in the tree or the sink of a feed: what it has said of
 * itself, and all that goes to it.
 */
export class Sink implements SinkPlace {
  readonly number: number;
  readonly connection: ConnectionId;
  readonly isChild: boolean;
  readonly #context: Context;
  /** What it said that it holds, while this peer's own manifest is still being opened. */
  earlyHolds: Holds | undefined;
  #needsManifest: boolean;
  #bitmaps = 0;
  readonly #refusals: Allowance;
  /** Whether it was sent the seal: two peers may feed each other, and one telling is enough. */
  #isSealed = false;
  #queue: SinkQueue | undefined;
  /** Bytes of chunks that came to be held here while it wanted them. */
  #bytesOffered = 0;

  /** @param needsManifest whether it is to be sent the manifest first */
  constructor(
    context: Context,
    connection: ConnectionId,
    { number, isChild }: SinkPlace,
    needsManifest: boolean,
  ) {
    this.#context = context;
    this.connection = connection;
    this.number = number;
    this.isChild = isChild;
    this.#needsManifest = needsManifest;
    this.#refusals = new Allowance(mostRefusals, refusalsPerMs, context.now);
  }

  /** What it still has to be sent; undefined before it has said what it holds. */
  get queue(): SinkQueue | undefined {
    return this.#queue;
  }

  /** Whether it has said what it holds. */
  get hasToldHolds(): boolean {
    return this.#queue !== undefined || this.earlyHolds !== undefined;
  }

  /**
   * It says, perhaps anew, what it holds and what it wants from here.
   *
   * @param isExpected whether this peer is to feed it
   * @returns what is wrong with that, if something is
   */
  onHolds(holds: Holds, content: Content, isExpected: boolean): string | undefined {
    this.#bitmaps += 1;
    if (this.#bitmaps > mostBitmaps) return `more than ${mostBitmaps} bitmaps of chunks`;
    const { stripeCount, stripes, payload } = holds;
    if (stripes.some((stripe) => stripe >= stripeCount))
      return `stripes ${stripes.join(", ")} of ${stripeCount}`;
    const held = parseBitmap(payload, content);
    if (typeof held === "string") return held;
    const claimed = held.count > 0 && stripes.length > 0 ? held.clone() : undefined;
    const isNew = this.#queue === undefined;
    const queue = this.#follow(held, { count: stripeCount, wanted: stripes });
    queue.expect(isExpected);
    if (isNew) this.sendSeal(content);
    if (!content.isOpen) queue.sortOut(content.chunkCount);
    if (claimed !== undefined) this.sendPages(content, claimed);
    return undefined;
  }

  /** A chunk became held here. */
  onChunkHeld(index: number, content: Content): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    if (queue.lacks(index)) this.#bytesOffered += content.lengthOf(index);
    else if (queue.feeds(index)) this.sendPage(content, index);
    queue.offer(index);
  }

  /**
   * How it fares; undefined while it is not fed.
   *
   * @param chunkBytes bytes of a chunk, about
   * @param mostBytes what there is to be sent in all, at most
   */
  flow(chunkBytes: number, mostBytes: number): SinkFlow | undefined {
    if (this.#queue?.isFed !== true) return undefined;
    const { bytesSent, isSending, chunksLacked } = this.#queue;
    return {
      number: this.number,
      connection: this.connection,
      bytesSent,
      bytesOffered: this.#bytesOffered,
      bytesLacked: Math.min(mostBytes, chunksLacked * chunkBytes),
      isSending,
    };
  }

  /** The manifest, unless it has it. */
  sendManifest(manifest: Uint8Array): void {
    if (!this.#needsManifest) return;
    this.#needsManifest = false;
    for (const part of manifestParts(manifest)) this.#send({ type: "manifest", ...part });
  }

  /** The page of a chunk, unless it was sent. */
  sendPage(content: Content, index: number): void {
    const page = content.pages.pageOf(index);
    const frame = content.pages.get(page);
    if (frame !== undefined && this.#queue?.takePage(page) === true) this.#send(frame);
  }

  /** Of the chunks that it has from before the pages, to check them. */
  sendPages(content: Content, claimed: Bitmap): void {
    const queue = this.#queue;
    const { held, pages } = content;
    let index = claimed.firstSet(0);
    while (queue !== undefined && index !== -1 && index <= content.highestHeld) {
      let next = index + 1;
      if (!held.has(index)) next = held.firstSet(next);
      else if (queue.feeds(index)) {
        this.sendPage(content, index);
        next = (pages.pageOf(index) + 1) * pages.perPage;
      }
      index = next === -1 ? -1 : claimed.firstSet(next);
    }
  }

  sendChunk(index: number, payload: Uint8Array): void {
    this.#send({ type: "chunk", index, payload });
  }

  /** The seal, once it is known here, and this sink is ready for chunks. */
  sendSeal({ seal }: Content): void {
    if (seal === undefined || this.#queue === undefined || this.#isSealed) return;
    this.#isSealed = true;
    this.#send(seal);
  }

  /** It asked for a chunk, and does not get it now. */
  refuse(index: number, reason: RefuseReason): void {
    if (this.#refusals.take(this.#context.now)) this.#send({ type: "refuse", index, reason });
  }

  #follow(held: Bitmap, stripes: Stripes): SinkQueue {
    if (this.#queue !== undefined) this.#queue.restart(held, stripes);
    this.#queue ??= new SinkQueue(this.connection, held, stripes, {
      chunks: this.#context.options.forwardWindowChunks,
      bytes: this.#context.options.forwardWindowBytes,
    });
    return this.#queue;
  }

  #send(frame: Frame): void {
    this.#context.emit({ type: "send-frame", connection: this.connection, frame });
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
