import type { PalmTreeError, PeerId } from "@palmtree/wire";

/**
 * A two-way stream of bytes, as TCP gives it: what is below a connection. It never calls its
 * events from inside one of its methods.
 */
export interface Pipe {
  /** Of an accepted one: who has proved to be at the other end, once anything has come. */
  readonly caller?: PeerId | undefined;

  /**
   * Write the pieces, in order. One write at a time: the next after `done`, which is called when
   * the operating system has taken all of them, and not at all if the pipe ends first.
   */
  write(pieces: readonly Uint8Array[], done: () => void): void;

  /** No `onBytes` after this, until `resume`. */
  pause(): void;

  resume(): void;

  /** The owner wants the pipe over as soon as all is written: do not wait long for anything. */
  hurry(): void;

  /** All is written: end this direction. `onEnd` or `onClosed` follows. */
  end(): void;

  /** Let go: both directions have ended, or need not. `onClosed` follows. */
  release(): void;

  /** Tear it down, so that the other end sees an error. `onClosed` follows. */
  reset(): void;
}

/** What a pipe tells. */
export interface PipeEvents {
  /** Bytes may be written. Not called for a pipe that began open. */
  onOpen(): void;

  /** Bytes came; valid only during the call. */
  onBytes(bytes: Uint8Array): void;

  /** Where a pipe that can choose may put the next bytes, instead of `onBytes`. */
  room(): Uint8Array;

  /** So many bytes came, and were put at the beginning of `room`. */
  onFilled(count: number): void;

  /** The other end has ended its direction; no more bytes come. */
  onEnd(): void;

  /** The pipe is over; called once, last, with what went wrong. */
  onClosed(error: PalmTreeError | undefined): void;
}
