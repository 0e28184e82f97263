/** Small makers for the tests of single parts of a peer's machine. */
import { Bitmap } from "@palmtree/files/core";
import {
  type Address,
  type ChunkRun,
  type ControlMessage,
  type Frame,
  type HashPage,
  type Invite,
  type PeerInfo,
  type Report,
  reportStatement,
  type Seal,
} from "@palmtree/wire";
import { Context, type Fact } from "../../src/core/context.js";
import type { Effect } from "../../src/core/effect.js";
import type { ChunkSizes, ConnectionId } from "../../src/core/event.js";
import { defaultPeerOptions, type PeerOptions } from "../../src/core/options.js";
import { Random } from "../../src/core/random.js";
import type { Step } from "../../src/core/step.js";
import type { Content } from "../../src/core/transfer/content.js";
import { Statements } from "../../src/core/transfer/statements.js";
import { simulatedCryptography } from "../../src/sim/content.js";

export const session: string = "5e551011".repeat(4);

/** The peer with that number; its address tells it, and so does its id. */
export function peer(number: number): PeerInfo {
  return { number, id: number.toString(16).padStart(16, "0"), address: address(number) };
}

export function peers(...numbers: readonly number[]): PeerInfo[] {
  return numbers.map(peer);
}

export function address(number: number): Address {
  return `10.0.${number >> 8}.${number & 255}:4747`;
}

export function token(count: number): string {
  return `a${count.toString(16).padStart(15, "0")}`;
}

/** A context of its own, whose tokens are `token(1)`, `token(2)`, ... */
export function makeContext(options: Partial<PeerOptions> = {}, number = 0): Context {
  let drawn = 0;
  const drawToken = (): string => {
    drawn += 1;
    return token(drawn);
  };
  return new Context(
    peer(number).id,
    { ...defaultPeerOptions, ...options },
    new Random(7),
    simulatedCryptography(peer(number).id, drawToken),
  );
}

export function makeInvite(fields: Partial<Invite> = {}): Invite {
  return {
    type: "invite",
    name: "parcel",
    totalBytes: 1_000,
    entryCount: 1,
    chunkCount: 4,
    chunkSizeBytes: 1_024,
    isStream: false,
    strategy: "tree",
    fanout: 4,
    timeoutMs: 30_000,
    manifestBytes: 700,
    manifestHash: new Uint8Array(32),
    cookie: new Uint8Array(16),
    rootKey: new Uint8Array(32),
    ...fields,
  };
}

/** All facts told since the last call. */
export function takeFacts(context: Context): Fact[] {
  const facts: Fact[] = [];
  for (let fact = context.nextFact(); fact !== undefined; fact = context.nextFact())
    facts.push(fact);
  return facts;
}

/** A datagram as `{ to: 3, type: "ping", pulse: 1 }`, where `to` is the number of {@link address}. */
export type Said = ControlMessage & { readonly to: number };

/** What the effects say over UDP, and to whom. */
export function saidIn(effects: readonly Effect[]): Said[] {
  return effects.flatMap((effect) =>
    effect.type === "send-datagram" ? [{ to: numberAt(effect.to), ...effect.message }] : [],
  );
}

/** The frames that the effects send, by default over any connection. */
export function framesIn(effects: readonly Effect[], connection?: ConnectionId): Frame[] {
  return effects.flatMap((effect) =>
    effect.type === "send-frame" && (connection ?? effect.connection) === effect.connection
      ? [effect.frame]
      : [],
  );
}

/** The effects of those types. */
export function only<T extends Effect["type"]>(
  effects: readonly Effect[],
  ...types: readonly T[]
): Extract<Effect, { type: T }>[] {
  return effects.filter((effect): effect is Extract<Effect, { type: T }> =>
    (types as readonly string[]).includes(effect.type),
  );
}

/** What the user is told. */
export function stepsIn(effects: readonly Effect[]): Step[] {
  return only(effects, "report-step").map(({ step }) => step);
}

export function numberAt(at: Address): number {
  const [, , high = "0", low = "0"] = (at.split(":")[0] ?? "").split(".");
  return Number(high) * 256 + Number(low);
}

export function bitmap(size: number, ...indexes: readonly number[]): Bitmap {
  const made = new Bitmap(size);
  for (const index of indexes) made.set(index);
  return made;
}

/** Chunks as runs, a run each: what a peer may say that cares for no order. */
export function runs(...indexes: readonly number[]): ChunkRun[] {
  return indexes.map((first) => ({ first, count: 1 }));
}

/** The chunks of runs, in their order. */
export function indexesIn(of: readonly ChunkRun[]): number[] {
  return of.flatMap(({ first, count }) => range(first, first + count));
}

/** The integers from `first` up to but without `end`. */
export function range(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, place) => first + place);
}

/** Sizes of `chunkCount` chunks, all of `chunkSizeBytes` but the last, which has `lastBytes`. */
export function makeSizes(
  chunkCount: number,
  chunkSizeBytes = 1_024,
  lastBytes: number = chunkSizeBytes,
): ChunkSizes {
  return {
    chunkCount,
    totalBytes: Math.max(0, chunkCount - 1) * chunkSizeBytes + (chunkCount > 0 ? lastBytes : 0),
    lengthOf: (index) => (index === chunkCount - 1 ? lastBytes : chunkSizeBytes),
  };
}

/** The chunk with that index, as long as `sizes` says. */
export function payloadOf(index: number, sizes: ChunkSizes): Uint8Array {
  return new Uint8Array(sizes.lengthOf(index)).fill(index % 251);
}

/** 32 bytes that stand for the chunk's hash. */
export function hashOf(index: number): Uint8Array {
  return new Uint8Array(32).fill(index % 241);
}

/** The hashes of the chunks from `first` up to but without `end`. */
export function pageOf(first: number, end: number): Uint8Array {
  const page = new Uint8Array(32 * (end - first));
  for (const index of range(first, end)) page.set(hashOf(index), 32 * (index - first));
  return page;
}

/** The frame with these hashes, as the root of {@link session} signs it. */
/** What a peer says of its end, signed as it does. */
export function reportOf(number: number, fields: Partial<Report> = {}): Report {
  const base = { type: "report", number, status: "complete", bytes: 4_000 } as const;
  const said = { ...base, durationMs: 20, code: "", detail: "", links: [], ...fields };
  const { publicKey, sign } = makeContext({}, number).cryptography;
  return { ...said, publicKey, signature: sign(reportStatement(session, said)) };
}

export function signedPage(firstChunk: number, payload: Uint8Array): HashPage {
  return new Statements(makeContext(), session).page(firstChunk, payload);
}

/** The seal, as the root of {@link session} signs it. */
export function signedSeal(sessionHash: Uint8Array, totalBytes: number): Seal {
  return new Statements(makeContext(), session).seal(sessionHash, totalBytes);
}

/** Make `content` hold those chunks: their pages known, their payloads in the ring. */
export function give(content: Content, indexes: readonly number[]): void {
  for (const index of indexes) {
    const first = content.pages.pageOf(index) * content.pages.perPage;
    const end = Math.min(content.chunkCount, first + content.pages.perPage);
    content.pages.put(signedPage(first, pageOf(first, end)), () => true);
    content.hold(index);
    content.ring.put(index, payloadOf(index, content.sizes));
  }
}
