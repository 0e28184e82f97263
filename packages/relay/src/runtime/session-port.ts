import type { Connection, ConnectionHandlers } from "@palmtree/transport";
import type { Frame, Hello, SessionId } from "@palmtree/wire";
import type { ConnectionId, Effect, PeerEvent } from "../core/index.js";
import type { PayloadUses } from "./payload-uses.js";
import type { Switchboard } from "./switchboard.js";

/** The effects that concern the network. */
export type NetworkEffect = Extract<
  Effect,
  {
    readonly type:
      | "send-datagram"
      | "dial"
      | "send-frame"
      | "close-connection"
      | "drop-connection"
      | "pause-connection"
      | "resume-connection";
  }
>;

/**
 * One session's way to its neighbours: gives connections the numbers by which the machine knows
 * them, and turns what happens on them into the machine's events.
 */
export class SessionPort {
  readonly #switchboard: Switchboard;
  readonly #session: SessionId;
  readonly #maxChunkBytes: number;
  readonly #uses: PayloadUses;
  readonly #post: (event: PeerEvent) => void;
  readonly #connections = new Map<ConnectionId, Connection>();
  #accepted = 0;
  #onIdle: (() => void) | undefined;

  /** @param maxChunkBytes - larger chunk frames are malformed in this session */
  constructor(
    switchboard: Switchboard,
    options: {
      readonly session: SessionId;
      readonly maxChunkBytes: number;
      readonly uses: PayloadUses;
      readonly post: (event: PeerEvent) => void;
    },
  ) {
    this.#switchboard = switchboard;
    this.#session = options.session;
    this.#maxChunkBytes = options.maxChunkBytes;
    this.#uses = options.uses;
    this.#post = options.post;
  }

  perform(effect: NetworkEffect): void {
    switch (effect.type) {
      case "send-datagram":
        return this.#say(effect);
      case "dial":
        return this.#dial(effect);
      case "send-frame":
        return this.#send(effect.connection, effect.frame);
      case "close-connection":
        return this.#connections.get(effect.connection)?.close();
      case "drop-connection":
        return this.#connections.get(effect.connection)?.destroy();
      case "pause-connection":
        return this.#connections.get(effect.connection)?.pause();
      case "resume-connection":
        return this.#connections.get(effect.connection)?.resume();
    }
  }

  /** A neighbour's connection, of which the hello has been read. */
  accept(connection: Connection, hello: Hello): void {
    this.#accepted += 1;
    const id = -this.#accepted;
    connection.setHandlers(this.#handlers(id));
    this.#add(id, connection);
    this.#post({ type: "frame-received", connection: id, frame: hello });
  }

  /** Resolves when no connection is left; what still is after `withinMs` is destroyed. */
  async drain(withinMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    const timer = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.destroy();
    }, withinMs);
    for (const connection of this.#connections.values()) connection.close();
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    clearTimeout(timer);
  }

  #say({ to: address, receiver: id, message }: Extract<Effect, { type: "send-datagram" }>): void {
    this.#switchboard.send(this.#session, { address, id }, message);
  }

  #dial({ connection: id, to, peer, token }: Extract<Effect, { type: "dial" }>): void {
    const call = { session: this.#session, peer, token };
    this.#add(id, this.#switchboard.dial(to, call, this.#handlers(id)));
  }

  #add(id: ConnectionId, connection: Connection): void {
    connection.limitChunkBytes(this.#maxChunkBytes);
    this.#connections.set(id, connection);
  }

  #send(id: ConnectionId, frame: Frame): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    if (frame.type === "chunk") {
      const { index, payload } = frame;
      this.#uses.begin(payload);
      connection.send(frame, () => {
        this.#uses.end(payload);
        this.#post({ type: "chunk-sent", connection: id, index });
      });
    } else connection.send(frame);
  }

  #handlers(id: ConnectionId): ConnectionHandlers {
    return {
      onOpen: () => this.#post({ type: "connection-opened", connection: id }),
      onFrame: (frame) => this.#post({ type: "frame-received", connection: id, frame }),
      onClose: (error) => {
        this.#connections.delete(id);
        const base = { type: "connection-closed", connection: id } as const;
        this.#post(error === undefined ? base : { ...base, error });
        if (this.#connections.size === 0) this.#onIdle?.();
      },
    };
  }
}
