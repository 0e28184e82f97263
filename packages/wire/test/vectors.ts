/**
 * The messages behind docs/vectors/datagrams.json and frames.json: every type, with the edges of
 * its ranges. `vectors.test.ts` checks the files against them, or writes the files anew:
 *
 *     UPDATE_VECTORS=1 pnpm exec vitest run packages/wire/test/vectors.test.ts
 */
import {
  anySession,
  type ControlMessage,
  type Datagram,
  type Frame,
  makeKnock,
  nobody,
  type PeerInfo,
} from "../src/index.js";

const session = "000102030405060708090a0b0c0d0e0f";
const sender = "1011121314151617";
const receiver = "18191a1b1c1d1e1f";

const ipv4Peer: PeerInfo = { number: 1, id: "1111111111111111", address: "10.0.0.7:4747" };
const ipv6Peer: PeerInfo = {
  number: 65_535,
  id: "ffffffffffffffff",
  address: "[2001:db8::7]:65535",
};

function hash(first: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => (first + at) & 255);
}

const signature = Uint8Array.of(...hash(64), ...hash(96));

function repeat(text: string, times: number): string {
  return text.repeat(times);
}

const controlMessages: readonly (readonly [name: string, message: ControlMessage])[] = [
  [
    "invite",
    {
      type: "invite",
      name: "debian-12.qcow2",
      totalBytes: 4_294_967_296,
      entryCount: 1,
      chunkCount: 65_536,
      chunkSizeBytes: 65_536,
      isStream: false,
      strategy: "tree",
      fanout: 4,
      timeoutMs: 30_000,
      manifestBytes: 113,
      manifestHash: hash(0),
      rootKey: hash(32),
      cookie: hash(64).subarray(0, 16),
    },
  ],
  [
    "invite, everything smallest",
    {
      type: "invite",
      name: "",
      totalBytes: 0,
      entryCount: 0,
      chunkCount: 0,
      chunkSizeBytes: 1_024,
      isStream: false,
      strategy: "tree",
      fanout: 1,
      timeoutMs: 1,
      manifestBytes: 1,
      manifestHash: new Uint8Array(32),
      rootKey: new Uint8Array(32),
      cookie: new Uint8Array(16),
    },
  ],
  [
    "invite, everything largest",
    {
      type: "invite",
      name: repeat("é", 127),
      totalBytes: Number.MAX_SAFE_INTEGER,
      entryCount: 1_000_000,
      chunkCount: 16_777_216,
      chunkSizeBytes: 16_777_216,
      isStream: true,
      strategy: "pipeline",
      fanout: 64,
      timeoutMs: 86_400_000,
      manifestBytes: 268_435_456,
      manifestHash: new Uint8Array(32).fill(255),
      rootKey: new Uint8Array(32).fill(255),
      cookie: new Uint8Array(16).fill(255),
    },
  ],
  ["join", { type: "join" }],
  ...(
    ["busy", "no-space", "not-writable", "too-large", "unsupported", "refused", "leaving"] as const
  ).map((reason) => [`decline, ${reason}`, { type: "decline", reason, detail: "" }] as const),
  [
    "decline with a detail",
    { type: "decline", reason: "no-space", detail: "3 GiB free, 4 needed" },
  ],
  [
    "decline with the longest detail",
    { type: "decline", reason: "busy", detail: repeat("x", 255) },
  ],
  [
    "neighbours",
    { type: "neighbours", revision: 1, number: 2, peerCount: 3, neighbours: [ipv4Peer, ipv6Peer] },
  ],
  [
    "neighbours, none",
    { type: "neighbours", revision: 0, number: 0, peerCount: 1, neighbours: [] },
  ],
  [
    "neighbours, 29 with IPv6, everything largest",
    {
      type: "neighbours",
      revision: 4_294_967_295,
      number: 65_535,
      peerCount: 65_536,
      neighbours: Array.from({ length: 29 }, () => ipv6Peer),
    },
  ],
  ["neighbours-ack", { type: "neighbours-ack", revision: 1 }],
  ["tree-check from the root", { type: "tree-check", pulse: 1, depth: 0 }],
  ["tree-check, everything largest", { type: "tree-check", pulse: 4_294_967_295, depth: 65_535 }],
  ...(
    [
      "not-a-neighbour",
      "fanout-full",
      "has-parent",
      "deciding",
      "not-attached",
      "stale",
      "leaving",
    ] as const
  ).map((reason) => [`tree-reject, ${reason}`, { type: "tree-reject", reason }] as const),
  ["upgrade-request", { type: "upgrade-request", link: "tree" }],
  ["upgrade-request of a sink", { type: "upgrade-request", link: "sink" }],
  ["upgrade-accept", { type: "upgrade-accept", link: "tree", token: "0123456789abcdef" }],
  [
    "upgrade-accept of a source",
    { type: "upgrade-accept", link: "source", token: "0123456789abcdef" },
  ],
  ...(["fanout-full", "not-a-neighbour", "busy", "leaving"] as const).map(
    (reason) =>
      [`upgrade-reject, ${reason}`, { type: "upgrade-reject", link: "tree", reason }] as const,
  ),
  ["upgrade-reject of a source", { type: "upgrade-reject", link: "source", reason: "busy" }],
  ...(["lost", "silent", "corrupt", "protocol", "replaced", "leaving"] as const).map(
    (reason) => [`downgrade, ${reason}`, { type: "downgrade", link: "tree", reason }] as const,
  ),
  ["downgrade of a sink", { type: "downgrade", link: "sink", reason: "replaced" }],
  ["downgrade of a source", { type: "downgrade", link: "source", reason: "lost" }],
  ["orphan that was never attached", { type: "orphan", pulse: 0 }],
  ["orphan", { type: "orphan", pulse: 128 }],
  ["refer, IPv4", { type: "refer", peer: ipv4Peer }],
  ["refer, IPv6", { type: "refer", peer: ipv6Peer }],
  ["introduce", { type: "introduce", peer: { ...ipv4Peer, address: "0.0.0.0:1" } }],
  ...[0, 127, 128, 255, 256, 65_535, 65_536, 4_294_967_295].map(
    (pulse) => [`ping, pulse ${pulse}`, { type: "ping", pulse }] as const,
  ),
  ["pong", { type: "pong", pulse: 7 }],
  ["ended", { type: "ended" }],
  ["leave", { type: "leave", code: "", detail: "" }],
  [
    "leave with a detail beyond ASCII",
    { type: "leave", code: "disk-full", detail: "Gerät aus 🌴 \u0000\ufeff" },
  ],
  ["plan of a chain", { type: "plan", revision: 1, sources: [1], peers: [ipv4Peer] }],
  ["plan, nobody feeds the receiver", { type: "plan", revision: 2, sources: [], peers: [] }],
  [
    "plan, two stripes, everything largest",
    { type: "plan", revision: 4_294_967_295, sources: [1, 65_535], peers: [ipv4Peer, ipv6Peer] },
  ],
  ["plan-ack", { type: "plan-ack", revision: 1 }],
  ["probe", { type: "probe", count: 1 }],
  ["probe-ack, the largest", { type: "probe-ack", count: 4_294_967_295 }],
  [
    "trouble, slow",
    {
      type: "trouble",
      number: 5,
      kind: "slow",
      bytesPerSecond: 625_000,
      offeredBytesPerSecond: 6_250_000,
    },
  ],
  [
    "trouble, silent",
    {
      type: "trouble",
      number: 65_535,
      kind: "silent",
      bytesPerSecond: 0,
      offeredBytesPerSecond: 0,
    },
  ],
  [
    "trouble, withholding",
    {
      type: "trouble",
      number: 1,
      kind: "withholding",
      bytesPerSecond: 0,
      offeredBytesPerSecond: 0,
    },
  ],
  ["knock", makeKnock()],
  ["challenge", { type: "challenge", cookie: hash(64).subarray(0, 16) }],
  [
    "blame",
    {
      type: "blame",
      number: 3,
      code: "chunk-corrupt",
      detail: "chunk 7 does not have its hash",
    },
  ],
  [
    "blame, everything largest",
    { type: "blame", number: 65_535, code: repeat("c", 64), detail: repeat("x", 255) },
  ],
  ["reparent", { type: "reparent", parent: 3 }],
  ["reparent, everything largest", { type: "reparent", parent: 65_535 }],
  ["standing", { type: "standing", chunksHeld: 1_234, isBusy: false }],
  ["standing, everything largest", { type: "standing", chunksHeld: 2 ** 24, isBusy: true }],
];

