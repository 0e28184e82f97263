import type {
  Call,
  Connection,
  ConnectionHandlers,
  GroupKeys,
  Identity,
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
  wireLimits,
} from "@palmtree/wire";
import type { Recipient } from "../core/index.js";

/** One session's end of the switchboard. */
export interface Party {
  onDatagram(from: Address, datagram: Datagram): void;
  /** Whether this session has offered that peer a connection, with that token. */
  isExpected(peer: PeerId, token: string): boolean;
  /** A neighbour has dialled and named this session; the connection is the party's from now on. */
  onHello(connection: Connection, hello: Hello): void;
}

/** Where a process is reached, and who is told from others there. */
export interface SwitchboardPlace {
  readonly host: string;
  readonly port: number;
  /** Default: somebody new. */
  readonly identity?: Identity;
  readonly keys: GroupKeys;
}

/** Opens a transport, as `openTransport` of `@palmtree/transport` does. */
export type OpenTransport = (options: OpenTransportOptions) => Promise<Transport>;

/** What the switchboard counts beside the transport. */
export interface SwitchboardCounters {
  /** Datagrams of no session here. */
  datagramsStray: number;
  /** Connections whose first frame was no hello, or named no session here, or another peer. */
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
  /** Datagrams said so far: no two of one process have the same counter, in any session. */
  #said = 0;
  /** Connections that have not said a word. */
  readonly #strangers = new Set<Connection>();
  readonly #onStranger: ((from: Address, datagram: Datagram) => void) | undefined;
  readonly #hasKey: boolean;
  #transport: Transport | undefined;

  private constructor(hasKey: boolean, onStranger?: (from: Address, datagram: Datagram) => void) {
    this.counters = this.#counters;
    this.#hasKey = hasKey;
    this.#onStranger = onStranger;
  }

  /**
   * @param onStranger - is given the datagrams of sessions that nobody here takes part in
   * @throws port-taken, not-permitted or address-invalid, as `openTransport` does
   */
  static async open(
    openTransport: OpenTransport,
    place: SwitchboardPlace,
    onStranger?: (from: Address, datagram: Datagram) => void,
  ): Promise<Switchboard> {
    const switchboard = new Switchboard(place.keys !== "insecure", onStranger);
    switchboard.#transport = await openTransport({
      ...place,
      handlers: {
        onDatagram: (from, datagram) => switchboard.#onDatagram(from, datagram),
        onConnection: (connection) => switchboard.#onConnection(connection),
        isExpected: ({ session, peer, token }) =>
          switchboard.#parties.get(session)?.isExpected(peer, token) ?? false,
      },
    });
    return switchboard;
  }

  /** Where it is reached, with the port that was chosen. */
  get address(): Address {
    return this.#open.address;
  }

  /** Who this process is to its neighbours. */
  get identity(): Identity {
    return this.#open.identity;
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

  /** Say something in a session. */
  send(session: SessionId, { address, id }: Recipient, message: ControlMessage): void {
    // Two datagrams with one counter would be sealed alike: better none than that.
    if (this.#said === wireLimits.sequence) return;
    this.#said += 1;
    const sender = this.identity.idIn(session);
    this.#open.send(address, { session, sender, receiver: id, counter: this.#said, message });
  }

  dial(to: Address, call: Call, handlers: ConnectionHandlers): Connection {
    return this.#open.dial(to, call, handlers);
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
        if (party !== undefined && frame.type === "hello" && this.#isHimself(connection, frame))
          return party.onHello(connection, frame);
        this.#counters.connectionsStray += 1;
        connection.destroy();
      },
      onClose: () => this.#strangers.delete(connection),
    });
    // Before the hello there is nothing to verify a chunk with: none may come.
    connection.limitChunkBytes(0);
  }

  /** Where the group has a key, nobody says hello in another's name, nor without a proof. */
  #isHimself({ caller }: Connection, { peer }: Hello): boolean {
    return caller === peer || (caller === undefined && !this.#hasKey);
  }
}
