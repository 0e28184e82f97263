import type { Writable } from "node:stream";

/**
 * Characters that JSON takes as they are, and that do something on a terminal: control characters
 * above ASCII, and those that reverse the direction of text.
 */
const unsafe = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** An event's line. Scripts read what it was; on a terminal it does nothing. */
export function toJsonLine(event: { readonly type: string }): string {
  const text = JSON.stringify(event).replace(
    unsafe,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${text}\n`;
}

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
    if (!this.#isClosed) this.#stream.write(toJsonLine(event));
  }
}
