import type { Frame, Strategy, Want } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { Effect } from "../../src/core/effect.js";
import type { ConnectionId } from "../../src/core/event.js";
import type { PeerOptions } from "../../src/core/options.js";
import type { Content } from "../../src/core/transfer/content.js";
import { Intake } from "../../src/core/transfer/intake.js";
import type { Promised } from "../../src/core/transfer/promised.js";
import { everyChunk, noChunk, type Stripes } from "../../src/core/transfer/stripes.js";
import { Bench } from "./bench.js";
import {
  bitmap,
  framesIn,
  hashOf,
  makeSizes,
  only,
  pageOf,
  payloadOf,
  range,
  runs,
  session,
  signedPage,
  signedSeal,
} from "./parts.js";

const manifest = Uint8Array.from({ length: 700 }, (_, place) => place % 251);
const sessionHash = new Uint8Array(32).fill(5);

let bench: Bench;
let intake: Intake;
let parent: ConnectionId;
let sizes = makeSizes(40, 1_024, 10);
let content: Content;

/** A peer below peer 1, whose manifest is open. */
function open(
  options: Partial<PeerOptions> = {},
  chunkCount = 40,
  strategy: Strategy = "pipeline",
): void {
  sizes = makeSizes(chunkCount, 1_024, 10);
  bench = new Bench({
    options: { wantAfterMs: 1_000, aliveIntervalMs: 1e9, silentAfterMs: 1e9, ...options },
  });
  const totalBytes = 1_024 * (chunkCount - 1) + 10;
  intake = makeIntake({
    chunkCount,
    chunkSizeBytes: 1_024,
    totalBytes,
    strategy,
    manifestBytes: 700,
  });
  parent = gainParent(1);
  intake.onManifestPart(0, manifest);
  content = intake.onManifestOpened(sizes);
  bench.context.takeEffects();
}

function makeIntake(promised: Omit<Promised, "session">): Intake {
  return new Intake(bench.context, { ...promised, session }, (number) =>
    bench.relay.links.heard(number),
  );
}

function gainParent(number: number): ConnectionId {
  const connection = bench.joinUnder(number);
  intake.restartManifest();
  intake.setInlet(number, connection, everyChunk);
  return connection;
}

function loseParent(): void {
  bench.cut(parent);
  intake.removeInlet(parent);
}

function holds(payload: Uint8Array, { count, wanted }: Stripes = everyChunk): Frame {
  return { type: "holds", stripeCount: count, stripes: wanted, payload };
}

/** The page of the chunk, then the chunk itself, intact or not. */
function receive(index: number, isIntact = true): readonly Effect[] {
  const first = Math.floor(index / 32) * 32;
  const end = Math.min(sizes.chunkCount, first + 32);
  return bench.do(() => {
    expect(intake.onHashes(signedPage(first, pageOf(first, end)))).toBeUndefined();
    expect(intake.onChunk(parent, index, payloadOf(index, sizes))).toBeUndefined();
    intake.onVerified(index, payloadOf(index, sizes), isIntact);
  });
}

/** These chunks are on disk now. */
function store(indexes: readonly number[]): readonly Effect[] {
  return bench.do(() => {
    for (const index of indexes) intake.onStored(index);
  });
}

function heldFacts(): number[] {
  return bench.facts.flatMap((fact) => (fact.type === "chunk-held" ? [fact.index] : []));
}

function isAllStored(): boolean {
  return bench.facts.some(({ type }) => type === "all-stored");
}

/** Let time pass, with nothing but the intake's own timer. */
function pass(until: number): readonly Effect[] {
  const effects: Effect[] = [];
  for (let due = intake.deadline(); due !== undefined && due <= until; due = intake.deadline()) {
    bench.context.now = due;
    effects.push(...bench.do(() => intake.onTick()));
  }
  bench.context.now = until;
  return effects;
}

function wantsIn(effects: readonly Effect[]): number[][] {
  return framesIn(effects)
    .filter((frame): frame is Want => frame.type === "want")
    .map(({ runs }) => runs.flatMap(({ first, count }) => range(first, first + count)));
}

beforeEach(() => open());

