import type {
  Connection,
  ConnectionHandlers,
  OpenTransportOptions,
  Transport,
  TransportCounters,
} from "@palmtree/transport";
import {
  type Address,
  anySession,
  type ControlMessage,
  type Datagram,
  type Hello,
  type PeerId,
  type SessionId,
} from "@palmtree/wire";

/** One session's end of the switchboard. */
export interface Party {
  onDatagram(from: Address, datagram: Datagram): void;
  /** A neighbour has dialled and named this session; the connection is the party's from now on. */
  onHello(connection: Connection, hello: Hello): void;
}

/** Who speaks in a session, and how often already: what a datagram's envelope says. */
export interface Voice {
  readonly session: SessionId;
  readonly peer: PeerId;
  /** Datagrams sent so far. */
  counter: number;
}

/** Opens a transport, as `openTransport` of `@palmtree/transport` does. */
export type OpenTransport = (options: OpenTransportOptions) => Promise<Transport>;

/** What the switchboard counts beside the transport. */
export interface SwitchboardCounters {
  /** Datagrams of no session here. */
  datagramsStray: number;
  /** Connections whose first frame was no hello, or named no session here. */
  connectionsStray: number;
}

/**
 * One transport, many sessions: hands each datagram and each connection to the session that it
 * names; to all of them what is for any session, as a knock may be. A connection names it in its first frame, the hello.
 */
export class Switchboard {
  readonly counters: Readonly<SwitchboardCounters>;
  readonly #counters: SwitchboardCounters = { datagramsStray: 0, connectionsStray: 0 };
  readonly #parties = new Map<SessionId, Party>();
  /** Connections that have not said a word. */
  readonly #strangers = new Set<Connection>();
  readonly #onStranger: ((from: Address, datagram: Datagram) => void) | undefined;
  #transport: Transport | undefined;

  private constructor(onStranger?: (from: Address, datagram: Datagram) => void) {
    this.counters = this.#counters;
    this.#onStranger = onStranger;
  }

  /**
   * @param onStranger - is given the datagrams of sessions that nobody here takes part in
   * @throws port-taken, not-permitted or address-invalid, as `openTransport` does
   */
  static async open(
    openTransport: OpenTransport,
    place: { readonly host: string; readonly port: number },
    onStranger?: (from: Address, datagram: Datagram) => void,
  ): Promise<Switchboard> {
    const switchboard = new Switchboard(onStranger);
    switchboard.#transport = await openTransport({
      ...place,
      handlers: {
        onDatagram: (from, datagram) => switchboard.#onDatagram(from, datagram),
        onConnection: (connection) => switchboard.#onConnection(connection),
      },
    });
    return switchboard;
  }

  /** Where it is reached, with the port that was chosen. */
  get address(): Address {
    return this.#open.address;
  }

  get transportCounters(): Readonly<TransportCounters> {
    return this.#open.counters;
  }

  /** From now on `party` is given what concerns the session. */
  join(session: SessionId, party: Party): void {
    this.#parties.set(session, party);
  }

  leave(session: SessionId): void {
    this.#parties.delete(session);
  }

  send(voice: Voice, to: Address, message: ControlMessage): void {
    voice.counter += 1;
    const { session, peer: sender, counter } = voice;
    this.#open.send(to, { session, sender, counter, message });
  }

  dial(to: Address, handlers: ConnectionHandlers): Connection {
    return this.#open.dial(to, handlers);
  }

  /** Nobody reads the payload of a received frame any more. */
  release(payload: Uint8Array): void {
    this.#transport?.release(payload);
  }

  /** Flushes and closes what is still open; resolves when the port is free. */
  async close(): Promise<void> {
    for (const stranger of this.#strangers) stranger.destroy();
    await this.#open.close();
  }

  get #open(): Transport {
    if (this.#transport === undefined) throw new Error("the switchboard is not open");
    return this.#transport;
  }

  #onDatagram(from: Address, datagram: Datagram): void {
    const party = this.#parties.get(datagram.session);
    if (party !== undefined) return party.onDatagram(from, datagram);
    const isForAny = datagram.session === anySession;
    // Nothing else may be said to all sessions at once: each would answer.
    if (isForAny && datagram.message.type === "knock" && this.#parties.size > 0) {
      for (const each of this.#parties.values()) each.onDatagram(from, datagram);
      return;
    }
    this.#counters.datagramsStray += 1;
    if (isForAny && datagram.message.type === "invite") return;
    this.#onStranger?.(from, datagram);
  }

  #onConnection(connection: Connection): void {
    this.#strangers.add(connection);
    connection.setHandlers({
      onFrame: (frame) => {
        this.#strangers.delete(connection);
        const party = frame.type === "hello" ? this.#parties.get(frame.session) : undefined;
        if (party !== undefined && frame.type === "hello") return party.onHello(connection, frame);
        this.#counters.connectionsStray += 1;
        connection.destroy();
      },
      onClose: () => this.#strangers.delete(connection),
    });
    // Before the hello there is nothing to verify a chunk with: none may come.
    connection.limitChunkBytes(0);
  }
}
