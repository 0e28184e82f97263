import { connect, type Socket } from "node:net";
import type { PalmTreeError } from "@palmtree/wire";
import type { Endpoint } from "../address.js";
import type { Pipe, PipeEvents } from "../stream/pipe.js";
import { connectionError, timeoutError } from "./system-error.js";

/**
 * What one pipe reads before others get their turn. The event loop would read up to 32 buffers in
 * one go: 8 MiB, for which nothing is written and no timer runs, some 30 ms.
 */
const turnBytes = 1024 * 1024;

/** How long a pipe waits. */
export interface TcpPipeOptions {
  /** The other end, for error messages. */
  readonly remote: string;
  readonly dialTimeoutMs: number;
  readonly closeTimeoutMs: number;
}

/**
 * Open a TCP connection. It reads where its owner wants the bytes (Node's `onread`, whose buffer
 * may be another one for every read), so that the system's copy out of the kernel is the only one.
 */
export function dialPipe(to: Endpoint, events: PipeEvents, options: TcpPipeOptions): Pipe {
  const socket = connect({
    host: to.host,
    port: to.port,
    noDelay: true,
    onread: {
      buffer: () => events.room(),
      callback: (count) => {
        pipe.take(count);
        return true;
      },
    },
  });
  const pipe: TcpPipe = new TcpPipe(socket, events, options);
  pipe.awaitOpen();
  return pipe;
}

/**
 * The pipe of a socket that a server accepted, paused. Node has no `onread` for these, so every
 * read comes in a buffer of its own, as a `data` event.
 */
export function acceptedPipe(socket: Socket, events: PipeEvents, options: TcpPipeOptions): Pipe {
  const pipe = new TcpPipe(socket, events, options);
  socket.on("data", (bytes: Buffer) => pipe.pass(bytes));
  return pipe;
}

class TcpPipe implements Pipe {
  readonly #socket: Socket;
  readonly #events: PipeEvents;
  readonly #options: TcpPipeOptions;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #isPaused = false;
  #readThisTurn = 0;
  #error: PalmTreeError | undefined;

  constructor(socket: Socket, events: PipeEvents, options: TcpPipeOptions) {
    this.#socket = socket;
    this.#events = events;
    this.#options = options;
    socket.on("error", (error) => {
      this.#error ??= connectionError(options.remote, error);
    });
    socket.on("end", () => events.onEnd());
    socket.on("close", () => {
      clearTimeout(this.#timer);
      events.onClosed(this.#error);
    });
  }

  /** Wait for the connection to open, but not too long. */
  awaitOpen(): void {
    const { remote, dialTimeoutMs } = this.#options;
    this.#timer = setTimeout(() => {
      this.#error ??= timeoutError(remote, "dialling", dialTimeoutMs);
      this.#socket.destroy();
    }, dialTimeoutMs);
    this.#socket.once("connect", () => {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#events.onOpen();
    });
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
    this.#socket.destroy();
  }

  /** After `end` the system still delivers what it took; only before that there is what to cut. */
  reset(): void {
    if (this.#hasEnded || this.#socket.connecting) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
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
