/**
 * Arbitrary messages: one arbitrary for each type, with the edges of every range drawn often.
 * The compiler demands a new one with every new type or field.
 */
import fc from "fast-check";
import {
  type Address,
  type ControlMessage,
  type Datagram,
  type DeclineReason,
  type DowngradeReason,
  type Frame,
  formatAddress,
  type LinkMetrics,
  type LinkRole,
  type PeerInfo,
  type ProgressEntry,
  type RefuseReason,
  type ReportStatus,
  type Strategy,
  type TreeRejectReason,
  type TroubleKind,
  toHex,
  truncateUtf8,
  type UpgradeRejectReason,
  wireLimits,
} from "../src/index.js";

type ArbitraryOfEach<M extends { readonly type: string }> = {
  readonly [T in M["type"]]: fc.Arbitrary<Extract<M, { readonly type: T }>>;
};

function integer(min: number, max: number): fc.Arbitrary<number> {
  const formatEdges = [127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32];
  const edges = [min, max, ...formatEdges.filter((edge) => edge > min && edge < max)];
  return fc.oneof(fc.constantFrom(...edges), fc.integer({ min, max }));
}

function text(maxBytes: number): fc.Arbitrary<string> {
  return fc
    .oneof(
      fc.string({ unit: "binary", maxLength: maxBytes }),
      fc.string({ unit: "grapheme", maxLength: 16 }),
      fc.constantFrom("", "a".repeat(maxBytes), "\ufeffbyte order mark", "\u0000"),
    )
    .map((drawn) => truncateUtf8(drawn, maxBytes));
}

function bytes(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

function hex(length: number): fc.Arbitrary<string> {
  return bytes(length).map((drawn) => toHex(drawn));
}

/** All the members of a union, so that the compiler notices a missing one. */
function each<T extends string>(members: Readonly<Record<T, true>>): fc.Arbitrary<T> {
  return fc.constantFrom(...(Object.keys(members) as T[]));
}

function message<M extends { readonly type: string }>(
  type: M["type"],
  fields: { readonly [K in Exclude<keyof M, "type">]: fc.Arbitrary<M[K]> },
): fc.Arbitrary<M> {
  const record = fc.record({ type: fc.constant(type), ...fields }, { noNullPrototype: true });
  return record as unknown as fc.Arbitrary<M>;
}

const detail = text(wireLimits.detailBytes);
const sequence = integer(0, wireLimits.sequence);
const peerNumber = integer(0, wireLimits.peerCount - 1);
const chunkIndex = integer(0, wireLimits.chunkCount - 1);

/** Canonical addresses, IPv4 and IPv6. */
export const address: fc.Arbitrary<Address> = fc
  .tuple(
    fc.oneof(
      bytes(4),
      bytes(16),
      fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }),
    ),
    integer(1, 65_535),
  )
  .map(([ip, port]) => formatAddress(Uint8Array.from(ip), port));

const peerInfo: fc.Arbitrary<PeerInfo> = fc.record(
  { number: peerNumber, id: hex(8), address },
  { noNullPrototype: true },
);

/** One arbitrary for each control message. */
export const controlMessages: ArbitraryOfEach<ControlMessage> = {
  invite: message("invite", {
    name: text(wireLimits.nameBytes),
    totalBytes: integer(0, wireLimits.integer),
    entryCount: integer(0, wireLimits.entryCount),
    chunkCount: integer(0, wireLimits.chunkCount),
    chunkSizeBytes: integer(wireLimits.chunkSizeBytesMin, wireLimits.chunkSizeBytesMax),
    isStream: fc.boolean(),
    strategy: each<Strategy>({ tree: true, pipeline: true }),
    fanout: integer(1, wireLimits.fanout),
    timeoutMs: integer(1, wireLimits.timeoutMs),
    manifestBytes: integer(1, wireLimits.manifestBytes),
    manifestHash: bytes(32),
    rootKey: bytes(32),
    cookie: bytes(wireLimits.cookieBytes),
  }),
  join: message("join", {}),
  decline: message("decline", {
    reason: each<DeclineReason>({
      busy: true,
      "no-space": true,
      "not-writable": true,
      "too-large": true,
      unsupported: true,
      refused: true,
      leaving: true,
    }),
    detail,
  }),
  neighbours: message("neighbours", {
    revision: sequence,
    number: peerNumber,
    peerCount: integer(1, wireLimits.peerCount),
    neighbours: fc.array(peerInfo, { maxLength: 29 }),
  }),
  "neighbours-ack": message("neighbours-ack", { revision: sequence }),
  "tree-check": message("tree-check", {
    pulse: sequence,
    depth: integer(0, wireLimits.peerCount - 1),
  }),
  "tree-reject": message("tree-reject", {
    reason: each<TreeRejectReason>({
      "not-a-neighbour": true,
      "fanout-full": true,
      "has-parent": true,
      deciding: true,
      "not-attached": true,
      stale: true,
      leaving: true,
    }),
  }),
  "upgrade-request": message("upgrade-request", { link: each({ tree: true, sink: true }) }),
  "upgrade-accept": message("upgrade-accept", {
    link: each({ tree: true, source: true }),
    token: hex(8),
  }),
  "upgrade-reject": message("upgrade-reject", {
    link: each({ tree: true, source: true }),
    reason: each<UpgradeRejectReason>({
      "fanout-full": true,
      "not-a-neighbour": true,
      busy: true,
      leaving: true,
    }),
  }),
  downgrade: message("downgrade", {
    link: each<LinkRole>({ tree: true, sink: true, source: true }),
    reason: each<DowngradeReason>({
      lost: true,
      silent: true,
      corrupt: true,
      protocol: true,
      replaced: true,
      leaving: true,
    }),
  }),
  orphan: message("orphan", { pulse: sequence }),
  refer: message("refer", { peer: peerInfo }),
  introduce: message("introduce", { peer: peerInfo }),
  ping: message("ping", { pulse: sequence }),
  pong: message("pong", { pulse: sequence }),
  ended: message("ended", {}),
  leave: message("leave", { code: text(wireLimits.errorCodeBytes), detail }),
  plan: message("plan", {
    revision: sequence,
    sources: fc.array(peerNumber, { maxLength: wireLimits.stripes }),
    peers: fc.array(peerInfo, { maxLength: 24 }),
  }),
  "plan-ack": message("plan-ack", { revision: sequence }),
  probe: message("probe", { count: sequence }),
  "probe-ack": message("probe-ack", { count: sequence }),
  trouble: message("trouble", {
    number: peerNumber,
    kind: each<TroubleKind>({ silent: true, slow: true, withholding: true }),
    bytesPerSecond: integer(0, wireLimits.integer),
    offeredBytesPerSecond: integer(0, wireLimits.integer),
  }),
  knock: message("knock", { padding: bytes(wireLimits.knockPaddingBytes) }),
  challenge: message("challenge", { cookie: bytes(wireLimits.cookieBytes) }),
  blame: message("blame", {
    number: peerNumber,
    code: text(wireLimits.errorCodeBytes),
    detail,
  }),
  reparent: message("reparent", { parent: peerNumber }),
  standing: message("standing", {
    chunksHeld: fc.integer({ min: 0, max: wireLimits.chunkCount }),
    isBusy: fc.boolean(),
  }),
};

