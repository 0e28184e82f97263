import type { Bitmap } from "@palmtree/files/core";
import { type ChunkRun, wireLimits } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import type { ConnectionId } from "../event.js";
import { chunksIn, runsIn, runsOf } from "./chunk-runs.js";

/** How often news is told: often enough for a tail of half a second, rare enough to cost nothing. */
const announceMs = 100;

interface Listener {
  /** All that is held from here on is still to be told: everything, at first. */
  untoldFrom: number;
  /** Chunks below that which came to be held since they were told of. */
  news: number[];
  wasIdle: boolean;
}

/**
 * Tells neighbours that this peer does not feed what they may ask it for, in batches, and whether
 * that would cost anybody anything. What one frame has no room for follows in the next batch.
 */
export class Announcer {
  readonly #context: Context;
  readonly #listeners = new Map<ConnectionId, Listener>();
  #announceAt: number | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  add(connection: ConnectionId): void {
    this.#listeners.set(connection, { untoldFrom: 0, news: [], wasIdle: false });
    this.#announceAt = this.#context.now;
  }

  remove(connection: ConnectionId): void {
    this.#listeners.delete(connection);
  }

  onChunkHeld(index: number): void {
    for (const { untoldFrom, news } of this.#listeners.values())
      if (index < untoldFrom) news.push(index);
    this.reconsider();
  }

  /** There may be news at that time, or whether this peer has something to send may have changed. */
  reconsider(at: number = this.#context.now + announceMs): void {
    if (this.#listeners.size > 0) this.#announceAt = earlier(this.#announceAt, at);
  }

  get isDue(): boolean {
    return this.#announceAt !== undefined && this.#announceAt <= this.#context.now;
  }

  onTick(held: Bitmap, isIdle: boolean): void {
    if (!this.isDue) return;
    this.#announceAt = undefined;
    for (const [connection, listener] of this.#listeners) {
      const runs = takeNews(listener, held);
      if (runs.length === 0 && listener.wasIdle === isIdle) continue;
      listener.wasIdle = isIdle;
      const frame = { type: "have", isIdle, runs } as const;
      this.#context.emit({ type: "send-frame", connection, frame });
      if (listener.untoldFrom < held.size || listener.news.length > 0) this.reconsider();
    }
  }

  deadline(): number | undefined {
    return this.#announceAt;
  }
}

/** As much as a frame has room for, the oldest first. */
function takeNews(listener: Listener, held: Bitmap): readonly ChunkRun[] {
  if (listener.untoldFrom < held.size) {
    const runs = runsIn(held, listener.untoldFrom);
    const last = runs.at(-1);
    const isAll = last === undefined || runs.length < wireLimits.runs;
    listener.untoldFrom = isAll ? held.size : last.first + last.count;
    return runs;
  }
  const runs = runsOf(listener.news.sort(ascending));
  listener.news = listener.news.slice(chunksIn(runs));
  return runs;
}

function ascending(one: number, other: number): number {
  return one - other;
}
