import { tmpdir } from "node:os";
import type { NamedStream, OnLinks } from "@palmtree/files";
import type { PlanKind } from "@palmtree/topology";
import type { GroupKeys } from "@palmtree/transport";
import { type Strategy, utf8ByteLength, wireLimits } from "@palmtree/wire";
import { defaultPeerOptions, type PeerOptions } from "../../core/index.js";
import {
  checkInteger,
  checkKeys,
  checkOneOf,
  checkPeerOptions,
  checkText,
  checkTexts,
} from "../option-check.js";
import { type PeerName, parsePeerName } from "../peer-names.js";
import type { OpenTransport } from "../switchboard.js";

/** The knobs of a {@link FilesSender}; times are milliseconds. */
export interface FilesSenderOptions {
  /**
   * How long a peer may stand still before it is given up, 1,000 to a day. Default 30,000, the
   * seed's. Too low gives up machines that are busy; too high lets a dead one hold the result back.
   */
  readonly timeoutMs?: number;
  /**
   * How chunks travel. `pipeline`: down the trees of a plan in which nobody uploads more than about
   * one copy, so that many take no longer than one. `tree`: down the gossip-built tree, where every
   * peer with children uploads one copy for each. Default `pipeline`.
   */
  readonly strategy?: Strategy;
  /**
   * Strategy `pipeline`: which plan. Default: the one whose predicted time is shortest. `k-ary` is a
   * tree of 4 children a peer.
   */
  readonly plan?: PlanKind;
  /** Most children of one peer in the tree, 1 to 64. Default 4, the seed's. */
  readonly fanout?: number;
  /**
   * Bytes of a chunk, 1,024 to 16 MiB. Default: 64 KiB; 16 to 256 KiB by total size and hosts with
   * strategy `pipeline`; more where that would make over 2^20 chunks. 256 KiB for a stream, of which
   * there may be 2^24 chunks: 4 TiB.
   */
  readonly chunkSizeBytes?: number;
  /**
   * Symbolic links in a directory: `keep` sends them as links, and fails where one leads out of what
   * is sent; `skip` leaves all out. Default `keep`.
   */
  readonly links?: OnLinks;
  /** What the receivers are told it is; for people. Default: made of the files' names. */
  readonly name?: string;
  /**
   * Where what was sent of a stream is kept until the session is over, since it cannot be read again:
   * a directory with room for all of it. Default: the system's for temporary files.
   */
  readonly spoolDirectory?: string;
  /** The IP address to listen on. Default: all of this machine's, of the peers' address families. */
  readonly host?: string;
  /** The port to listen on, UDP and TCP. Default 0: a free one. */
  readonly port?: number;
  /**
   * How long peers that do not answer are waited for before the others are served. Default 5,000:
   * guess.
   */
  readonly maxWaitMs?: number;
  /**
   * With a value above 0, the session starts once `minReceivers` have joined and this time has
   * passed; else it waits for everybody, at most `maxWaitMs`. Default 0.
   */
  readonly minWaitMs?: number;
  /** Fewer receivers than this are not served at all. Default 1. */
  readonly minReceivers?: number;
  /**
   * The group's keys, 8 at most: receivers must have the first. Or `insecure`: then anybody on the way
   * can read along, change what is sent, and take part. There is no default.
   */
  readonly keys: GroupKeys;
  /** Ends the session; `start()` then throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** The machine's own knobs, for tests and unusual networks. */
  readonly peerOptions?: Partial<PeerOptions>;
  /** Another transport than UDP and TCP, for tests. Default: `openTransport` of the transport. */
  readonly openTransport?: OpenTransport;
}

/** The defaults of {@link FilesSenderOptions}, of those that have a fixed one. */
export const defaultSenderOptions: Required<
  Pick<
    FilesSenderOptions,
    | "timeoutMs"
    | "strategy"
    | "fanout"
    | "port"
    | "maxWaitMs"
    | "minWaitMs"
    | "minReceivers"
    | "spoolDirectory"
    | "links"
  >
