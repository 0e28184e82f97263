/**
 * Messages that a malicious peer might send: well-formed, since malformed ones never reach a
 * machine, and drawn so that many of them fit the session of the test that is under attack.
 */
import {
  type ControlMessage,
  type Frame,
  makeKnock,
  type PeerInfo,
  wireLimits,
} from "@palmtree/wire";
import fc from "fast-check";
import { SimulatedContent } from "../../src/sim/content.js";
import { address, makeInvite, peer, session, signedPage, signedSeal, token } from "./parts.js";

/** What the session under attack has. */
export const chunkCount = 104;
const chunkSizeBytes = 1_024;
const contentBytes = new SimulatedContent(chunkCount, chunkSizeBytes).totalBytes;

/** The compiler demands an entry for every type. */
type OfEach<M extends { readonly type: string }> = {
  readonly [T in M["type"]]: fc.Arbitrary<Omit<Extract<M, { readonly type: T }>, "type">>;
};

const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;
const nothing = fc.constant({});

const number = fc.oneof(fc.nat(6), fc.constantFrom(90, 91, wireLimits.peerCount - 1));
const sequence = fc.oneof(fc.nat(5), fc.constantFrom(1_000, wireLimits.sequence));
const depth = fc.constantFrom(0, 3, wireLimits.peerCount - 1);
const index = fc.oneof(
  fc.nat(chunkCount - 1),
  fc.constantFrom(chunkCount, wireLimits.chunkCount - 1),
);
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.nat(255).map((byte) => new Uint8Array(length).fill(byte));
const bitmap = fc.oneof(
  fc.uint8Array({ minLength: chunkCount / 8, maxLength: chunkCount / 8 }),
  fc.constantFrom(new Uint8Array(chunkCount / 8), new Uint8Array(chunkCount / 8).fill(255)),
  fc.uint8Array({ maxLength: 40 }),
);
const runs = fc.oneof(
  fc.array(
    record({
      first: index,
      count: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(wireLimits.chunkCount)),
    }),
    { maxLength: 5 },
  ),
  fc.constant([{ first: 0, count: chunkCount }]),
  // As much work as a frame may ask for.
  fc.constant(Array.from({ length: wireLimits.runs }, () => ({ first: 0, count: chunkCount }))),
);
const drawnToken = fc.integer({ min: 1, max: 8 }).map(token);

/** Peers by their own names, and some under the name of another. */
const peerInfo: fc.Arbitrary<PeerInfo> = fc.oneof(
  number.map(peer),
  record<PeerInfo>({
    number,
    id: number.map((of) => peer(of).id),
    address: number.map(address),
  }),
  fc.integer({ min: 100, max: 400 }).map(peer),
);

const messages: OfEach<ControlMessage> = {
  invite: fc.constant(makeInvite({ chunkCount: 1, fanout: 64 })),
  join: nothing,
  challenge: record({ cookie: bytes(16) }),
  decline: record({ reason: fc.constantFrom("busy", "leaving"), detail: fc.string() }),
  neighbours: record({
    revision: sequence,
    number,
    peerCount: fc.integer({ min: 1, max: wireLimits.peerCount }),
    neighbours: fc.array(peerInfo, { maxLength: 8 }),
  }),
  "neighbours-ack": record({ revision: sequence }),
  "tree-check": record({ pulse: sequence, depth }),
  "tree-reject": record({
    reason: fc.constantFrom(
      "not-a-neighbour",
      "fanout-full",
      "has-parent",
      "deciding",
      "not-attached",
      "stale",
      "leaving",
    ),
  }),
  "upgrade-request": record({ link: fc.constantFrom("tree", "sink") }),
  "upgrade-accept": record({ link: fc.constantFrom("tree", "source"), token: drawnToken }),
  "upgrade-reject": record({
    link: fc.constantFrom("tree", "source"),
    reason: fc.constantFrom("fanout-full", "not-a-neighbour", "busy", "leaving"),
  }),
  downgrade: record({
    link: fc.constantFrom("tree", "sink", "source"),
    reason: fc.constantFrom("lost", "silent", "corrupt", "protocol", "replaced", "leaving"),
  }),
  orphan: record({ pulse: sequence }),
  refer: record({ peer: peerInfo }),
  introduce: record({ peer: peerInfo }),
  ping: record({ pulse: sequence }),
  pong: record({ pulse: sequence }),
  ended: nothing,
  leave: record({ code: fc.constantFrom("", "disk-full"), detail: fc.string() }),
  plan: record({
    revision: sequence,
    sources: fc.array(number, { maxLength: 4 }),
    peers: fc.array(peerInfo, { maxLength: 8 }),
  }),
  "plan-ack": record({ revision: sequence }),
  probe: record({ count: sequence }),
  "probe-ack": record({ count: sequence }),
  trouble: record({
    number,
    kind: fc.constantFrom("silent", "slow", "withholding"),
    bytesPerSecond: fc.constantFrom(0, wireLimits.integer),
    offeredBytesPerSecond: fc.constantFrom(0, wireLimits.integer),
  }),
  knock: fc.constant(makeKnock()),
  blame: record({
    number,
    code: fc.constantFrom("chunk-corrupt", "protocol-violation", "made up"),
    detail: fc.string(),
  }),
  reparent: record({ parent: number }),
  standing: record({
    chunksHeld: fc.constantFrom(0, 1, wireLimits.chunkCount),
    isBusy: fc.boolean(),
  }),
};

/** The root itself may be the attacker. */
const maybeSigned = <T extends object>(said: T, signed: T): fc.Arbitrary<T> =>
  fc.constantFrom(said, signed);

