import type { Socket } from "node:net";
import type { Address } from "@palmtree/wire";
import { networkOf } from "../address.js";
import type { TransportCounters } from "../transport.js";
import type { TransportOptions } from "./options.js";

/** The place that one connection from outside takes, from when it is accepted until it is over. */
export interface Visit {
  readonly remote: Address;

  /** What to do with it when it has said nothing within the time limit. */
  onSilent: () => void;

  /** It has said something. */
  confirm(): void;

  /** It is over. */
  end(): void;
}

/**
 * How many connections from outside there may be, and how long they may be silent: a stranger
 * can open as many as it likes.
 */
export class AcceptedConnections {
  readonly #options: TransportOptions;
  readonly #counters: TransportCounters;
  /** How many of those that have said nothing there are from each host. */
  readonly #pendingOf = new Map<string, number>();
  #pendingCount = 0;
  #count = 0;

  constructor(options: TransportOptions, counters: TransportCounters) {
    this.#options = options;
    this.#counters = counters;
  }

  /**
   * From now on it must say something within the time limit.
   *
   * @returns undefined when there is no room for it: then it is reset, and counted
   */
  admit(socket: Socket, remote: Address): Visit | undefined {
    const network = networkOf(remote);
    if (!this.#hasRoomFor(network)) {
      this.#counters.connectionsRefused += 1;
      // Its reset can fail where the other end was faster.
      socket.on("error", () => undefined);
      socket.resetAndDestroy();
      return undefined;
    }
    this.#counters.connectionsAccepted += 1;
    this.#count += 1;
    this.#countPending(network, 1);
    const timer = setTimeout(() => {
      this.#counters.connectionsSilent += 1;
      visit.onSilent();
    }, this.#options.helloTimeoutMs);
    let isPending = true;
    const confirm = (): void => {
      clearTimeout(timer);
      if (isPending) this.#countPending(network, -1);
      isPending = false;
    };
    const end = (): void => {
      confirm();
      this.#count -= 1;
    };
    const visit: Visit = { remote, onSilent: () => undefined, confirm, end };
    return visit;
  }

  #hasRoomFor(network: string): boolean {
    const { maxConnections, maxPendingConnections, maxPendingPerHost } = this.#options;
    const fromThere = this.#pendingOf.get(network) ?? 0;
    return (
      this.#count < maxConnections &&
      this.#pendingCount < maxPendingConnections &&
      fromThere < maxPendingPerHost
    );
  }

  #countPending(network: string, change: 1 | -1): void {
    this.#pendingCount += change;
    const count = (this.#pendingOf.get(network) ?? 0) + change;
    if (count === 0) this.#pendingOf.delete(network);
    else this.#pendingOf.set(network, count);
  }
}