describe("the manifest", () => {
  beforeEach(() => {
    bench = new Bench();
    const promised = {
      chunkCount: 40,
      chunkSizeBytes: 1_024,
      totalBytes: 1,
      strategy: "pipeline" as const,
      manifestBytes: 700,
    };
    intake = makeIntake(promised);
    parent = gainParent(1);
  });

  test("is opened once its last part has come", () => {
    expect(intake.onManifestPart(0, manifest.subarray(0, 300))).toBeUndefined();
    expect(only(bench.context.takeEffects(), "open-manifest")).toEqual([]);
    expect(intake.onManifestPart(300, manifest.subarray(300))).toBeUndefined();
    expect(only(bench.context.takeEffects(), "open-manifest")).toEqual([
      { type: "open-manifest", manifest },
    ]);
    expect(intake.manifest).toEqual(manifest);
  });

  test("is begun anew with a new parent, as long as it was not complete", () => {
    intake.onManifestPart(0, manifest.subarray(0, 300));
    loseParent();
    gainParent(2);
    expect(intake.onManifestPart(300, manifest.subarray(300))).toContain("expected 0");
    expect(intake.onManifestPart(0, manifest)).toBeUndefined();
  });

  test("that was complete is not taken again", () => {
    intake.onManifestPart(0, manifest);
    expect(intake.onManifestPart(0, manifest)).toContain("after the manifest was complete");
  });

  test("being open lets the parent know what is held: nothing yet", () => {
    intake.onManifestPart(0, manifest);
    intake.onManifestOpened(sizes);
    expect(framesIn(bench.context.takeEffects(), parent)).toEqual([holds(new Uint8Array(5))]);
  });

  test("comes before hashes, chunks and seal, which are refused without it", () => {
    expect(intake.onHashes(signedPage(0, pageOf(0, 32)))).toContain("before the bitmap");
    expect(intake.onChunk(parent, 0, payloadOf(0, sizes))).toContain("before the bitmap");
    expect(intake.onSeal(signedSeal(sessionHash, sizes.totalBytes))).toContain("before the bitmap");
  });
});

describe("a chunk", () => {
  test("is verified against its page before anything else is done with it", () => {
    bench.do(() => intake.onHashes(signedPage(0, pageOf(0, 32))));
    const payload = payloadOf(3, sizes);
    const effects = bench.do(() => intake.onChunk(parent, 3, payload));
    expect(effects).toEqual([
      { type: "verify-chunk", connection: parent, index: 3, hash: hashOf(3), payload },
    ]);
    expect(content.held.has(3)).toBe(false);
    expect(heldFacts()).toEqual([]);
  });

  test("that is intact is held, stored, kept in the ring and told to the other parts", () => {
    const effects = receive(3);
    expect(only(effects, "store-chunk")).toEqual([
      { type: "store-chunk", index: 3, payload: payloadOf(3, sizes) },
    ]);
    expect(content.held.has(3)).toBe(true);
    expect(content.ring.get(3)).toEqual(payloadOf(3, sizes));
    expect(heldFacts()).toEqual([3]);
    expect(intake.tally.bytes).toBe(1_024);
  });

  test("that is corrupt is neither held, stored, kept nor told, and the reason says why", () => {
    bench.do(() => intake.onHashes(signedPage(0, pageOf(0, 32))));
    intake.onChunk(parent, 3, payloadOf(3, sizes));
    bench.context.takeEffects();
    const effects = bench.do(() => {
      expect(intake.onVerified(3, payloadOf(3, sizes), false)).toBe(
        "chunk 3 does not have its hash",
      );
    });
    expect(effects).toEqual([]);
    expect(content.held.has(3)).toBe(false);
    expect(content.ring.get(3)).toBeUndefined();
    expect(heldFacts()).toEqual([]);
    expect(intake.tally.bytes).toBe(0);
    // It may come again, from another parent.
    const again = bench.do(() => intake.onChunk(parent, 3, payloadOf(3, sizes)));
    expect(only(again, "verify-chunk")).toHaveLength(1);
  });

  test("of a wrong length is refused: the middle ones are full, the last one is short", () => {
    bench.do(() => intake.onHashes(signedPage(0, pageOf(0, 32))));
    bench.do(() => intake.onHashes(signedPage(32, pageOf(32, 40))));
    expect(intake.onChunk(parent, 3, new Uint8Array(1_023))).toBe(
      "chunk 3 of 1023 bytes, expected 1024",
    );
    expect(intake.onChunk(parent, 3, new Uint8Array(1_025))).toContain("expected 1024");
    expect(intake.onChunk(parent, 39, new Uint8Array(1_024))).toContain("expected 10");
    expect(bench.context.takeEffects()).toEqual([]);
  });

  test("before its hash page is refused", () => {
    bench.do(() => intake.onHashes(signedPage(32, pageOf(32, 40))));
    expect(intake.onChunk(parent, 3, payloadOf(3, sizes))).toBe("chunk 3 before its hash page");
  });

  test("beyond the last is refused", () => {
    expect(intake.onChunk(parent, 40, new Uint8Array(10))).toBe("chunk 40 of 40");
    expect(intake.onChunk(parent, 2 ** 24 - 1, new Uint8Array(10))).toContain("of 40");
  });

  test("that is held, or on its way to be, is counted as a duplicate and not verified again", () => {
    receive(3);
    bench.do(() => intake.onChunk(parent, 4, payloadOf(4, sizes)));
    const effects = bench.do(() => {
      for (const index of [3, 4, 4]) intake.onChunk(parent, index, payloadOf(index, sizes));
    });
    expect(effects).toEqual([]);
    expect(intake.tally.duplicates).toBe(3);
    expect(intake.tally.duplicateBytes).toBe(3 * 1_024);
  });

  test("that was verified twice, over an old and a new link, is stored once", () => {
    receive(3);
    expect(bench.do(() => intake.onVerified(3, payloadOf(3, sizes), true))).toEqual([]);
    expect(intake.tally.bytes).toBe(1_024);
  });

  test("comes with a page that is the one known, or is refused", () => {
    intake.onHashes(signedPage(0, pageOf(0, 32)));
    expect(intake.onHashes(signedPage(0, pageOf(1, 33)))).toContain("other hashes than before");
    expect(intake.onHashes(signedPage(8, pageOf(8, 32)))).toContain("expected a multiple of 32");
  });
});

