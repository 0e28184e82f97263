import type { Frame } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import { Repeats } from "./repeats.js";
import { type Stripes, stripeTest } from "./stripes.js";

/** A connection over which chunks come. */
export interface Inlet {
  readonly number: number;
  readonly connection: ConnectionId;
  readonly stripes: Stripes;
}

/**
 * Chunks come in about the order of their indexes: older ones are read from the disk, some at a
 * time.
 */
const mostDisorder = 64;

/** Who jumps further has some of what it is still being sent, from before or from elsewhere. */
const mostJump = 256;

/** What a neighbour that sends chunks unasked has sent since the feed came up. */
export interface SourceFlow {
  readonly number: number;
  readonly connection: ConnectionId;
  /** Payload bytes of the chunks that it is to send. */
  readonly bytesFed: number;
  /** Payload bytes of such chunks that it left out: later ones came, these are missing. */
  readonly bytesPassedOver: number;
  /** Payload bytes of chunks that it sent again for no reason; no honest one does. */
  readonly bytesRepeated: number;
  /** Whether it is to send something that is missing. */
  readonly isOwing: boolean;
}

/** A source wastes its uplink when it has sent this many bytes again, and this share of all that it sent. */
const wastedBytes = 1024 * 1024;
const wastedShare = 0.25;

/** Whether a source sends again what it had sent, instead of what is missing. */
export function isWasteful({ bytesFed, bytesRepeated }: SourceFlow): boolean {
  return bytesRepeated >= wastedBytes && bytesRepeated >= wastedShare * bytesFed;
}

/** What comes to a peer of what it has to take in; to find out about the flows takes a moment. */
export interface Inflow {
  /** Whether it waits for chunks, and reads them. */
  readonly isHungry: boolean;
  /** What comes from those that feed it. */
  readonly flows: readonly SourceFlow[];
}

interface Feed {
  readonly inlet: Inlet;
  /** Whether a chunk is one that it sends unasked. */
  readonly isOfIt: (index: number) => boolean;
  bytesFed: number;
  bytesPassedOver: number;
  bytesRepeated: number;
  repeats: Repeats | undefined;
  /** Below that it is known what it left out; undefined before its first chunk. */
  reviewedTo: number | undefined;
}

const noneYet = { bytesFed: 0, bytesPassedOver: 0, bytesRepeated: 0, repeats: undefined } as const;

/** The connections over which chunks come, from the parent and from the sources of feeds. */
export class Inlets {
  readonly #context: Context;
  readonly #heard: (number: number) => void;
  readonly #inlets = new Map<ConnectionId, Feed>();
  /** Chunks that there may be; undefined before the manifest is open. */
  #chunkCount: number | undefined;
  #isPaused = false;
  #asked = 0;

  /** @param heard called for a neighbour whose silence was of this peer's own making */
  constructor(context: Context, heard: (number: number) => void) {
    this.#context = context;
    this.#heard = heard;
  }

  get size(): number {
    return this.#inlets.size;
  }

  /** Whether chunks come unasked from somebody. */
  get isFed(): boolean {
    for (const { inlet } of this.#inlets.values()) if (inlet.stripes.wanted.length > 0) return true;
    return false;
  }

  get all(): readonly Inlet[] {
    return [...this.#inlets.values()].map(({ inlet }) => inlet);
  }

  /** @param missing chunks that are missing, the lowest first */
  flows(missing: Iterable<number>): readonly SourceFlow[] {
    const feeds = [...this.#inlets.values()].filter(({ inlet }) => inlet.stripes.wanted.length > 0);
    const owing = new Set<Feed>();
    for (const index of missing) {
      for (const feed of feeds) if (feed.isOfIt(index)) owing.add(feed);
      if (owing.size === feeds.length) break;
    }
    return feeds.map((feed) => {
      const { number, connection } = feed.inlet;
      const { bytesFed, bytesPassedOver, bytesRepeated } = feed;
      const isOwing = owing.has(feed);
      return { number, connection, bytesFed, bytesPassedOver, bytesRepeated, isOwing };
    });
  }

  /** Whether nothing is read from them. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  set(inlet: Inlet): void {
    const { connection } = inlet;
    const isOfIt = stripeTest(inlet.stripes);
    const before = this.#inlets.get(connection);
    const feed = { ...noneYet, ...before, inlet, isOfIt, reviewedTo: undefined };
    this.#inlets.set(connection, feed);
    // Also of one that was only asked so far: it does not know what is on its way.
    if (before !== undefined) this.#repeatsOf(feed)?.restart();
    if (this.#isPaused) this.#context.emit({ type: "pause-connection", connection });
  }

  remove(connection: ConnectionId): void {
    this.#inlets.delete(connection);
  }

  /** It is known how many chunks there may be. */
  open(chunkCount: number): void {
    this.#chunkCount = chunkCount;
  }

  /**
   * A chunk came.
   *
   * @param isMissing whether a chunk is missing, and not on its way from elsewhere
   */
  note(from: ConnectionId, index: number, bytes: number, isMissing: (at: number) => boolean): void {
    const feed = this.#inlets.get(from);
    if (feed?.isOfIt(index) !== true) return;
    feed.bytesFed += bytes;
    if (this.#repeatsOf(feed)?.note(index) === true) feed.bytesRepeated += bytes;
    const { count } = feed.inlet.stripes;
    feed.reviewedTo ??= index;
    const end = index - mostDisorder * count;
    if (end > feed.reviewedTo + mostJump * count) feed.reviewedTo = index;
    for (; feed.reviewedTo < end; feed.reviewedTo += 1)
      if (feed.isOfIt(feed.reviewedTo) && isMissing(feed.reviewedTo)) feed.bytesPassedOver += bytes;
  }

  send({ connection }: Inlet, frame: Frame): void {
    const feed = this.#inlets.get(connection);
    if (frame.type === "want" && feed !== undefined) this.#repeatsOf(feed)?.ask(frame.runs);
    this.#context.emit({ type: "send-frame", connection, frame });
  }

  /** Who sends that chunk without being asked for it. */
  feederOf(index: number): Inlet | undefined {
    for (const { inlet, isOfIt } of this.#inlets.values()) if (isOfIt(index)) return inlet;
    return undefined;
  }

  /** Who is asked for missing chunks: one after the other, since any of them may be stuck. */
  next(): Inlet | undefined {
    const inlets = this.all;
    this.#asked += 1;
    return inlets[this.#asked % inlets.length];
  }

  /** Stop reading, so that TCP holds them back. */
  pause(): void {
    this.#isPaused = true;
    for (const connection of this.#inlets.keys())
      this.#context.emit({ type: "pause-connection", connection });
  }

  resume(): void {
    this.#isPaused = false;
    for (const { connection, number } of this.all) {
      this.#context.emit({ type: "resume-connection", connection });
      this.#heard(number);
    }
  }

  #repeatsOf(feed: Feed): Repeats | undefined {
    if (this.#chunkCount !== undefined) feed.repeats ??= new Repeats(this.#chunkCount);
    return feed.repeats;
  }
}