/** Any control message. */
const controlMessage: fc.Arbitrary<ControlMessage> = fc.oneof(
  ...Object.values<fc.Arbitrary<ControlMessage>>(controlMessages),
);

/** A control message, by default any, in an envelope. */
export function datagram(
  inside: fc.Arbitrary<ControlMessage> = controlMessage,
): fc.Arbitrary<Datagram> {
  return fc.record(
    {
      session: hex(16),
      sender: hex(8),
      receiver: hex(8),
      counter: integer(1, wireLimits.sequence),
      message: inside,
    },
    { noNullPrototype: true },
  );
}

const bitmap = fc.uint8Array({ maxLength: 512 });

const progressEntry: fc.Arbitrary<ProgressEntry> = fc.record(
  { number: peerNumber, parent: peerNumber, chunksHeld: integer(0, wireLimits.chunkCount) },
  { noNullPrototype: true },
);

const linkMetrics: fc.Arbitrary<LinkMetrics> = fc.record(
  {
    number: peerNumber,
    roundTripUs: integer(0, wireLimits.integer),
    lossPermille: integer(0, 1_000),
    bytesPerSecond: integer(0, wireLimits.integer),
  },
  { noNullPrototype: true },
);

const runs = fc.array(
  fc.record(
    { first: chunkIndex, count: integer(1, wireLimits.chunkCount) },
    { noNullPrototype: true },
  ),
  { maxLength: 64 },
);

/** One arbitrary for each frame; payloads are small. */
export const frames: ArbitraryOfEach<Frame> = {
  hello: message("hello", {
    session: hex(16),
    peer: hex(8),
    number: peerNumber,
    link: each({ tree: true, sink: true }),
    token: hex(8),
    hasManifest: fc.boolean(),
  }),
  welcome: message("welcome", { peer: hex(8) }),
  manifest: message("manifest", {
    offset: integer(0, wireLimits.manifestBytes - 1),
    payload: fc.uint8Array({ minLength: 1, maxLength: 512 }),
  }),
  hashes: message("hashes", {
    firstChunk: chunkIndex,
    signature: bytes(64),
    payload: integer(1, 16).chain((count) => bytes(32 * count)),
  }),
  chunk: message("chunk", {
    index: chunkIndex,
    payload: fc.uint8Array({ minLength: 1, maxLength: 2_048 }),
  }),
  seal: message("seal", {
    sessionHash: bytes(32),
    totalBytes: integer(0, wireLimits.integer),
    signature: bytes(64),
  }),
  holds: message("holds", {
    stripeCount: integer(1, wireLimits.stripes),
    stripes: fc.array(integer(0, wireLimits.stripes - 1), { maxLength: wireLimits.stripes }),
    payload: bitmap,
  }),
  want: message("want", { runs }),
  refuse: message("refuse", {
    index: chunkIndex,
    reason: each<RefuseReason>({ "not-held": true, unreadable: true, leaving: true, busy: true }),
  }),
  subtree: message("subtree", { size: integer(1, wireLimits.peerCount) }),
  progress: message("progress", { entries: fc.array(progressEntry, { maxLength: 64 }) }),
  report: message("report", {
    number: peerNumber,
    status: each<ReportStatus>({ complete: true, failed: true }),
    bytes: integer(0, wireLimits.integer),
    durationMs: integer(0, wireLimits.integer),
    code: text(wireLimits.errorCodeBytes),
    detail: text(wireLimits.reportDetailBytes),
    links: fc.array(linkMetrics, { maxLength: wireLimits.reportLinks }),
    publicKey: bytes(32),
    signature: bytes(64),
  }),
  finish: message("finish", {}),
  alive: message("alive", {}),
  have: message("have", { isIdle: fc.boolean(), runs }),
};

/** Any frame. */
export const frame: fc.Arbitrary<Frame> = fc.oneof(...Object.values<fc.Arbitrary<Frame>>(frames));