const frames: OfEach<Frame> = {
  hello: record({
    session: fc.constant(session),
    peer: number.map((of) => peer(of).id),
    number,
    link: fc.constantFrom("tree", "sink"),
    token: drawnToken,
    hasManifest: fc.boolean(),
  }),
  welcome: record({ peer: number.map((of) => peer(of).id) }),
  manifest: record({ offset: fc.constantFrom(0, 10, 699, 700), payload: bytes(700) }),
  hashes: record({
    firstChunk: fc.oneof(fc.constantFrom(0, 32, 64, 96, 192), index),
    payload: fc.oneof(bytes(32 * 32), bytes(32 * 8), bytes(32)),
    signature: bytes(64),
  }).chain((said) => maybeSigned(said, signedPage(said.firstChunk, said.payload))),
  chunk: record({ index, payload: fc.oneof(bytes(chunkSizeBytes), bytes(1)) }),
  seal: record({
    sessionHash: bytes(32),
    totalBytes: fc.oneof(fc.constant(contentBytes), fc.nat(100_000)),
    signature: bytes(64),
  }).chain((said) => maybeSigned(said, signedSeal(said.sessionHash, said.totalBytes))),
  holds: record({
    stripeCount: fc.constantFrom(1, 2, wireLimits.stripes),
    stripes: fc.array(fc.nat(3), { maxLength: 4 }),
    payload: bitmap,
  }),
  want: record({ runs }),
  refuse: record({
    index,
    reason: fc.constantFrom("not-held", "unreadable", "leaving", "busy"),
  }),
  subtree: record({
    size: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(wireLimits.peerCount)),
  }),
  progress: record({
    entries: fc.array(record({ number, parent: number, chunksHeld: index }), { maxLength: 5 }),
  }),
  report: record({
    number,
    status: fc.constantFrom("complete", "failed"),
    bytes: fc.constantFrom(0, wireLimits.integer),
    durationMs: fc.constantFrom(0, wireLimits.integer),
    code: fc.constantFrom("", "disk-full"),
    detail: fc.string(),
    links: fc.array(
      record({
        number,
        roundTripUs: fc.constantFrom(0, wireLimits.integer),
        lossPermille: fc.constantFrom(0, 1_000),
        bytesPerSecond: fc.constantFrom(0, wireLimits.integer),
      }),
      { maxLength: wireLimits.reportLinks },
    ),
    publicKey: bytes(32),
    signature: bytes(64),
  }),
  finish: nothing,
  alive: nothing,
  have: record({ isIdle: fc.boolean(), runs }),
};

function anyOf<M extends { readonly type: string }>(each: OfEach<M>): fc.Arbitrary<M> {
  const typed = Object.entries<fc.Arbitrary<object>>(each).map(([type, fields]) =>
    fields.map((drawn) => ({ type, ...drawn }) as unknown as M),
  );
  return fc.oneof(...typed);
}

/** Something that a peer says or does, a neighbour (1 to 4), the root (0) or a stranger (90, 91). */
export type Attack =
  | { readonly type: "datagram"; readonly from: number; readonly message: ControlMessage }
  /** On one of the connections that the machine under attack has had, or on one that nobody knows. */
  | { readonly type: "frame"; readonly connection: number; readonly frame: Frame }
  /** A neighbour does all that makes it this machine's parent, or its child; or its source or sink. */
  | {
      readonly type: "court";
      readonly from: number;
      readonly link: "tree" | "source";
      readonly pulse: number;
      readonly depth: number;
    }
  | {
      readonly type: "beg";
      readonly from: number;
      readonly link: "tree" | "sink";
      readonly hasManifest: boolean;
      /** How often it then says that it holds nothing. */
      readonly holdsCount: number;
    }
  /** A neighbour introduces a hundred others. */
  | { readonly type: "crowd"; readonly from: number; readonly first: number }
  | { readonly type: "open"; readonly connection: number }
  | { readonly type: "close"; readonly connection: number; readonly isMalformed: boolean }
  /** Disk, source and processor do the oldest thing that they were asked for. */
  | { readonly type: "work" }
  | { readonly type: "wait"; readonly milliseconds: number };

const from = fc.oneof(fc.nat(4), fc.constantFrom(90, 91));
const connection = fc.nat(9);

export const attack: fc.Arbitrary<Attack> = fc.oneof(
  {
    weight: 6,
    arbitrary: record({ type: fc.constant("datagram" as const), from, message: anyOf(messages) }),
  },
  {
    weight: 6,
    arbitrary: record({ type: fc.constant("frame" as const), connection, frame: anyOf(frames) }),
  },
  {
    weight: 2,
    arbitrary: record({
      type: fc.constant("court" as const),
      from,
      link: fc.constantFrom("tree" as const, "source" as const),
      pulse: sequence,
      depth,
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      type: fc.constant("beg" as const),
      from,
      link: fc.constantFrom("tree" as const, "sink" as const),
      hasManifest: fc.boolean(),
      holdsCount: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      type: fc.constant("crowd" as const),
      from,
      first: fc.constantFrom(100, 150, 300),
    }),
  },
  { weight: 1, arbitrary: record({ type: fc.constant("open" as const), connection }) },
  {
    weight: 1,
    arbitrary: record({
      type: fc.constant("close" as const),
      connection,
      isMalformed: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: record({ type: fc.constant("work" as const) }) },
  {
    weight: 3,
    arbitrary: record({
      type: fc.constant("wait" as const),
      milliseconds: fc.oneof(fc.nat(50), fc.nat(3_000)),
    }),
  },
);