/** Every datagram vector. */
export const datagramVectors: readonly { readonly name: string; readonly datagram: Datagram }[] = [
  ...controlMessages.map(([name, message], index) => ({
    name,
    datagram: { session, sender, receiver, counter: index + 1, message },
  })),
  {
    name: "worked example of docs/protocol.md",
    datagram: {
      session,
      sender,
      receiver,
      counter: 3,
      message: {
        type: "neighbours",
        revision: 1,
        number: 2,
        peerCount: 300,
        neighbours: [{ ...ipv4Peer, number: 0 }],
      },
    },
  },
  {
    name: "knock, for any session",
    datagram: { session: anySession, sender, receiver: nobody, counter: 1, message: makeKnock() },
  },
  {
    name: "envelope, everything smallest",
    datagram: {
      session: repeat("00", 16),
      sender: repeat("00", 8),
      receiver: repeat("00", 8),
      counter: 1,
      message: { type: "join" },
    },
  },
  {
    name: "envelope, everything largest",
    datagram: {
      session: repeat("ff", 16),
      sender: repeat("ff", 8),
      receiver: repeat("ff", 8),
      counter: 4_294_967_295,
      message: { type: "join" },
    },
  },
];

const hello = {
  type: "hello",
  session,
  peer: sender,
  number: 5,
  link: "tree",
  token: "0123456789abcdef",
  hasManifest: false,
} as const;

