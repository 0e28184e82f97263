import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import { runsOf } from "./chunk-runs.js";
import type { Content } from "./content.js";

/** How often news is told: often enough for a tail of half a second, rare enough to cost nothing. */
const announceMs = 100;

interface Listener {
  /** Chunks held since the last announcement; everything, at first. */
  news: number[] | "everything";
  wasIdle: boolean;
}

/**
 * Tells neighbours that this peer does not feed what they may ask it for, in batches, and whether
 * that would cost anybody anything.
 */
export class Announcer {
  readonly #context: Context;
  readonly #listeners = new Map<ConnectionId, Listener>();
  #announceAt: number | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  add(connection: ConnectionId): void {
    this.#listeners.set(connection, { news: "everything", wasIdle: false });
    this.#announceAt = this.#context.now;
  }

  remove(connection: ConnectionId): void {
    this.#listeners.delete(connection);
  }

  onChunkHeld(index: number): void {
    if (this.#listeners.size === 0) return;
    for (const { news } of this.#listeners.values()) if (news !== "everything") news.push(index);
    this.#announceAt ??= this.#context.now + announceMs;
  }

  /** Whether this peer has something to send may have changed. */
  reconsider(): void {
    if (this.#listeners.size > 0) this.#announceAt ??= this.#context.now + announceMs;
  }

  onTick(content: Content, isIdle: boolean): void {
    if (this.#announceAt === undefined || this.#announceAt > this.#context.now) return;
    this.#announceAt = undefined;
    for (const [connection, listener] of this.#listeners) {
      const { news, wasIdle } = listener;
      if (news !== "everything" && news.length === 0 && wasIdle === isIdle) continue;
      listener.news = [];
      listener.wasIdle = isIdle;
      const indexes = news === "everything" ? content.held.indexes() : news.sort(ascending);
      const frame = { type: "have", isIdle, runs: runsOf(indexes) } as const;
      this.#context.emit({ type: "send-frame", connection, frame });
    }
  }

  deadline(): number | undefined {
    return this.#announceAt;
  }
}

function ascending(one: number, other: number): number {
  return one - other;
}
