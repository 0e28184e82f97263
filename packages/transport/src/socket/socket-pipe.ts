import type { Socket } from "node:net";
import type { PalmTreeError, PeerId } from "@palmtree/wire";
import type { Pipe, PipeEvents } from "../stream/pipe.js";
import { connectionError, timeoutError } from "./system-error.js";

/**
 * What one pipe reads before others get their turn. The event loop would read up to 32 buffers in
 * one go: 8 MiB, for which nothing is written and no timer runs, some 30 ms.
 */
const turnBytes = 1024 * 1024;

/** How long a pipe waits. */
export interface SocketPipeOptions {
  /** The other end, for error messages. */
  readonly remote: string;
  readonly dialTimeoutMs: number;
  readonly closeTimeoutMs: number;
  /** The TCP socket below, where the pipe's own is a TLS socket on it. */
  readonly raw?: Socket;
}

/** A {@link Pipe} over one of Node's sockets, TCP or TLS; whoever made it passes on what it reads. */
export class SocketPipe implements Pipe {
  caller: PeerId | undefined;
  readonly #socket: Socket;
  readonly #events: PipeEvents;
  readonly #options: SocketPipeOptions;
  #timer: NodeJS.Timeout | undefined;
  #isOpening = false;
  #hasEnded = false;
  #isPaused = false;
  #readThisTurn = 0;
  #error: PalmTreeError | undefined;

  constructor(socket: Socket, events: PipeEvents, options: SocketPipeOptions) {
    this.#socket = socket;
    this.#events = events;
    this.#options = options;
    const onError = (error: Error): void => this.fail(connectionError(options.remote, error));
    socket.on("error", onError);
    // Of an accepted TLS socket Node tells only so what is wrong behind the handshake.
    socket.on("_tlsError", onError);
    socket.on("end", () => events.onEnd());
    socket.on("close", () => {
      clearTimeout(this.#timer);
      // A handshake that the other end breaks off is no error of the socket.
      if (this.#isOpening) this.#error ??= connectionError(options.remote, undefined);
      events.onClosed(this.#error);
    });
  }

  /**
   * Wait for the connection to open, but not too long.
   *
   * @param event - the socket's, when it is
   * @param check - what is wrong with it then
   */
  awaitOpen(
    event: "connect" | "secureConnect",
    check: () => PalmTreeError | undefined = () => undefined,
  ): void {
    const { remote, dialTimeoutMs } = this.#options;
    this.#isOpening = true;
    this.#timer = setTimeout(
      () => this.fail(timeoutError(remote, "dialling", dialTimeoutMs)),
      dialTimeoutMs,
    );
    this.#socket.once(event, () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      const error = check();
      if (error !== undefined) return this.fail(error);
      this.#isOpening = false;
      this.#events.onOpen();
    });
  }

  /** It must not go on, for this reason. */
  fail(error: PalmTreeError | undefined): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  /** Bytes came into the owner's room. */
  take(count: number): void {
    this.#note(count);
    this.#events.onFilled(count);
  }

  /** Bytes came. */
  pass(bytes: Uint8Array): void {
    this.#note(bytes.length);
    this.#events.onBytes(bytes);
  }

  write(pieces: readonly Uint8Array[], done: () => void): void {
    const socket = this.#socket;
    const last = pieces.length - 1;
    socket.cork();
    for (const [index, piece] of pieces.entries()) {
      if (index < last) socket.write(piece);
      else socket.write(piece, (error) => this.#onWritten(error, done));
    }
    socket.uncork();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#readThisTurn < turnBytes) this.#socket.resume();
  }

  hurry(): void {
    const { remote, closeTimeoutMs } = this.#options;
    this.#timer ??= setTimeout(() => {
      this.#error ??= timeoutError(remote, "closing", closeTimeoutMs);
      this.reset();
    }, closeTimeoutMs);
  }

  end(): void {
    this.#hasEnded = true;
    this.hurry();
    this.#timer?.refresh();
    this.#socket.end();
  }

  release(): void {
    this.#isOpening = false;
    this.#socket.destroy();
  }

  /** After `end` the system still delivers what it took; only before that there is what to cut. */
  reset(): void {
    this.#isOpening = false;
    const { raw = this.#socket } = this.#options;
    // Below a TLS socket that dialled there is none of Node's to reset.
    const isBare = !("encrypted" in raw);
    if (isBare && !this.#hasEnded && !raw.connecting) raw.resetAndDestroy();
    else this.#socket.destroy();
  }

  /** Stop reading for the rest of this turn when it was much. */
  #note(count: number): void {
    this.#readThisTurn += count;
    if (this.#readThisTurn < turnBytes) return;
    this.#socket.pause();
    setImmediate(() => {
      this.#readThisTurn = 0;
      if (!this.#isPaused) this.#socket.resume();
    });
  }

  #onWritten(error: Error | null | undefined, done: () => void): void {
    // Node reports a write that the end of the socket cut off without an error.
    if (error || this.#socket.destroyed) return;
    // Only while the owner wants it over, the time limit runs, anew for every write.
    this.#timer?.refresh();
    done();
  }
}
