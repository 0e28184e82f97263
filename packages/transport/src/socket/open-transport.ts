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
import { AcceptedConnections, type Visit } from "./accepted-connections.js";
import { type BoundSockets, bindBoth } from "./bind.js";
import { Doorstep } from "./doorstep.js";
import {
  keysOf,
  type OpenTransportOptions,
  type TransportOptions,
  withDefaults,
} from "./options.js";
import { timeoutError } from "./system-error.js";
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
  readonly #doorstep: Doorstep;
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
    if (isSome(keys)) this.#tls = new TlsSetting(this.identity);
    this.#doorstep = new Doorstep(isExpected);
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
    this.#doorstep.clear();
    await Promise.all([serverClosed, this.#udp.close(), this.#connections.closeAll()]);
  }

  #onSocket(socket: Socket): void {
    const remote = addressOf(socket.remoteAddress, socket.remotePort);
    // Without an address it is over already.
    if (remote === undefined) return void socket.destroy();
    const visit = this.#accepted.admit(socket, remote);
    if (visit === undefined) return;
    const options = { ...this.#options, remote };
    const setting = this.#tls;
    if (setting === undefined)
      return this.#accept(visit, (events) => acceptedPipe(socket, events, options));
    this.#doorstep.receive(socket, visit, (call) =>
      this.#accept(visit, (events) =>
        acceptedTlsPipe(socket, call, events, { ...options, setting }),
      ),
    );
  }

  #accept(visit: Visit, openPipe: (events: PipeEvents) => Pipe): void {
    const { remote } = visit;
    const connection = new StreamConnection(
      openPipe,
      this.#streamOptions(remote, "accepted", {
        onFirstFrame: () => visit.confirm(),
        onOver: () => {
          visit.end();
          this.#connections.remove(connection);
        },
      }),
    );
    visit.onSilent = () =>
      connection.fail(timeoutError(remote, "the first frame", this.#options.helloTimeoutMs));
    this.#connections.add(connection);
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
