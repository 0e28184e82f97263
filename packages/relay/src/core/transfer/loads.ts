import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import type { HashPages } from "./hash-pages.js";

/** Chunks that are being loaded from the disk, each once, and over which connections they are to go. */
export class Loads {
  readonly #context: Context;
  readonly #waiting = new Map<number, Set<ConnectionId>>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** @param pages where the hash is that the chunk has to have */
  begin(index: number, pages: HashPages, connection: ConnectionId): void {
    const waiting = this.#waiting.get(index);
    if (waiting !== undefined) {
      waiting.add(connection);
      return;
    }
    this.#waiting.set(index, new Set([connection]));
    const hash = pages.hashOf(index);
    if (hash !== undefined) this.#context.emit({ type: "load-chunk", index, hash });
  }

  /** The chunk is here. @returns the connections that wait for it, no more from now on */
  end(index: number): Iterable<ConnectionId> {
    const waiting = this.#waiting.get(index);
    this.#waiting.delete(index);
    return waiting ?? [];
  }

  /** Nothing is to go over that connection any more. */
  forget(connection: ConnectionId): void {
    for (const waiting of this.#waiting.values()) waiting.delete(connection);
  }
}
