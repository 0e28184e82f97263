import { isIP } from "node:net";
import { PalmTreeError } from "@palmtree/wire";
import type { GroupKey } from "../security/group-key.js";
import type { Identity } from "../security/identity.js";
import type { TransportHandlers } from "../transport.js";

/** The knobs of a transport over UDP and TCP. Times are milliseconds. */
export interface TransportOptions {
  /**
   * The IP address to listen on. Default `0.0.0.0`, all IPv4 addresses of this machine; `::` is
   * all of both families, where the system has IPv6.
   */
  readonly host: string;

  /** The port of UDP and TCP alike, 0 to 65,535. Default 0: a free one is chosen. */
  readonly port: number;

  /**
   * How often another port is chosen when the one that was free for UDP is taken for TCP. Default
   * 16: such a collision is rare, sixteen in a row mean that something else is wrong.
   */
  readonly portAttempts: number;

  /**
   * Wanted size of the operating system's buffer for incoming datagrams; it may grant less.
   * Default 1 MiB: the answers of about 1,000 peers that were invited at once.
   */
  readonly receiveBufferBytes: number;

  /**
   * Bytes of datagrams that may wait in this process for the operating system to take them; beyond
   * that they are dropped and counted. Default 1 MiB.
   */
  readonly sendQueueBytes: number;

  /**
   * How long a dialled connection may take to open. Default 5 s, which holds two lost SYN packets
   * (they are repeated after 1 and 3 s). Too low fails on a lossy path.
   */
  readonly dialTimeoutMs: number;

  /**
   * How long the first frame of an accepted connection may take. Default 10 s. Too high lets
   * silent strangers hold more connections; too low cuts off busy neighbours.
   */
  readonly helloTimeoutMs: number;

  /**
   * How long a connection that is being closed may stand still: in the sending of what is queued,
   * per 256 KiB, and after that until the neighbour has closed it too. Default 5 s. Too low loses
   * what is queued for a slow neighbour (below 0.4 Mbit/s); too high delays the end.
   */
  readonly closeTimeoutMs: number;

  /** Accepted connections without a first frame at the same time, at most. Default 128. */
  readonly maxPendingConnections: number;

  /**
   * Of these, as many from one host (IPv6: from one /64). Default 32: it may have several
   * receivers.
   */
  readonly maxPendingPerHost: number;

  /** Accepted connections at the same time, at most. Default 1,024. */
  readonly maxConnections: number;

  /**
   * Bytes within which the first frame of an accepted connection must be complete; a stranger can
   * not make this process hold more. Default 4 KiB: a hello has about 60.
   */
  readonly maxFirstFrameBytes: number;
}

/** The defaults of {@link TransportOptions}. */
export const defaultTransportOptions: TransportOptions = {
  host: "0.0.0.0",
  port: 0,
  portAttempts: 16,
  receiveBufferBytes: 1024 * 1024,
  sendQueueBytes: 1024 * 1024,
  dialTimeoutMs: 5_000,
  helloTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
  maxPendingConnections: 128,
  maxPendingPerHost: 32,
  maxConnections: 1_024,
  maxFirstFrameBytes: 4 * 1024,
};

/**
 * The group's keys: what is said is sealed with the first, and what is sealed with any is believed. Or
 * `insecure`: there is no group, everybody is believed, and everybody can read along.
 */
export type GroupKeys = readonly GroupKey[] | "insecure";

/** What `openTransport` takes: keys and handlers, and any of the options. */
export interface OpenTransportOptions extends Partial<TransportOptions> {
  /** Who this peer is. Default: somebody new. */
  readonly identity?: Identity;

  /** Without a default, so that nobody does without keys who did not mean to. */
  readonly keys: GroupKeys;

  readonly handlers: TransportHandlers;
}

/**
 * The options with their defaults.
 *
 * @throws RangeError when a number is out of its range.
 * @throws address-invalid when the host is not an IP address.
 */
export function withDefaults(options: Partial<TransportOptions>): TransportOptions {
  const all = { ...defaultTransportOptions, ...definedOf(options) };
  for (const name of Object.keys(defaultTransportOptions) as (keyof TransportOptions)[]) {
    const value = all[name];
    if (typeof value !== "number") continue;
    const isPort = name === "port";
    const [least, most] = isPort ? [0, 65_535] : [1, 2 ** 31 - 1];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name} is ${value}; it must be an integer of ${least} to ${most}`);
    }
  }
  if (isIP(all.host) === 0) {
    const facts = { got: all.host };
    throw new PalmTreeError("address-invalid", `host: ${all.host} is not an IP address`, { facts });
  }
  return all;
}

/**
 * The keys themselves; none where that is what was asked for.
 *
 * @throws TypeError when it was not
 */
export function keysOf(keys: GroupKeys): readonly GroupKey[] {
  if (keys === "insecure") return [];
  if (Array.isArray(keys) && keys.length > 0) return keys;
  throw new TypeError('keys: expected the group\'s keys, or "insecure" to do without');
}

/** Without the options that are given as undefined. */
function definedOf(options: Partial<TransportOptions>): Partial<TransportOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
