import {
  type Address,
  type Frame,
  isPalmTreeError,
  PalmTreeError,
  type PeerId,
  type SlabPool,
} from "@palmtree/wire";
import type { Connection, ConnectionDirection, ConnectionHandlers } from "../transport.js";
import { callOwner } from "./call-owner.js";
import { Inbox } from "./inbox.js";
import { Outbox } from "./outbox.js";
import type { Pipe, PipeEvents } from "./pipe.js";

/** What a connection is made of, beside its pipe. */
export interface StreamConnectionOptions {
  readonly remote: Address;
  readonly direction: ConnectionDirection;
  /** Storage for payloads of exactly that size; its content does not matter. */
  readonly allocate: (size: number) => Uint8Array;
  /** Memory for payloads that stay where they are read to. */
  readonly pool: SlabPool;
  /** Bytes within which the first frame must be complete. */
  readonly maxFirstFrameBytes: number;
  readonly hooks: StreamConnectionHooks;
}

/** What a connection tells the transport that made it. */
export interface StreamConnectionHooks {
  /** The neighbour has said something. */
  onFirstFrame(): void;
  /** The connection is destroyed for what came over it. */
  onMalformed(error: PalmTreeError): void;
  /** It needs no resources any more. */
  onOver(): void;
}

/**
 * - `live`: frames go both ways
 * - `closing`: this peer closed it; what is queued is being sent, what comes is dropped
 * - `ended`: the neighbour closed it; frames that wait are still delivered
 * - `dead`: destroyed or failed; nothing is delivered but the end
 */
type Phase = "live" | "closing" | "ended" | "dead";

/** A {@link Connection} over any {@link Pipe}: frames, holding back, and an end that comes once. */
export class StreamConnection implements Connection {
  readonly remote: Address;
  readonly direction: ConnectionDirection;
  readonly #options: StreamConnectionOptions;
  readonly #pipe: Pipe;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  #handlers: ConnectionHandlers | undefined;
  #phase: Phase = "live";
  #isOpen: boolean;
  #isPaused = false;
  #isPipeClosed = false;
  #isReported = false;
  #isGoingOn = false;
  #error: PalmTreeError | undefined;
  #receivedBytes = 0;