describe("back-pressure", () => {
  const flow = (effects: readonly Effect[]) =>
    only(effects, "pause-connection", "resume-connection");

  test("pauses the parent when too many bytes are not on disk, and resumes it at half of that", () => {
    open({ unstoredBytes: 4 * 1_024 });
    const effects = range(0, 4).flatMap((index) => flow(receive(index)));
    expect(effects).toEqual([]);
    expect(flow(receive(4))).toEqual([{ type: "pause-connection", connection: parent }]);
    // What was read already still comes; one pause is enough.
    expect(flow(receive(5))).toEqual([]);
    expect(flow(store([0, 1, 2]))).toEqual([]);
    expect(flow(store([3]))).toEqual([{ type: "resume-connection", connection: parent }]);
    expect(flow(store([4, 5]))).toEqual([]);
  });

  test("pauses for too many chunks as well: small files make small chunks", () => {
    open({ unstoredChunks: 3 });
    const effects = range(0, 4).map((index) => flow(receive(index)).length);
    expect(effects).toEqual([0, 0, 0, 1]);
    expect(flow(store([0, 1]))).toEqual([]);
    expect(flow(store([2]))).toHaveLength(1);
  });

  test("holds for a new parent as well, until half of what is too much is on disk", () => {
    open({ unstoredChunks: 2 });
    for (const index of range(0, 3)) receive(index);
    loseParent();
    parent = gainParent(2);
    expect(flow(bench.context.takeEffects())).toEqual([
      { type: "pause-connection", connection: parent },
    ]);
    expect(flow(store([0]))).toEqual([]);
    expect(flow(store([1]))).toEqual([{ type: "resume-connection", connection: parent }]);
  });

  test("is not the parent's silence: it counts as heard when it is resumed", () => {
    open({ unstoredChunks: 1, silentAfterMs: 5_000 });
    receive(0);
    receive(1);
    bench.pass(4_999);
    store([0, 1]);
    bench.pass(9_998);
    expect(bench.relay.links.isActive(1)).toBe(true);
    bench.pass(9_999);
    expect(bench.relay.links.isActive(1)).toBe(false);
  });
});

