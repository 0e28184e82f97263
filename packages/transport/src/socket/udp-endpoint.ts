import type { RemoteInfo, Socket } from "node:dgram";
import { type Address, type Datagram, isPalmTreeError, protectionOf } from "@palmtree/wire";
import { addressOf, endpointOf } from "../address.js";
import type { Guard } from "../security/guard.js";
import type { TransportCounters, TransportHandlers } from "../transport.js";

/** The datagram side of a transport: codec, counting, and a bound on what waits to be sent. */
export class UdpEndpoint {
  readonly #socket: Socket;
  readonly #handlers: TransportHandlers;
  readonly #counters: TransportCounters;
  readonly #guard: Guard;
  readonly #sendQueueBytes: number;
  readonly #isIpv6: boolean;
  #isClosed = false;

  constructor(
    socket: Socket,
    handlers: TransportHandlers,
    counters: TransportCounters,
    options: { readonly guard: Guard; readonly sendQueueBytes: number },
  ) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#counters = counters;
    this.#guard = options.guard;
    this.#sendQueueBytes = options.sendQueueBytes;
    this.#isIpv6 = socket.address().family === "IPv6";
    socket.on("message", (bytes, from) => this.#onMessage(bytes, from));
    // Some systems report here that an earlier datagram found nobody.
    socket.on("error", () => {
      this.#counters.datagramsUnsent += 1;
    });
  }

  send(to: Address, datagram: Datagram): void {
    const { host, port, family } = endpointOf(to);
    const bytes = this.#guard.wrap(datagram);
    if (this.#isClosed || this.#socket.getSendQueueSize() > this.#sendQueueBytes) {
      this.#counters.datagramsUnsent += 1;
      return;
    }
    // A socket for both families takes IPv4 addresses in their mapped form.
    const target = this.#isIpv6 && family === 4 ? `::ffff:${host}` : host;
    this.#socket.send(bytes, port, target, (error) => {
      if (error === null) this.#counters.datagramsSent += 1;
      else this.#counters.datagramsUnsent += 1;
    });
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    return new Promise((resolve) => this.#socket.close(resolve));
  }

  #onMessage(bytes: Uint8Array, { address, port }: RemoteInfo): void {
    const from = addressOf(address, port);
    if (from === undefined) {
      this.#counters.datagramsMalformed += 1;
      return;
    }
    // Not even a try: whoever floods a port should not have an error made of each.
    if (protectionOf(bytes) === undefined) {
      this.#counters.datagramsMalformed += 1;
      return;
    }
    let datagram: Datagram | undefined;
    try {
      datagram = this.#guard.unwrap(bytes, from);
    } catch (error) {
      if (!isPalmTreeError(error)) throw error;
      this.#counters.datagramsMalformed += 1;
      this.#handlers.onMalformed?.(from, error);
      return;
    }
    if (datagram === undefined) {
      this.#counters.datagramsForeign += 1;
      return;
    }
    this.#counters.datagramsReceived += 1;
    this.#handlers.onDatagram(from, datagram);
  }
}