  /**
   * @param openPipe - Makes the pipe. That of an accepted connection is open, and paused; that of
   * a dialled one is neither.
   * @param handlers - Without them nothing is read until `setHandlers`.
   */
  constructor(
    openPipe: (events: PipeEvents) => Pipe,
    options: StreamConnectionOptions,
    handlers?: ConnectionHandlers,
  ) {
    this.#options = options;
    this.remote = options.remote;
    this.direction = options.direction;
    this.#handlers = handlers;
    this.#isOpen = options.direction === "accepted";
    this.#inbox = new Inbox((frame) => this.#deliver(frame), {
      isHeld: handlers === undefined,
      allocate: options.allocate,
      pool: options.pool,
    });
    this.#outbox = new Outbox((pieces, done) => this.#pipe.write(pieces, done), {
      isOpen: this.#isOpen,
      onEmpty: () => {
        if (this.#phase === "closing") this.#pipe.end();
      },
    });
    this.#pipe = openPipe({
      onOpen: () => this.#onOpen(),
      onBytes: (bytes) => this.#onBytes(bytes),
      room: () => this.#inbox.room(),
      onFilled: (count) => this.#onFilled(count),
      onEnd: () => this.#onEnd(),
      onClosed: (error) => this.#onClosed(error),
    });
  }

  get caller(): PeerId | undefined {
    return this.#pipe.caller;
  }

  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  get sentBytes(): number {
    return this.#outbox.sentBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Whether it was accepted and has not said anything yet. */
  get isStranger(): boolean {
    return this.direction === "accepted" && !this.#inbox.hasFrame;
  }

  setHandlers(handlers: ConnectionHandlers): void {
    const isFirst = this.#handlers === undefined;
    this.#handlers = handlers;
    if (isFirst) this.#goOn();
  }

  send(frame: Frame, onSent?: () => void): void {
    if (this.#phase === "live") this.#outbox.push(frame, onSent);
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#phase !== "live" && this.#phase !== "ended") return;
    this.#inbox.hold();
    this.#pipe.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#goOn();
  }

  limitChunkBytes(maxChunkBytes: number): void {
    this.#inbox.limitChunkBytes(maxChunkBytes);
  }

  close(): void {
    if (this.#phase === "ended") return this.destroy();
    if (this.#phase !== "live") return;
    this.#phase = "closing";
    this.#inbox.discard();
    this.#pipe.resume();
    this.#pipe.hurry();
    if (this.#outbox.queuedBytes > 0) return;
    if (this.#isOpen) this.#pipe.end();
    else this.#pipe.reset();
  }

  destroy(): void {
    if (this.#phase === "dead") return;
    this.#phase = "dead";
    this.#inbox.discard();
    this.#outbox.discard();
    if (this.#isPipeClosed) this.#goOn();
    else this.#pipe.reset();
  }

  /** Destroy it for a reason, which its owner hears. */
  fail(error: PalmTreeError): void {
    if (this.#phase === "dead" || this.#isPipeClosed) return;
    this.#error = error;
    this.destroy();
  }

  #onOpen(): void {
    if (this.#phase === "dead") return;
    this.#isOpen = true;
    if (this.#phase === "closing") this.#pipe.hurry();
    this.#outbox.open();
    const handlers = this.#handlers;
    if (this.#phase === "live") callOwner(() => handlers?.onOpen?.());
  }

  #onBytes(bytes: Uint8Array): void {
    this.#receivedBytes += bytes.length;
    if (this.#phase !== "live") return;
    this.#attempt(() => {
      if (this.#inbox.hasFrame) this.#inbox.push(bytes);
      else this.#takeFirst(bytes);
    });
  }

  #onFilled(count: number): void {
    this.#receivedBytes += count;
    if (this.#phase === "live") this.#attempt(() => this.#inbox.take(count));
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isPalmTreeError(error)) throw error;
      this.#refuse(error);
    }
  }

  /** The first frame must be complete within the first bytes, whatever comes in one read. */
  #takeFirst(bytes: Uint8Array): void {
    const left = this.#options.maxFirstFrameBytes - (this.#receivedBytes - bytes.length);
    this.#inbox.push(bytes.subarray(0, left));
    if (this.#inbox.hasFrame) {
      this.#options.hooks.onFirstFrame();
      this.#inbox.push(bytes.subarray(left));
    } else if (bytes.length >= left) {
      throw this.#tooLong();
    }
  }

  #tooLong(): PalmTreeError {
    const limit = this.#options.maxFirstFrameBytes;
    return new PalmTreeError(
      "protocol-violation",
      `${this.remote}: got ${limit} bytes without a whole frame`,
      { fault: "remote", facts: { address: this.remote, limit } },
    );
  }

  #refuse(error: PalmTreeError): void {
    if (this.#phase === "dead") return;
    this.fail(error);
    this.#options.hooks.onMalformed(error);
  }

  #deliver(frame: Frame): void {
    if (this.#phase !== "live" && this.#phase !== "ended") return;
    const handlers = this.#handlers;
    callOwner(() => handlers?.onFrame(frame));
  }

  #onEnd(): void {
    if (this.#phase === "live") {
      this.#phase = "ended";
      this.#outbox.discard();
      if (this.#inbox.isInsideFrame) this.#error = this.#cut();
    }
    this.#pipe.release();
  }

  #cut(): PalmTreeError {
    return new PalmTreeError("link-lost", `${this.remote}: the connection ended inside a frame`, {
      fault: "remote",
      facts: { address: this.remote, reason: "cut" },
    });
  }

  #onClosed(error: PalmTreeError | undefined): void {
    this.#isPipeClosed = true;
    this.#outbox.discard();
    if (this.#phase === "live" || this.#phase === "closing") {
      this.#phase = "dead";
      this.#error = error;
      this.#inbox.discard();
    }
    this.#options.hooks.onOver();
    this.#reportEnd();
  }

  /** In a later turn: deliver what waits, read on, and report the end if that is all. */
  #goOn(): void {
    if (this.#isGoingOn) return;
    this.#isGoingOn = true;
    queueMicrotask(() => {
      this.#isGoingOn = false;
      if (this.#handlers !== undefined && !this.#isPaused) {
        this.#inbox.release();
        if (!this.#isPaused && !this.#isPipeClosed) this.#pipe.resume();
      }
      this.#reportEnd();
    });
  }

  #reportEnd(): void {
    const handlers = this.#handlers;
    if (!this.#isPipeClosed || this.#isReported || this.#inbox.isWaiting) return;
    if (handlers === undefined) return;
    this.#isReported = true;
    callOwner(() => handlers.onClose(this.#error));
  }
}
