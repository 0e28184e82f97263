import { type Address, PalmTreeError } from "@palmtree/wire";
import type { Pipe, PipeEvents } from "../stream/pipe.js";

/** What a pipe in memory shares with its network. */
export interface MemoryPipeOptions {
  /** The other end, for error messages. */
  readonly remote: Address;
  /** Bytes that may be on the way to an end or wait there; the writer is held back beyond. */
  readonly windowBytes: number;
  /** Whether it puts the bytes where its owner wants them, as a dialled TCP connection does. */
  readonly isInPlace: boolean;
  /** Runs something later, in the order of the calls. */
  readonly later: (run: () => void) => void;
}

interface BlockedWrite {
  readonly pieces: readonly Uint8Array[];
  readonly done: () => void;
}

/** One end of a stream of bytes inside this process. Has no clock: nothing times out. */
export class MemoryPipe implements Pipe {
  #events: PipeEvents | undefined;
  readonly #options: MemoryPipeOptions;
  readonly #arrived: Uint8Array[] = [];
  #other: MemoryPipe | undefined;
  #blocked: BlockedWrite | undefined;
  /** Bytes on the way here, or waiting here. */
  #occupiedBytes = 0;
  #isPaused: boolean;
  #hasEnded = false;
  #otherHasEnded = false;
  #isOver = false;

  /** @param isPaused - Whether it begins paused, as that of an accepted connection does. */
  constructor(isPaused: boolean, options: MemoryPipeOptions) {
    this.#isPaused = isPaused;
    this.#options = options;
  }

  /** Who hears what happens. */
  tell(events: PipeEvents): this {
    this.#events = events;
    return this;
  }

  /** Whether it was torn down before it was open. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The dialled end is joined to the accepted one, and will hear of it. */
  join(accepted: MemoryPipe): void {
    this.#other = accepted;
    accepted.#other = this;
    this.#options.later(() => {
      if (!this.#isOver) this.#events?.onOpen();
    });
  }

  /** The dialled end does not open. */
  refuse(): void {
    this.#lose("ECONNREFUSED");
  }

  write(pieces: readonly Uint8Array[], done: () => void): void {
    // The writer may reuse its bytes after `done`, which comes before they are read.
    this.#blocked = { pieces: pieces.map((piece) => Uint8Array.from(piece)), done };
    this.#writeOn();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#options.later(() => this.#deliver());
  }

  hurry(): void {
    // Nothing takes long here, unless the other end is paused, and then there is no clock.
  }

  end(): void {
    if (this.#hasEnded || this.#isOver) return;
    this.#hasEnded = true;
    this.#toOther((other) => other.#onOtherEnded());
  }

  release(): void {
    this.end();
    this.#finish();
  }

  reset(): void {
    if (this.#isOver) return;
    if (!this.#hasEnded) this.#toOther((other) => other.#lose("ECONNRESET"));
    this.#finish();
  }

  #writeOn(): void {
    const other = this.#other;
    const blocked = this.#blocked;
    if (other === undefined || blocked === undefined || this.#isOver) return;
    if (other.#occupiedBytes >= this.#options.windowBytes) return;
    this.#blocked = undefined;
    for (const piece of blocked.pieces) other.#occupiedBytes += piece.length;
    this.#options.later(() => {
      other.#arrived.push(...blocked.pieces);
      other.#deliver();
    });
    this.#options.later(() => {
      if (!this.#isOver) blocked.done();
    });
  }

  #deliver(): void {
    while (!this.#isPaused && !this.#isOver) {
      const bytes = this.#arrived.shift();
      if (bytes === undefined) break;
      this.#occupiedBytes -= bytes.length;
      this.#pass(bytes);
    }
    if (this.#other !== undefined) this.#other.#writeOn();
    if (this.#isPaused || this.#isOver || !this.#otherHasEnded) return;
    this.#events?.onEnd();
  }

  #pass(bytes: Uint8Array): void {
    if (!this.#options.isInPlace) return this.#events?.onBytes(bytes);
    for (let at = 0; at < bytes.length; ) {
      const room = this.#events?.room() ?? new Uint8Array();
      const part = bytes.subarray(at, at + room.length);
      room.set(part);
      at += part.length;
      this.#events?.onFilled(part.length);
    }
  }

  #toOther(run: (other: MemoryPipe) => void): void {
    this.#options.later(() => {
      if (this.#other !== undefined) run(this.#other);
    });
  }

  #onOtherEnded(): void {
    this.#otherHasEnded = true;
    this.#deliver();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.later(() => this.#events?.onClosed(undefined));
  }

  #lose(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { remote } = this.#options;
    const facts = { address: remote, reason };
    const message = `${remote}: ${reason}`;
    this.#events?.onClosed(new PalmTreeError("link-lost", message, { fault: "remote", facts }));
  }
}
