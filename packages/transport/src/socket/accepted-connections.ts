import type { Socket } from "node:net";
import { type Address, parseAddress, toHex } from "@palmtree/wire";
import type { StreamConnection } from "../stream/stream-connection.js";
import type { TransportCounters } from "../transport.js";
import type { TransportOptions } from "./options.js";
import { timeoutError } from "./system-error.js";

/**
 * How many connections from outside there may be, and how long they may be silent: a stranger
 * can open as many as it likes.
 */
export class AcceptedConnections {
  readonly #options: TransportOptions;
  readonly #counters: TransportCounters;
  readonly #pending = new Map<StreamConnection, NodeJS.Timeout>();
  /** How many of them there are from each host. */
  readonly #pendingOf = new Map<string, number>();
  #count = 0;

  constructor(options: TransportOptions, counters: TransportCounters) {
    this.#options = options;
    this.#counters = counters;
  }

  /** Whether there is room for this one; if not, it is reset and counted. */
  hasRoomFor(socket: Socket, remote: Address): boolean {
    const { maxConnections, maxPendingConnections, maxPendingPerHost } = this.#options;
    const fromThere = this.#pendingOf.get(networkOf(remote)) ?? 0;
    const hasRoom =
      this.#count < maxConnections &&
      this.#pending.size < maxPendingConnections &&
      fromThere < maxPendingPerHost;
    if (hasRoom) return true;
    this.#counters.connectionsRefused += 1;
    // Its reset can fail where the other end was faster.
    socket.on("error", () => undefined);
    socket.resetAndDestroy();
    return false;
  }

  /** From now on it must say something within the time limit. */
  add(connection: StreamConnection): void {
    const { helloTimeoutMs } = this.#options;
    this.#counters.connectionsAccepted += 1;
    this.#count += 1;
    const timer = setTimeout(() => {
      this.#counters.connectionsSilent += 1;
      connection.fail(timeoutError(connection.remote, "the first frame", helloTimeoutMs));
    }, helloTimeoutMs);
    this.#pending.set(connection, timer);
    this.#countHost(connection, 1);
  }

  /** It has said something. */
  confirm(connection: StreamConnection): void {
    clearTimeout(this.#pending.get(connection));
    if (this.#pending.delete(connection)) this.#countHost(connection, -1);
  }

  /** It is over. */
  remove(connection: StreamConnection): void {
    this.confirm(connection);
    this.#count -= 1;
  }

  #countHost({ remote }: StreamConnection, change: 1 | -1): void {
    const network = networkOf(remote);
    const count = (this.#pendingOf.get(network) ?? 0) + change;
    if (count === 0) this.#pendingOf.delete(network);
    else this.#pendingOf.set(network, count);
  }
}

/** An IPv4 address, or the network of an IPv6 one: a machine has all addresses of a /64. */
function networkOf(remote: Address): string {
  const { ip } = parseAddress(remote);
  return toHex(ip.subarray(0, 8));
}
