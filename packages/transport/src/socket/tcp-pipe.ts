import { connect, type Socket } from "node:net";
import type { PalmTreeError } from "@palmtree/wire";
import type { Endpoint } from "../address.js";
import type { Pipe, PipeEvents } from "../stream/pipe.js";
import { connectionError, timeoutError } from "./system-error.js";

/** The one buffer into which a dialled connection reads. */
const readBufferBytes = 256 * 1024;

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
 * Open a TCP connection. It reads into one buffer, again and again (Node's `onread`): two thirds
 * of the CPU time per byte of the same reader with `data` events.
 */
export function dialPipe(to: Endpoint, events: PipeEvents, options: TcpPipeOptions): Pipe {
  const socket = connect({
    host: to.host,
    port: to.port,
    noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafeSlow(readBufferBytes),
      callback: (count, buffer) => {
        pipe.take(buffer.subarray(0, count));
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
  socket.on("data", (bytes: Buffer) => pipe.take(bytes));
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

  /** Bytes came: pass them on, and stop reading for the rest of this turn when they were many. */
  take(bytes: Uint8Array): void {
    this.#readThisTurn += bytes.length;
    if (this.#readThisTurn >= turnBytes) this.#rest();
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

  #rest(): void {
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
