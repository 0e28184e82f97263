import { Bitmap } from "@palmtree/files/core";
import { type Frame, isPalmTreeError, wireLimits } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import { ChildQueue } from "./child-queue.js";
import type { Content } from "./content.js";
import { manifestParts } from "./manifest-assembly.js";

interface Child {
  readonly connection: ConnectionId;
  needsManifest: boolean;
  /** The child's bitmap, while this peer's own manifest is still being opened. */
  earlyHolds: Uint8Array | undefined;
  /** When its last request for missing chunks was answered. */
  wantedAt: number;
  /** Set once the child has said what it holds. */
  queue: ChildQueue | undefined;
}

/**
 * The sending half of a peer: every chunk that is held goes to every child that lacks it, in
 * ascending order, without being asked for. Each child has a queue of its own; what the ring
 * buffer no longer has is loaded from disk.
 */
export class Distribution {
  readonly #context: Context;
  readonly #children = new Map<number, Child>();
  /** Chunks being loaded, and the children for whom. */
  readonly #loading = new Map<number, Set<number>>();
  #manifest: Uint8Array | undefined;
  #content: Content | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** The manifest is verified, so it may be passed on, and chunks may follow. */
  open(manifest: Uint8Array, content: Content): void {
    this.#manifest = manifest;
    this.#content = content;
    for (const [number, child] of this.#children) {
      this.#sendManifest(child);
      const { earlyHolds } = child;
      child.earlyHolds = undefined;
      const message = earlyHolds === undefined ? undefined : this.onHolds(number, earlyHolds);
      if (message !== undefined)
        this.#context.tell({ type: "misbehaved", number, code: "protocol-violation", message });
    }
  }

  onChildGained(number: number, connection: ConnectionId, hasManifest: boolean): void {
    const child: Child = {
      connection,
      needsManifest: !hasManifest,
      earlyHolds: undefined,
      wantedAt: Number.NEGATIVE_INFINITY,
      queue: undefined,
    };
    this.#children.set(number, child);
    this.#sendManifest(child);
  }

  onChildLost(number: number): void {
    this.#children.delete(number);
    for (const waiting of this.#loading.values()) waiting.delete(number);
  }

  /** @returns what is wrong with the bitmap, if something is */
  onHolds(number: number, payload: Uint8Array): string | undefined {
    const child = this.#children.get(number);
    const content = this.#content;
    if (child === undefined) return undefined;
    // The forward limiter would begin anew with every bitmap.
    if (child.queue !== undefined || child.earlyHolds !== undefined)
      return "a second bitmap of chunks";
    if (content === undefined) {
      child.earlyHolds = payload;
      return undefined;
    }
    const held = parseBitmap(payload, content.chunkCount);
    if (typeof held === "string") return held;
    child.queue = new ChildQueue(child.connection, held, {
      chunks: this.#context.options.forwardWindowChunks,
      bytes: this.#context.options.forwardWindowBytes,
    });
    this.#sendSeal(child);
    this.#pump(number, child, content);
    return undefined;
  }

  /** @returns what is wrong with the request, if something is */
  onWant(number: number, payload: Uint8Array): string | undefined {
    const child = this.#children.get(number);
    const content = this.#content;
    if (child === undefined) return undefined;
    if (child.queue === undefined && child.earlyHolds === undefined)
      return "wanted chunks before the bitmap";
    if (child.queue === undefined || content === undefined) return undefined;
    const wanted = parseBitmap(payload, content.chunkCount);
    if (typeof wanted === "string") return wanted;
    if (wanted.count > wireLimits.wantedChunks)
      return `${wanted.count} chunks wanted at once, expected at most ${wireLimits.wantedChunks}`;
    // Refusals cost more than requests: who asks faster than it may is not answered.
    const { now, options } = this.#context;
    if (now < child.wantedAt + options.wantAfterMs / 4) return undefined;
    child.wantedAt = now;
    for (const index of wanted.indexes()) {
      if (content.held.has(index)) child.queue.want(index);
      else this.#send(child, { type: "refuse", index, reason: "not-held" });
    }
    this.#pump(number, child, content);
    return undefined;
  }

  /** A chunk became held: it goes to every child that lacks it. */
  onChunkHeld(index: number): void {
    const content = this.#content;
    if (content === undefined) return;
    for (const [number, child] of this.#children) {
      child.queue?.offer(index);
      this.#pump(number, child, content);
    }
  }

  /** The session's hash is known; children that are ready for chunks get it too. */
  onSealed(): void {
    for (const child of this.#children.values()) this.#sendSeal(child);
  }

  onChunkSent(number: number, connection: ConnectionId, index: number): void {
    const child = this.#children.get(number);
    if (child === undefined || child.connection !== connection || this.#content === undefined)
      return;
    child.queue?.sent(index);
    this.#pump(number, child, this.#content);
  }

  onChunkLoaded(index: number, payload: Uint8Array): void {
    const waiting = this.#loading.get(index);
    this.#loading.delete(index);
    for (const number of waiting ?? []) {
      const child = this.#children.get(number);
      if (child !== undefined) this.#send(child, { type: "chunk", index, payload });
    }
  }

  /** The furthest position of any child: how far the root has to have produced. */
  get leadingCursor(): number | undefined {
    let leading: number | undefined;
    for (const { queue } of this.#children.values())
      if (queue !== undefined && (leading === undefined || queue.cursor > leading))
        leading = queue.cursor;
    return leading;
  }

  #pump(number: number, child: Child, content: Content): void {
    const queue = child.queue;
    if (queue === undefined) return;
    while (queue.hasRoom && queue.cursor <= content.highestHeld) {
      const index = queue.take(content.held, (chunk) => content.sizes.lengthOf(chunk));
      if (index === -1) return;
      this.#sendPage(child, queue, content, index);
      const payload = content.ring.get(index);
      if (payload === undefined) this.#load(content, index, number);
      else this.#send(child, { type: "chunk", index, payload });
    }
  }

  #sendPage(child: Child, queue: ChildQueue, content: Content, index: number): void {
    const page = content.pages.pageOf(index);
    const hashes = content.pages.get(page);
    if (hashes === undefined || !queue.takePage(page)) return;
    this.#send(child, {
      type: "hashes",
      firstChunk: page * content.pages.perPage,
      payload: hashes,
    });
  }

  #load(content: Content, index: number, number: number): void {
    const waiting = this.#loading.get(index);
    if (waiting !== undefined) {
      waiting.add(number);
      return;
    }
    this.#loading.set(index, new Set([number]));
    const hash = content.pages.hashOf(index);
    if (hash !== undefined) this.#context.emit({ type: "load-chunk", index, hash });
  }

  #sendManifest(child: Child): void {
    if (!child.needsManifest || this.#manifest === undefined) return;
    child.needsManifest = false;
    for (const part of manifestParts(this.#manifest))
      this.#send(child, { type: "manifest", ...part });
  }

  #sendSeal(child: Child): void {
    const sessionHash = this.#content?.sessionHash;
    if (sessionHash === undefined || child.queue === undefined) return;
    this.#send(child, { type: "seal", sessionHash });
  }

  #send(child: Child, frame: Frame): void {
    this.#context.emit({ type: "send-frame", connection: child.connection, frame });
  }
}

function parseBitmap(payload: Uint8Array, size: number): Bitmap | string {
  try {
    return Bitmap.fromBytes(payload, size);
  } catch (error) {
    if (isPalmTreeError(error)) return error.message;
    throw error;
  }
}