describe("the end of the transfer", () => {
  test("is reached when all is held, sealed and on disk, and only then", () => {
    for (const index of range(0, 40)) receive(index);
    store(range(0, 39));
    expect(isAllStored()).toBe(false);
    store([39]);
    expect(isAllStored()).toBe(false);
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    expect(isAllStored()).toBe(true);
  });

  test("is not reached by the seal while a chunk is still on its way to the disk", () => {
    for (const index of range(0, 40)) receive(index);
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    store(range(0, 39));
    expect(isAllStored()).toBe(false);
    store([39]);
    expect(isAllStored()).toBe(true);
  });

  test("is told once, although a new parent seals again", () => {
    for (const index of range(0, 40)) receive(index);
    store(range(0, 40));
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    expect(bench.facts.filter(({ type }) => type === "all-stored")).toHaveLength(1);
  });

  test("of a session without any chunk is reached by the seal", () => {
    open({}, 0);
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    expect(isAllStored()).toBe(true);
  });

  test("has one hash: another seal than before is refused", () => {
    intake.onSeal(signedSeal(sessionHash, sizes.totalBytes));
    expect(intake.onSeal(signedSeal(new Uint8Array(32), sizes.totalBytes))).toBe(
      "another session hash than before",
    );
    expect(content.sessionHash).toEqual(sessionHash);
  });

  test("with chunks missing leads to a request for exactly those, after a pause without a chunk", () => {
    for (const index of range(0, 38)) receive(index);
    bench.context.now = 100;
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    expect(wantsIn(pass(1_099))).toEqual([]);
    expect(wantsIn(pass(1_100))).toEqual([[38, 39]]);
    expect(wantsIn(pass(2_099))).toEqual([]);
    expect(wantsIn(pass(2_100))).toEqual([[38, 39]]);
  });

  test("is not asked for while chunks still come", () => {
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    for (const index of range(0, 40)) {
      bench.context.now += 900;
      expect(wantsIn(pass(bench.now))).toEqual([]);
      receive(index);
    }
    expect(wantsIn(pass(bench.now + 5_000))).toEqual([]);
    expect(intake.deadline()).toBeUndefined();
  });

  test("is not asked for while the parent is held back: what is missing may be on its way", () => {
    open({ unstoredChunks: 1 });
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    receive(0);
    receive(1);
    expect(wantsIn(pass(10_000))).toEqual([]);
    store([0, 1]);
    expect(wantsIn(pass(10_999))).toEqual([]);
    expect(wantsIn(pass(11_000))).toEqual([range(2, 40)]);
  });

  test("is not asked for before the seal: what is missing may not be produced yet", () => {
    receive(0);
    expect(wantsIn(pass(bench.now + 5_000))).toEqual([]);
  });

  test("is asked for 1,024 chunks at a time", () => {
    open({}, 3_000);
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    expect(wantsIn(pass(1_000))).toEqual([range(0, 1_024)]);
    for (const index of [0, 2, 1_500]) receive(index);
    const [wanted] = wantsIn(pass(2_000));
    expect(wanted).toHaveLength(1_024);
    expect(wanted?.slice(0, 3)).toEqual([1, 3, 4]);
  });

  test("without a parent is not asked for, and is asked for with the next one", () => {
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    loseParent();
    expect(wantsIn(pass(bench.now + 5_000))).toEqual([]);
    parent = gainParent(2);
    const since = bench.now;
    expect(wantsIn(pass(since + 1_000))).toEqual([range(0, 40)]);
  });
});

describe("in a tree", () => {
  const helper = 90;

  beforeEach(() => open({}, 40, "tree"));

  function helpWanted(): boolean {
    return bench.facts.some(({ type }) => type === "help-wanted");
  }

  test("who has a parent asks nobody else, however little comes", () => {
    pass(bench.now + 60_000);
    expect(helpWanted()).toBe(false);
  });

  test("who has lost its parent looks for a new one, and asks others after a second", () => {
    receive(0);
    loseParent();
    pass(bench.now + 900);
    expect(helpWanted()).toBe(false);
    pass(bench.now + 200);
    expect(helpWanted()).toBe(true);
    bench.facts.length = 0;
    intake.setInlet(9, helper, noChunk);
    intake.onHave(helper, { type: "have", isIdle: true, runs: runs(...range(0, 40)) });
    bench.context.takeEffects();
    expect(wantsIn(pass(bench.now + 100))).toEqual([[1, 2]]);
    gainParent(2);
    bench.context.takeEffects();
    bench.facts.length = 0;
    expect(wantsIn(pass(bench.now + 60_000))).toEqual([]);
    expect(helpWanted()).toBe(false);
  });

  test("who holds everything but the seal, and has no parent, asks for a feed over which it comes", () => {
    for (const index of range(0, 40)) receive(index);
    loseParent();
    pass(bench.now + 1_200);
    expect(helpWanted()).toBe(true);
    bench.facts.length = 0;
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    pass(bench.now + 60_000);
    expect(helpWanted()).toBe(false);
    expect(intake.deadline()).toBeUndefined();
  });

  test("who lost its parent while its manifest was being opened asks others all the same", () => {
    bench = new Bench({ options: { aliveIntervalMs: 1e9, silentAfterMs: 1e9 } });
    const promised = {
      chunkCount: 40,
      chunkSizeBytes: 1_024,
      totalBytes: 40_000,
      manifestBytes: 700,
    };
    intake = makeIntake({ ...promised, strategy: "tree" });
    parent = gainParent(1);
    intake.onManifestPart(0, manifest);
    loseParent();
    pass(bench.now + 200);
    bench.do(() => intake.onManifestOpened(sizes));
    pass(bench.now + 5_000);
    expect(helpWanted()).toBe(true);
  });
});

