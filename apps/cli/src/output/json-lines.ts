import type { Writable } from "node:stream";

/** Writes events, one JSON object on a line, until the reader goes away. */
export class JsonLines {
  readonly #stream: Writable;
  #isClosed = false;

  /** @param onClosed - called once, when nobody reads any more */
  constructor(stream: Writable, onClosed: () => void) {
    this.#stream = stream;
    stream.on("error", () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      onClosed();
    });
  }

  /** Whether nobody reads any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the reader is slow: events that are replaced by later ones anyway can be left out. */
  get isBehind(): boolean {
    return this.#stream.writableNeedDrain;
  }

  write(event: { readonly type: string }): void {
    if (!this.#isClosed) this.#stream.write(`${JSON.stringify(event)}\n`);
  }
}