const report = {
  type: "report",
  number: 5,
  status: "complete",
  bytes: 4_294_967_296,
  durationMs: 12_345,
  code: "",
  detail: "",
  links: [
    { number: 4, roundTripUs: 312, lossPermille: 25, bytesPerSecond: 11_700_000 },
    { number: 0, roundTripUs: 0, lossPermille: 0, bytesPerSecond: 0 },
  ],
  publicKey: hash(160),
  signature,
} as const;

/** Every frame vector; payloads are short. */
export const frameVectors: readonly { readonly name: string; readonly frame: Frame }[] = [
  { name: "hello", frame: hello },
  {
    name: "hello again, with the manifest",
    frame: { ...hello, number: 65_535, hasManifest: true },
  },
  { name: "hello of a sink", frame: { ...hello, link: "sink", hasManifest: true } },
  { name: "welcome", frame: { type: "welcome", peer: sender } },
  { name: "manifest, first part", frame: { type: "manifest", offset: 0, payload: hash(0) } },
  {
    name: "manifest, the last byte of the largest",
    frame: { type: "manifest", offset: 268_435_455, payload: Uint8Array.of(0xc0) },
  },
  { name: "hashes, one", frame: { type: "hashes", firstChunk: 0, signature, payload: hash(0) } },
  {
    name: "hashes, two",
    frame: {
      type: "hashes",
      firstChunk: 1_024,
      signature,
      payload: Uint8Array.of(...hash(0), ...hash(32)),
    },
  },
  ...[0, 127, 128, 255, 256, 65_535, 65_536, 16_777_215].map((index) => ({
    name: `chunk ${index}`,
    frame: { type: "chunk", index, payload: Uint8Array.of(1, 2, 3) } as const,
  })),
  {
    name: "worked example of docs/protocol.md",
    frame: { type: "chunk", index: 300, payload: Uint8Array.of(0xaa, 0xbb, 0xcc) },
  },
  { name: "chunk of one byte", frame: { type: "chunk", index: 0, payload: Uint8Array.of(0) } },
  {
    name: "seal",
    frame: { type: "seal", sessionHash: hash(0), totalBytes: 4_294_967_296, signature },
  },
  {
    name: "holds, of no chunks",
    frame: { type: "holds", stripeCount: 1, stripes: [0], payload: new Uint8Array() },
  },
  {
    name: "holds",
    frame: { type: "holds", stripeCount: 1, stripes: [0], payload: Uint8Array.of(0xff, 0x01) },
  },
  {
    name: "holds, no stripe wanted",
    frame: { type: "holds", stripeCount: 2, stripes: [], payload: Uint8Array.of(0x00) },
  },
  {
    name: "holds, some of the most stripes",
    frame: { type: "holds", stripeCount: 64, stripes: [0, 63], payload: Uint8Array.of(0x00) },
  },
  { name: "want, of nothing", frame: { type: "want", runs: [] } },
  { name: "want", frame: { type: "want", runs: [{ first: 9, count: 7 }] } },
  ...(["not-held", "unreadable", "leaving", "busy"] as const).map((reason) => ({
    name: `refuse, ${reason}`,
    frame: { type: "refuse", index: 7, reason } as const,
  })),
  {
    name: "refuse, the last chunk",
    frame: { type: "refuse", index: 16_777_215, reason: "leaving" },
  },
  { name: "subtree of one", frame: { type: "subtree", size: 1 } },
  { name: "subtree, the largest", frame: { type: "subtree", size: 65_536 } },
  { name: "progress, of no peer", frame: { type: "progress", entries: [] } },
  {
    name: "progress",
    frame: {
      type: "progress",
      entries: [
        { number: 1, parent: 0, chunksHeld: 0 },
        { number: 65_535, parent: 1, chunksHeld: 16_777_216 },
      ],
    },
  },
  { name: "report, complete", frame: report },
  {
    name: "report, failed",
    frame: {
      ...report,
      status: "failed",
      code: "disk-full",
      detail: "needs 4 GiB, has 3 GiB",
      links: [],
    },
  },
  {
    name: "report, everything largest",
    frame: {
      type: "report",
      number: 65_535,
      status: "failed",
      bytes: Number.MAX_SAFE_INTEGER,
      durationMs: Number.MAX_SAFE_INTEGER,
      code: repeat("c", 64),
      detail: repeat("d", 1_024),
      links: Array.from({ length: 4 }, () => ({
        number: 65_535,
        roundTripUs: Number.MAX_SAFE_INTEGER,
        lossPermille: 1_000,
        bytesPerSecond: Number.MAX_SAFE_INTEGER,
      })),
      publicKey: hash(160),
      signature,
    },
  },
  { name: "finish", frame: { type: "finish" } },
  { name: "alive", frame: { type: "alive" } },
  { name: "have, of nothing", frame: { type: "have", isIdle: false, runs: [] } },
  {
    name: "have",
    frame: {
      type: "have",
      isIdle: true,
      runs: [
        { first: 0, count: 3 },
        { first: 16_777_215, count: 1 },
      ],
    },
  },
];