> = {
  timeoutMs: 30_000,
  strategy: "pipeline",
  fanout: 4,
  port: 0,
  maxWaitMs: defaultPeerOptions.maxWaitMs,
  minWaitMs: defaultPeerOptions.minWaitMs,
  minReceivers: defaultPeerOptions.minReceivers,
  spoolDirectory: tmpdir(),
  links: "keep",
};

/** Every plan that may be asked for. */
export const planKinds: readonly PlanKind[] = ["chain", "double-tree", "binomial", "k-ary"];

/** What a sender was asked to do, checked. */
export interface SendOrder {
  readonly files: readonly string[] | NamedStream;
  readonly spoolDirectory: string;
  readonly links: OnLinks;
  readonly peers: readonly PeerName[];
  readonly timeoutMs: number;
  readonly strategy: Strategy;
  readonly plan: PlanKind | undefined;
  readonly fanout: number;
  readonly port: number;
  readonly chunkSizeBytes: number | undefined;
  readonly name: string | undefined;
  readonly host: string | undefined;
  readonly keys: GroupKeys;
  readonly signal: AbortSignal | undefined;
  readonly openTransport: OpenTransport | undefined;
  readonly peerOptions: PeerOptions;
}

/**
 * @throws TypeError, RangeError or address-invalid for what a caller got wrong
 */
export function checkOrder(
  files: readonly string[] | NamedStream,
  peers: readonly string[],
  options: FilesSenderOptions,
): SendOrder {
  const given = { ...defaultSenderOptions, ...definedOf(options) };
  const names = checkTexts("peers", peers).map((peer) => parsePeerName(peer));
  const maxWaitMs = checkInteger("maxWaitMs", given.maxWaitMs, 0, wireLimits.timeoutMs);
  return {
    files: isStream(files) ? files : checkTexts("files", files),
    spoolDirectory: checkText("spoolDirectory", given.spoolDirectory),
    links: checkOneOf("links", given.links, ["keep", "skip"]),
    peers: names,
    timeoutMs: checkInteger("timeoutMs", given.timeoutMs, 1_000, wireLimits.timeoutMs),
    strategy: checkOneOf("strategy", given.strategy, ["pipeline", "tree"]),
    plan: given.plan === undefined ? undefined : checkOneOf("plan", given.plan, planKinds),
    fanout: checkInteger("fanout", given.fanout, 1, wireLimits.fanout),
    port: checkInteger("port", given.port, 0, 65_535),
    chunkSizeBytes: checkChunkSize(given.chunkSizeBytes),
    name: checkName(given.name),
    host: given.host === undefined ? undefined : checkText("host", given.host),
    keys: checkKeys(given.keys),
    signal: given.signal,
    openTransport: given.openTransport,
    peerOptions: {
      ...checkPeerOptions(given.peerOptions),
      maxWaitMs,
      minWaitMs: checkInteger("minWaitMs", given.minWaitMs, 0, maxWaitMs),
      minReceivers: checkInteger("minReceivers", given.minReceivers, 1, names.length),
    },
  };
}

/** @throws TypeError when it is meant to be a stream, and is none */
function isStream(files: readonly string[] | NamedStream): files is NamedStream {
  if (typeof files !== "object" || files === null || !("stream" in files)) return false;
  checkText("files.name", files.name);
  if (typeof files.stream?.[Symbol.asyncIterator] === "function") return true;
  throw new TypeError(`files.stream: got a ${typeof files.stream}, expected a readable stream`);
}

function checkChunkSize(chunkSizeBytes: number | undefined): number | undefined {
  if (chunkSizeBytes === undefined) return undefined;
  const { chunkSizeBytesMin, chunkSizeBytesMax } = wireLimits;
  return checkInteger("chunkSizeBytes", chunkSizeBytes, chunkSizeBytesMin, chunkSizeBytesMax);
}

function checkName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const bytes = utf8ByteLength(checkText("name", name));
  if (bytes <= wireLimits.nameBytes) return name;
  throw new RangeError(`name: got ${bytes} bytes, expected at most ${wireLimits.nameBytes}`);
}

/** Without the options that are given as undefined. */
function definedOf(options: FilesSenderOptions): Partial<FilesSenderOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
