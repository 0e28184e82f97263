import type { OnConflict } from "@palmtree/files";
import type { GroupKeys } from "@palmtree/transport";
import { type Address, type DeclineReason, type Invite, wireLimits } from "@palmtree/wire";
import type { PeerOptions, Step } from "../../core/index.js";
import { defaultPort } from "../default-port.js";
import {
  checkInteger,
  checkKeys,
  checkOneOf,
  checkPeerOptions,
  checkText,
} from "../option-check.js";
import type { OpenTransport } from "../switchboard.js";
import type { FilesReceiver, ReceiveResult } from "./files-receiver.js";

/** Why an invitation is not accepted. */
export interface Refusal {
  readonly reason: DeclineReason;
  /** For people, told to the sender. */
  readonly detail: string;
}

/**
 * The knobs of a {@link PalmTreeRelay}. What an `on...` hook throws surfaces as an
 * `uncaughtException`; the session goes on.
 */
export interface RelayOptions {
  /** Where what is received lands; made if it is not there. Staging directories are in it too. */
  readonly directory: string;
  /** The IP address to listen on. Default `0.0.0.0`, all IPv4 addresses of this machine. */
  readonly host?: string;
  /** The port to listen on, UDP and TCP; 0 for a free one. Default 4747. */
  readonly port?: number;
  /**
   * The group's keys, 8 at most: whoever has one of them is believed. Or `insecure`: then everybody is.
   * There is no default.
   */
  readonly keys: GroupKeys;
  /**
   * What happens where something in the directory has the name of something at the top of what is
   * received, and is not the same. `fail` keeps it and fails the transfer. `skip` keeps it, and does
   * not land what is received under that name; it is received all the same, and passed on. `rename`
   * keeps it, and lands what is received under `NAME (1)`, or the next number that is free.
   * `overwrite` replaces it, a directory as a whole. Default `fail`.
   */
  readonly onConflict?: OnConflict;
  /**
   * Whether a transfer is complete only once it would survive a loss of power. Default true;
   * without it the last seconds are only safe from a crash of this process.
   */
  readonly sync?: boolean;
  /**
   * How long what a broken-off session left in the directory is kept for another to go on with,
   * since it was last written to: milliseconds from 0, which keeps nothing of before. Older is
   * removed when the relay opens. Default 7 days: a guess at how long somebody still tries again.
   */
  readonly keepPartialMs?: number;
  /** Sessions at the same time, 1 to 1,024; others are declined as `busy`. Default 8: guess. */
  readonly maxSessions?: number;
  /**
   * Bytes of one session above which it is declined, and a stream fails when it gets there. Default:
   * what the disk has room for.
   */
  readonly maxTotalBytes?: number;
  /** Files and directories of one session above which it is declined. Default 1,000,000. */
  readonly maxEntries?: number;
  /**
   * Asked for every session that would be accepted. What it throws is a refusal too.
   *
   * @param from - the sender's address
   */
  readonly accept?: (invite: Invite, from: Address) => true | Refusal;
  /** A session's manifest is open: its files are known, and content follows. */
  readonly onTransferStart?: (receiver: FilesReceiver) => void;
  /**
   * A session that was joined is over on this machine, after neighbours were served too; called
   * also where it ended before its manifest was open. What it left in staging, if it was broken
   * off, is for a later session.
   */
  readonly onTransferEnd?: (receiver: FilesReceiver, result: ReceiveResult) => void;
  /** What happens in a session: this peer's place in the tree, neighbours that were cut off. */
  readonly onStep?: (receiver: FilesReceiver, step: Step) => void;
  /** The machine's own knobs, for tests and unusual networks. */
  readonly peerOptions?: Partial<PeerOptions>;
  /** Another transport than UDP and TCP, for tests. Default: `openTransport` of the transport. */
  readonly openTransport?: OpenTransport;
}

/** The defaults of {@link RelayOptions}, of those that have a fixed one. */
export const defaultRelayOptions: Required<
  Pick<
    RelayOptions,
    | "host"
    | "port"
    | "onConflict"
    | "sync"
    | "keepPartialMs"
    | "maxSessions"
    | "maxTotalBytes"
    | "maxEntries"
  >
> = {
  host: "0.0.0.0",
  port: defaultPort,
  onConflict: "fail",
  sync: true,
  keepPartialMs: 7 * 24 * 60 * 60 * 1_000,
  maxSessions: 8,
  maxTotalBytes: wireLimits.integer,
  maxEntries: wireLimits.entryCount,
};

/** A relay's options, checked, with their defaults. */
export type CheckedRelayOptions = typeof defaultRelayOptions &
  Pick<
    RelayOptions,
    "directory" | "accept" | "onTransferStart" | "onTransferEnd" | "onStep" | "openTransport"
  > & { readonly keys: GroupKeys; readonly peerOptions: PeerOptions };

/** @throws TypeError or RangeError for what a caller got wrong */
export function checkRelayOptions(options: RelayOptions): CheckedRelayOptions {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  const given = { ...defaultRelayOptions, ...(Object.fromEntries(entries) as RelayOptions) };
  checkText("directory", given.directory);
  checkText("host", given.host);
  checkInteger("port", given.port, 0, 65_535);
  checkInteger("keepPartialMs", given.keepPartialMs, 0, wireLimits.integer);
  checkInteger("maxSessions", given.maxSessions, 1, 1_024);
  checkInteger("maxTotalBytes", given.maxTotalBytes, 0, wireLimits.integer);
  checkInteger("maxEntries", given.maxEntries, 0, wireLimits.entryCount);
  checkOneOf("onConflict", given.onConflict, ["fail", "skip", "rename", "overwrite"]);
  if (typeof given.sync !== "boolean")
    throw new TypeError(`sync: got a ${typeof given.sync}, expected a boolean`);
  return {
    ...given,
    keys: checkKeys(options.keys),
    peerOptions: checkPeerOptions(options.peerOptions),
  };
}
