import type { Datagram } from "@palmtree/wire";
import { type Address, PalmTreeError, SlabPool } from "@palmtree/wire";
import { addressOf, endpointOf } from "../address.js";
import type { Call } from "../security/call.js";
import { type Guard, OpenGuard } from "../security/guard.js";
import { Identity } from "../security/identity.js";
import { ConnectionSet } from "../stream/connection-set.js";
import { StreamConnection, type StreamConnectionHooks } from "../stream/stream-connection.js";
import {
  type Connection,
  type ConnectionDirection,
  type ConnectionHandlers,
  type Transport,
  type TransportCounters,
  type TransportHandlers,
  zeroCounters,
} from "../transport.js";
import { MemoryPipe } from "./memory-pipe.js";
import { Random } from "./random.js";

/** The knobs of a network in memory. */
export interface MemoryNetworkOptions {
  /** Decides which datagrams are lost. Default 1. */
  readonly seed: number;

  /** Share of the datagrams that are lost, 0 to 1. Default 0. */
  readonly datagramLoss: number;

  /** Passed to `schedule` for everything that travels. Default 0. */
  readonly latencyMs: number;

  /** Bytes of a connection that may be on the way, as TCP's window. Default 1 MiB. */
  readonly windowBytes: number;

  /** As of a real transport; default 4 KiB. */
  readonly maxFirstFrameBytes: number;

  /**
   * Runs something after a delay; of equal delays in the order of the calls. Default: as a
   * microtask, whatever the delay. A test with virtual time puts its own here.
   */
  readonly schedule: (delayMs: number, run: () => void) => void;
}

/** The defaults of {@link MemoryNetworkOptions}. */
export const defaultMemoryNetworkOptions: MemoryNetworkOptions = {
  seed: 1,
  datagramLoss: 0,
  latencyMs: 0,
  windowBytes: 1024 * 1024,
  maxFirstFrameBytes: 4 * 1024,
  schedule: (_delayMs, run) => queueMicrotask(run),
};

/** What a transport in memory is made of. */
export interface MemoryTransportOptions {
  readonly handlers: TransportHandlers;
  /** Who this peer is. Default: somebody new. */
  readonly identity?: Identity;
}

/** Joins transports inside one process; everybody in it is believed. */
export interface MemoryNetwork {
  /**
   * Open a transport at an address.
   *
   * @throws port-taken when there is one already.
   * @throws address-invalid when it is not an address.
   */
  open(address: Address, options: MemoryTransportOptions): Transport;
}

/**
 * A network in memory, with the same interface and the same code for frames, holding back and ends
 * as the real one. It has no clock, so it knows no timeouts, and no bound on connections.
 *
 * @throws RangeError when an option is out of its range.
 *
 * @example
 * ```ts
 * const network = createMemoryNetwork({ seed: 7, datagramLoss: 0.1 });
 * const left = network.open("10.0.0.1:4747", { handlers });
 * left.send("10.0.0.2:4747", datagram);
 * ```
 */
export function createMemoryNetwork(options: Partial<MemoryNetworkOptions> = {}): MemoryNetwork {
  const all = { ...defaultMemoryNetworkOptions, ...options };
  if (!(all.datagramLoss >= 0 && all.datagramLoss <= 1)) {
    throw new RangeError(`datagramLoss is ${all.datagramLoss}; it must be 0 to 1`);
  }
  return new Network(all);
}

class Network implements MemoryNetwork {
  readonly options: MemoryNetworkOptions;
  readonly #transports = new Map<Address, MemoryTransport>();
  readonly #random: Random;

  constructor(options: MemoryNetworkOptions) {
    this.options = options;
    this.#random = new Random(options.seed);
  }

  open(address: Address, options: MemoryTransportOptions): Transport {
    const canonical = canonicalOf(address);
    if (this.#transports.has(canonical)) {
      const facts = { address: canonical };
      throw new PalmTreeError("port-taken", `${canonical}: the port is taken`, { facts });
    }
    const transport = new MemoryTransport(this, canonical, options);
    this.#transports.set(canonical, transport);
    return transport;
  }

