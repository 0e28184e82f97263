import type { OpenTransport } from "@palmtree/relay";
import type {
  Call,
  Connection,
  ConnectionHandlers,
  Identity,
  Transport,
  TransportCounters,
  TransportHandlers,
} from "@palmtree/transport";
import type { Address, Datagram } from "@palmtree/wire";
import type { Liar } from "./lie.js";
import { LyingConnection, withEnd } from "./lying-connection.js";
import { Vantage } from "./vantage.js";

/** What opens transports over which a member says what its lie makes of it. */
export function lyingTransport(liar: Liar, open: OpenTransport): OpenTransport {
  return async (options) => {
    let lying: LyingTransport | undefined;
    const { handlers } = options;
    const transport = await open({
      ...options,
      handlers: {
        ...handlers,
        isExpected: (call) => handlers.isExpected?.(call) ?? false,
        onDatagram: (from, datagram) => lying?.hear(from, datagram),
        onConnection: (connection) => lying?.accept(connection),
      },
    });
    lying = new LyingTransport(transport, liar, handlers);
    return lying;
  };
}

class LyingTransport implements Transport {
  readonly #transport: Transport;
  readonly #liar: Liar;
  readonly #handlers: TransportHandlers;
  readonly #vantage: Vantage;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(transport: Transport, liar: Liar, handlers: TransportHandlers) {
    this.#transport = transport;
    this.#liar = liar;
    this.#handlers = handlers;
    const vantage = new Vantage(transport);
    this.#vantage = vantage;
    const { act } = liar;
    if (act === undefined) return;
    this.#timer = setInterval(() => {
      if (vantage.peers.length > 0) act.perform(vantage);
    }, act.everyMs);
  }

  get address(): Address {
    return this.#transport.address;
  }

  get identity(): Identity {
    return this.#transport.identity;
  }

  get counters(): Readonly<TransportCounters> {
    return this.#transport.counters;
  }

  hear(from: Address, datagram: Datagram): void {
    this.#vantage.hear(from, datagram);
    this.#handlers.onDatagram(from, datagram);
  }

  accept(connection: Connection): void {
    this.#handlers.onConnection(new LyingConnection(connection, this.#liar, this.#vantage));
  }

  send(to: Address, { session, sender, receiver, message }: Datagram): void {
    const said = { to, receiver, message };
    const lies = this.#liar.onDatagram?.(said, this.#vantage) ?? [said];
    for (const { to: whom, ...lie } of lies) this.#vantage.say(whom, { session, sender, ...lie });
  }

  dial(to: Address, call: Call, handlers: ConnectionHandlers): Connection {
    const vantage = this.#vantage;
    const connection: Connection = this.#transport.dial(
      to,
      call,
      withEnd(handlers, () => vantage.removeLink(connection)),
    );
    return new LyingConnection(connection, this.#liar, vantage);
  }

  release(payload: Uint8Array): void {
    this.#transport.release(payload);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
