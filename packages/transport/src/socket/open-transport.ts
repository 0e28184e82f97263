import type { Server, Socket } from "node:net";
import { type Address, type Datagram, type PalmTreeError, SlabPool } from "@palmtree/wire";
import { addressOf, endpointOf } from "../address.js";
import type { Call } from "../security/call.js";
import { GroupGuard } from "../security/group-guard.js";
import type { GroupKey } from "../security/group-key.js";
import { OpenGuard } from "../security/guard.js";
import { Identity } from "../security/identity.js";
import { ConnectionSet } from "../stream/connection-set.js";
import type { Pipe, PipeEvents } from "../stream/pipe.js";
import { StreamConnection, type StreamConnectionOptions } from "../stream/stream-connection.js";
import {
  type Connection,
  type ConnectionDirection,
  type ConnectionHandlers,
  type Transport,
  type TransportCounters,
  type TransportHandlers,
  zeroCounters,
} from "../transport.js";
import { AcceptedConnections } from "./accepted-connections.js";
import { type BoundSockets, bindBoth } from "./bind.js";
import {
  keysOf,
  type OpenTransportOptions,
  type TransportOptions,
  withDefaults,
} from "./options.js";
import { acceptedPipe, dialPipe } from "./tcp-pipe.js";
import { acceptedTlsPipe, dialTlsPipe, TlsSetting } from "./tls-pipe.js";
import { UdpEndpoint } from "./udp-endpoint.js";

/**
 * Open a transport: UDP and TCP on one port of this machine.
 *
 * @throws port-taken when another process has the port (the message names host and port).
 * @throws not-permitted when this process may not use it; ports below 1,024, for example.
 * @throws address-invalid when the host is not an IP address, or not one of this machine.
 * @throws RangeError when an option is out of its range.
 * @throws TypeError when there is neither a key nor a word that none is wanted.
 *
 * @example
 * ```ts
 * await using transport = await openTransport({
 *   host: "127.0.0.1",
 *   keys: [key],
 *   handlers: {
 *     onDatagram: (from, { message }) => console.log(from, message.type),
 *     onConnection: (connection) => connection.setHandlers(handlers),
 *   },
 * });
 * ```
 */
export async function openTransport(options: OpenTransportOptions): Promise<Transport> {
  const all = withDefaults(options);
  const keys = keysOf(options.keys);
  return new SocketTransport(await bindBoth(all), all, { ...options, keys });
}

class SocketTransport implements Transport {
  readonly address: Address;
  readonly identity: Identity;
  readonly counters: TransportCounters = zeroCounters();
  readonly #tls: TlsSetting | undefined;
  readonly #options: TransportOptions;
  readonly #handlers: TransportHandlers;
  readonly #udp: UdpEndpoint;
  readonly #server: Server;
  readonly #accepted: AcceptedConnections;
  readonly #connections = new ConnectionSet();
  readonly #pool = new SlabPool(allocate);
  #closing: Promise<void> | undefined;

  constructor(
    bound: BoundSockets,
    options: TransportOptions,
    given: OpenTransportOptions & { readonly keys: readonly GroupKey[] },
  ) {
    const { handlers, keys } = given;
    this.#options = options;
    this.#handlers = handlers;
    this.identity = given.identity ?? Identity.draw();
    const guard = isSome(keys) ? new GroupGuard(this.identity, keys) : new OpenGuard(this.identity);
    const isExpected = (call: Call): boolean => handlers.isExpected?.(call) ?? false;
    if (isSome(keys)) this.#tls = new TlsSetting(this.identity, isExpected);
    this.address = addressOf(options.host, bound.port) ?? "";
    this.#udp = new UdpEndpoint(bound.udp, handlers, this.counters, {
      guard,
      sendQueueBytes: options.sendQueueBytes,
    });
    this.#server = bound.server;
    this.#accepted = new AcceptedConnections(options, this.counters);
    this.#server.on("connection", (socket) => this.#onSocket(socket));
    // Out of file descriptors, mostly; the server goes on.
    this.#server.on("error", () => {
      this.counters.connectionsRefused += 1;
    });
  }

  send(to: Address, datagram: Datagram): void {
    this.#udp.send(to, datagram);
  }

  dial(to: Address, call: Call, handlers: ConnectionHandlers): Connection {
    const endpoint = endpointOf(to);
    const options = { ...this.#options, remote: to };
    const setting = this.#tls;
    this.counters.connectionsDialled += 1;
    const connection: StreamConnection = new StreamConnection(
      (events) =>
        setting === undefined
          ? dialPipe(endpoint, events, options)
          : dialTlsPipe(endpoint, call, events, { ...options, setting }),
      this.#streamOptions(to, "dialled", {
        onFirstFrame: () => undefined,
        onOver: () => this.#connections.remove(connection),
      }),
      handlers,
    );
    this.#connections.add(connection);
    if (this.#closing !== undefined) connection.destroy();
    return connection;
  }

  release(payload: Uint8Array): void {
    this.#pool.release(payload);
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closeAll(): Promise<void> {
    const serverClosed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([serverClosed, this.#udp.close(), this.#connections.closeAll()]);
  }

  #onSocket(socket: Socket): void {
    const remote = addressOf(socket.remoteAddress, socket.remotePort);
    // Without an address it is over already.
    if (remote === undefined) socket.destroy();
    else if (this.#accepted.hasRoomFor(socket, remote)) this.#accept(socket, remote);
  }

  #accept(socket: Socket, remote: Address): void {
    const options = { ...this.#options, remote };
    const setting = this.#tls;
    const connection: StreamConnection = new StreamConnection(
      (events: PipeEvents): Pipe =>
        setting === undefined
          ? acceptedPipe(socket, events, options)
          : acceptedTlsPipe(socket, events, { ...options, setting }),
      this.#streamOptions(remote, "accepted", {
        onFirstFrame: () => this.#accepted.confirm(connection),
        onOver: () => {
          this.#accepted.remove(connection);
          this.#connections.remove(connection);
        },
      }),
    );
    this.#connections.add(connection);
    this.#accepted.add(connection);
    this.#handlers.onConnection(connection);
  }

  #streamOptions(
    remote: Address,
    direction: ConnectionDirection,
    hooks: { readonly onFirstFrame: () => void; readonly onOver: () => void },
  ): StreamConnectionOptions {
    return {
      remote,
      direction,
      allocate,
      pool: this.#pool,
      maxFirstFrameBytes:
        direction === "accepted" ? this.#options.maxFirstFrameBytes : Number.POSITIVE_INFINITY,
      hooks: {
        ...hooks,
        onMalformed: (error: PalmTreeError) => {
          this.counters.connectionsMalformed += 1;
          this.#handlers.onMalformed?.(remote, error);
        },
      },
    };
  }
}

function isSome(keys: readonly GroupKey[]): keys is readonly [GroupKey, ...GroupKey[]] {
  return keys.length > 0;
}

/** A plain Uint8Array: slice() of a Buffer does not copy. */
function allocate(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}