  later(run: () => void): void {
    this.options.schedule(this.options.latencyMs, run);
  }

  find(address: Address): MemoryTransport | undefined {
    return this.#transports.get(address);
  }

  remove(address: Address): void {
    this.#transports.delete(address);
  }

  drawLoss(): boolean {
    return this.#random.next() < this.options.datagramLoss;
  }
}

class MemoryTransport implements Transport {
  readonly address: Address;
  readonly identity: Identity;
  readonly #guard: Guard;
  readonly counters: TransportCounters = zeroCounters();
  readonly #network: Network;
  readonly #handlers: TransportHandlers;
  readonly #connections = new ConnectionSet();
  readonly #pool = new SlabPool(allocate);
  #closing: Promise<void> | undefined;

  constructor(
    network: Network,
    address: Address,
    { handlers, identity = Identity.draw() }: MemoryTransportOptions,
  ) {
    this.#network = network;
    this.identity = identity;
    this.#guard = new OpenGuard(identity);
    this.address = address;
    this.#handlers = handlers;
  }

  send(to: Address, datagram: Datagram): void {
    const target = canonicalOf(to);
    const bytes = this.#guard.wrap(datagram);
    if (this.#closing !== undefined) {
      this.counters.datagramsUnsent += 1;
      return;
    }
    this.counters.datagramsSent += 1;
    if (this.#network.drawLoss()) return;
    this.#network.later(() => this.#network.find(target)?.receive(this.address, bytes));
  }

  receive(from: Address, bytes: Uint8Array): void {
    const datagram = this.#guard.unwrap(bytes, from);
    if (datagram === undefined) this.counters.datagramsForeign += 1;
    else {
      this.counters.datagramsReceived += 1;
      this.#handlers.onDatagram(from, datagram);
    }
  }

  dial(to: Address, _call: Call, handlers: ConnectionHandlers): Connection {
    const target = canonicalOf(to);
    this.counters.connectionsDialled += 1;
    const { connection, pipe } = this.#connect(to, "dialled", handlers);
    this.#network.later(() => {
      if (pipe.isOver) return;
      const other = this.#network.find(target);
      if (other === undefined) pipe.refuse();
      else other.accept(this.address, pipe);
    });
    if (this.#closing !== undefined) connection.destroy();
    return connection;
  }

  accept(from: Address, dialled: MemoryPipe): void {
    this.counters.connectionsAccepted += 1;
    const { connection, pipe } = this.#connect(from, "accepted", undefined);
    dialled.join(pipe);
    this.#handlers.onConnection(connection);
  }

  release(payload: Uint8Array): void {
    this.#pool.release(payload);
  }

  close(): Promise<void> {
    this.#closing ??= this.#connections.closeAll();
    this.#network.remove(this.address);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #connect(
    remote: Address,
    direction: ConnectionDirection,
    handlers: ConnectionHandlers | undefined,
  ): { readonly connection: StreamConnection; readonly pipe: MemoryPipe } {
    const { windowBytes, maxFirstFrameBytes } = this.#network.options;
    const isAccepted = direction === "accepted";
    const pipe = new MemoryPipe(isAccepted, {
      remote,
      windowBytes,
      isInPlace: !isAccepted,
      later: (run) => this.#network.later(run),
    });
    const hooks: StreamConnectionHooks = {
      onFirstFrame: () => undefined,
      onOver: () => this.#connections.remove(connection),
      onMalformed: (error) => {
        this.counters.connectionsMalformed += 1;
        this.#handlers.onMalformed?.(remote, error);
      },
    };
    const connection: StreamConnection = new StreamConnection(
      (events) => pipe.tell(events),
      {
        remote,
        direction,
        hooks,
        allocate,
        pool: this.#pool,
        maxFirstFrameBytes: isAccepted ? maxFirstFrameBytes : Number.POSITIVE_INFINITY,
      },
      handlers,
    );
    this.#connections.add(connection);
    return { connection, pipe };
  }
}

function allocate(size: number): Uint8Array {
  return new Uint8Array(size);
}

function canonicalOf(address: Address): Address {
  const { host, port } = endpointOf(address);
  return addressOf(host, port) ?? address;
}