describe("a new parent", () => {
  test("is told what is held", () => {
    for (const index of [0, 1, 8, 39]) receive(index);
    loseParent();
    const connection = bench.joinUnder(2);
    const effects = bench.do(() => intake.setInlet(2, connection, everyChunk));
    expect(framesIn(effects, connection)).toEqual([holds(bitmap(40, 0, 1, 8, 39).toBytes())]);
  });

  test("is told nothing before the manifest is open", () => {
    bench = new Bench();
    const promised = {
      chunkCount: 40,
      chunkSizeBytes: 1_024,
      totalBytes: 1,
      strategy: "pipeline" as const,
      manifestBytes: 700,
    };
    intake = makeIntake(promised);
    const connection = bench.joinUnder(2);
    const effects = bench.do(() => intake.setInlet(2, connection, everyChunk));
    expect(framesIn(effects, connection)).toEqual([]);
  });
});

describe("several inlets", () => {
  const even: Stripes = { count: 2, wanted: [0] };
  const odd: Stripes = { count: 2, wanted: [1] };

  /** Two feeds beside the parent's link, which gives no chunk unless it is asked. */
  function feed(): void {
    bench.do(() => {
      intake.setInlet(1, parent, noChunk);
      intake.setInlet(2, 20, even);
      intake.setInlet(3, 30, odd);
    });
  }

  test("are each told what is held, and which stripes are wanted from there", () => {
    receive(3);
    const effects = bench.do(() => {
      intake.setInlet(2, 20, even);
      intake.setInlet(3, 30, odd);
    });
    const held = bitmap(40, 3).toBytes();
    expect(framesIn(effects, 20)).toEqual([holds(held, even)]);
    expect(framesIn(effects, 30)).toEqual([holds(held, odd)]);
    expect(framesIn(effects, parent)).toEqual([]);
  });

  test("are told anew when another stripe is wanted from there", () => {
    feed();
    const effects = bench.do(() => intake.setInlet(2, 20, { count: 2, wanted: [0, 1] }));
    expect(framesIn(effects)).toEqual([holds(new Uint8Array(5), { count: 2, wanted: [0, 1] })]);
  });

  test("are told that a chunk is held which is only being verified: it need not come twice", () => {
    bench.do(() => intake.onHashes(signedPage(0, pageOf(0, 32))));
    bench.do(() => intake.onChunk(parent, 4, payloadOf(4, sizes)));
    const effects = bench.do(() => intake.setInlet(2, 20, even));
    expect(framesIn(effects)).toEqual([holds(bitmap(40, 4).toBytes(), even)]);
  });

  test("that came before the manifest was open are told when it is", () => {
    bench = new Bench();
    const promised = {
      chunkCount: 40,
      chunkSizeBytes: 1_024,
      totalBytes: 1,
      strategy: "pipeline" as const,
      manifestBytes: 700,
    };
    intake = makeIntake(promised);
    expect(bench.do(() => intake.setInlet(2, 20, even))).toEqual([]);
    intake.onManifestPart(0, manifest);
    const effects = bench.do(() => intake.onManifestOpened(sizes));
    expect(framesIn(effects, 20)).toEqual([holds(new Uint8Array(5), even)]);
  });

  test("are asked for what is missing one after the other: one of them may be stuck", () => {
    feed();
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    const asked = only(pass(6_000), "send-frame").map(({ connection }) => connection);
    expect(asked).toHaveLength(6);
    for (const three of [asked.slice(0, 3), asked.slice(3)])
      expect(new Set(three)).toEqual(new Set([parent, 20, 30]));
  });

  test("are all paused when the disk is behind, a new one at once, and resumed together", () => {
    open({ unstoredChunks: 1 });
    feed();
    const flowIn = (effects: readonly Effect[], type: "pause-connection" | "resume-connection") =>
      only(effects, type).map(({ connection }) => connection);
    receive(0);
    expect(flowIn(receive(1), "pause-connection")).toEqual([parent, 20, 30]);
    const late = bench.do(() => intake.setInlet(4, 40, even));
    expect(flowIn(late, "pause-connection")).toEqual([40]);
    expect(flowIn(store([0, 1]), "resume-connection")).toEqual([parent, 20, 30, 40]);
  });

  test("that are gone are neither asked nor paused", () => {
    feed();
    bench.do(() => intake.onSeal(signedSeal(sessionHash, sizes.totalBytes)));
    for (const connection of [parent, 30]) intake.removeInlet(connection);
    const asked = only(pass(4_000), "send-frame").map(({ connection }) => connection);
    expect(new Set(asked)).toEqual(new Set([20]));
    intake.removeInlet(20);
    expect(only(pass(9_000), "send-frame")).toEqual([]);
  });
});
