import type { Connection, ConnectionDirection, ConnectionHandlers } from "@palmtree/transport";
import type { Address, Frame, PeerId } from "@palmtree/wire";
import type { Liar } from "./lie.js";
import type { Vantage } from "./vantage.js";

/** A connection over which other frames leave than are sent. */
export class LyingConnection implements Connection {
  readonly #connection: Connection;
  readonly #liar: Liar;
  readonly #vantage: Vantage;

  constructor(connection: Connection, liar: Liar, vantage: Vantage) {
    this.#connection = connection;
    this.#liar = liar;
    this.#vantage = vantage;
    vantage.addLink(connection);
  }

  get remote(): Address {
    return this.#connection.remote;
  }

  get direction(): ConnectionDirection {
    return this.#connection.direction;
  }

  get caller(): PeerId | undefined {
    return this.#connection.caller;
  }

  get queuedBytes(): number {
    return this.#connection.queuedBytes;
  }

  get sentBytes(): number {
    return this.#connection.sentBytes;
  }

  get receivedBytes(): number {
    return this.#connection.receivedBytes;
  }

  setHandlers(handlers: ConnectionHandlers): void {
    this.#connection.setHandlers(
      withEnd(handlers, () => this.#vantage.removeLink(this.#connection)),
    );
  }

  /** What is kept back counts as sent: its machine is honest, and would wait for it. */
  send(frame: Frame, onSent?: () => void): void {
    const lies = this.#liar.onFrame?.(frame, this.#vantage) ?? [frame];
    const last = lies.at(-1);
    if (last === undefined) {
      if (onSent !== undefined) queueMicrotask(onSent);
      return;
    }
    for (const lie of lies.slice(0, -1)) this.#connection.send(lie);
    this.#connection.send(last, onSent);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  limitChunkBytes(maxChunkBytes: number): void {
    this.#connection.limitChunkBytes(maxChunkBytes);
  }

  close(): void {
    this.#connection.close();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}

/** The same handlers; somebody else is told of the end too. */
export function withEnd(handlers: ConnectionHandlers, onEnd: () => void): ConnectionHandlers {
  return {
    onOpen: () => handlers.onOpen?.(),
    onFrame: (frame) => handlers.onFrame(frame),
    onClose: (error) => {
      onEnd();
      handlers.onClose(error);
    },
  };
}
