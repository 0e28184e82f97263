import type { ChunkRun, Have, Holds, Want } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import type { Effect } from "../../src/core/effect.js";
import type { PeerOptions } from "../../src/core/options.js";
import { Content } from "../../src/core/transfer/content.js";
import { Distribution } from "../../src/core/transfer/distribution.js";
import { everyChunk, noChunk, type Stripes } from "../../src/core/transfer/stripes.js";
import {
  bitmap,
  framesIn,
  give,
  makeContext,
  makeSizes,
  only,
  pageOf,
  payloadOf,
  range,
  runs,
  signedPage,
  signedSeal,
} from "./parts.js";

const sizes = makeSizes(100);
const manifest = Uint8Array.from({ length: 600_000 }, (_, place) => place % 7);
const sessionHash = new Uint8Array(32).fill(9);

let context: Context;
let content: Content;
let distribution: Distribution;
beforeEach(() => make());

function make(options: Partial<PeerOptions> = {}): void {
  context = makeContext({ forwardWindowChunks: 4, ringChunks: 64, ...options });
  content = new Content(sizes, 1_024, context.options);
  distribution = new Distribution(context);
}

/** Hold chunks from now on. */
function hold(...indexes: readonly number[]): readonly Effect[] {
  give(content, indexes);
  for (const index of indexes) distribution.onChunkHeld(index);
  return context.takeEffects();
}

/** A child that has the manifest and those chunks; its number is that of its connection. */
function join(number: number, ...has: readonly number[]): readonly Effect[] {
  distribution.addSink(number, number);
  expect(distribution.onHolds(number, holds(bitmap(100, ...has).toBytes()))).toBeUndefined();
  return context.takeEffects();
}

/** The operating system took these chunks of that child. */
function sent(number: number, ...indexes: readonly number[]): readonly Effect[] {
  for (const index of indexes) distribution.onChunkSent(number, index);
  return context.takeEffects();
}

/** What a sink says to hold, and to want: by default every chunk. */
function holds(payload: Uint8Array, stripes: Stripes = everyChunk): Holds {
  return { type: "holds", stripeCount: stripes.count, stripes: stripes.wanted, payload };
}

function wants(of: readonly ChunkRun[]): Want {
  return { type: "want", runs: of };
}

/** What a sink says that it came to hold. */
function have(...of: readonly ChunkRun[]): Have {
  return { type: "have", isIdle: false, runs: of };
}

function refusedIn(effects: readonly Effect[], connection: number): string[] {
  return framesIn(effects, connection).flatMap((frame) =>
    frame.type === "refuse" ? [`${frame.index} ${frame.reason}`] : [],
  );
}

function chunksIn(effects: readonly Effect[], connection: number): number[] {
  return framesIn(effects, connection).flatMap((frame) =>
    frame.type === "chunk" ? [frame.index] : [],
  );
}

function want(number: number, ...indexes: readonly number[]): readonly Effect[] {
  expect(distribution.onWant(number, wants(runs(...indexes)))).toBeUndefined();
  return context.takeEffects();
}

describe("Distribution of the manifest", () => {
  test("goes to a child that lacks it, in parts and in order, once it is verified here", () => {
    distribution.addSink(1, -1, { needsManifest: true });
    expect(context.takeEffects()).toEqual([]);
    distribution.open(manifest, content);
    const frames = framesIn(context.takeEffects(), -1);
    expect(frames.map((frame) => frame.type)).toEqual(["manifest", "manifest", "manifest"]);
    const parts = frames.flatMap((frame) => (frame.type === "manifest" ? [frame] : []));
    expect(parts.map(({ offset }) => offset)).toEqual([0, 262_144, 524_288]);
    expect(Buffer.compare(Buffer.concat(parts.map(({ payload }) => payload)), manifest)).toBe(0);
  });

  test("goes to a later child at once, and not to one that has it", () => {
    distribution.open(manifest, content);
    distribution.addSink(1, -1, { needsManifest: true });
    expect(framesIn(context.takeEffects(), -1)).toHaveLength(3);
    distribution.addSink(2, -2);
    expect(context.takeEffects()).toEqual([]);
  });
});

describe("Distribution of chunks", () => {
  beforeEach(() => {
    distribution.open(manifest, content);
  });

  test("waits for the child's bitmap, and sends nothing that it holds", () => {
    hold(0, 1, 2, 3);
    distribution.addSink(1, 1);
    expect(context.takeEffects()).toEqual([]);
    distribution.onHolds(1, holds(bitmap(100, 0, 2).toBytes()));
    expect(chunksIn(context.takeEffects(), 1)).toEqual([1, 3]);
  });

  test("passes a chunk on as soon as it is held, to every child that lacks it", () => {
    join(1);
    join(2, 5);
    const effects = hold(5);
    expect(chunksIn(effects, 1)).toEqual([5]);
    expect(chunksIn(effects, 2)).toEqual([]);
    expect(framesIn(effects, 1).at(-1)).toEqual({
      type: "chunk",
      index: 5,
      payload: payloadOf(5, sizes),
    });
  });

  test("sends the page before the first of its chunks, whole and once per child", () => {
    hold(...range(0, 3), 40);
    const effects = [...join(1), ...sent(1, 0, 1, 2, 40)];
    expect(framesIn(effects, 1).map((frame) => describeFrame(frame))).toEqual([
      "hashes 0",
      "chunk 0",
      "chunk 1",
      "chunk 2",
      "hashes 32",
      "chunk 40",
    ]);
    expect(framesIn(effects, 1)).toContainEqual(signedPage(32, pageOf(32, 64)));
    expect(framesIn(hold(3), 1).map((frame) => describeFrame(frame))).toEqual(["chunk 3"]);
  });

  test("to a slow child stops at the forward limiter, and its sibling is not held back", () => {
    join(1);
    join(2);
    const slow: number[] = [];
    const quick: number[] = [];
    for (const index of range(0, 20)) {
      const effects = hold(index);
      slow.push(...chunksIn(effects, 1));
      for (const chunk of chunksIn(effects, 2)) {
        quick.push(chunk);
        expect(chunksIn(sent(2, chunk), 1)).toEqual([]);
      }
    }
    expect(slow).toEqual([0, 1, 2, 3]);
    expect(quick).toEqual(range(0, 20));
    // The slow one goes on where it was.
    expect(chunksIn(sent(1, 0, 1), 1)).toEqual([4, 5]);
  });

  test("that the ring no longer has loads them from disk, once for all children that wait", () => {
    make({ ringChunks: 2, forwardWindowChunks: 2 });
    distribution.open(manifest, content);
    hold(...range(0, 10));
    const first = join(1);
    expect(only(first, "load-chunk").map(({ index }) => index)).toEqual([0, 1]);
    expect(chunksIn(first, 1)).toEqual([]);
    expect(only(join(2), "load-chunk")).toEqual([]);
    distribution.onChunkLoaded(0, payloadOf(0, sizes));
    const effects = context.takeEffects();
    expect(chunksIn(effects, 1)).toEqual([0]);
    expect(chunksIn(effects, 2)).toEqual([0]);
    // Another child that comes later has it loaded again.
    expect(only(join(3), "load-chunk").map(({ index }) => index)).toEqual([0]);
  });

  test("counts a chunk that is being loaded as under way", () => {
    make({ ringChunks: 1, forwardWindowChunks: 3 });
    distribution.open(manifest, content);
    hold(...range(0, 10));
    expect(only(join(1), "load-chunk").map(({ index }) => index)).toEqual([0, 1, 2]);
    distribution.onChunkLoaded(0, payloadOf(0, sizes));
    expect(only(context.takeEffects(), "load-chunk")).toEqual([]);
    expect(only(sent(1, 0), "load-chunk").map(({ index }) => index)).toEqual([3]);
  });

  test("loads nothing for a child that is lost, and sends it nothing that was loaded for it", () => {
    make({ ringChunks: 1, forwardWindowChunks: 2 });
    distribution.open(manifest, content);
    hold(0, 1, 2);
    join(1);
    distribution.removeSink(1);
    distribution.onChunkLoaded(0, payloadOf(0, sizes));
    expect(context.takeEffects()).toEqual([]);
    expect(hold(3)).toEqual([]);
  });

  test("that were being loaded for a child are not sent to it when it comes back and has them", () => {
    make({ ringChunks: 1, forwardWindowChunks: 2 });
    distribution.open(manifest, content);
    hold(0, 1);
    expect(only(join(1), "load-chunk").map(({ index }) => index)).toEqual([0]);
    distribution.removeSink(1);
    join(1, 0, 1);
    distribution.onChunkLoaded(0, payloadOf(0, sizes));
    expect(context.takeEffects()).toEqual([]);
  });

  test("begins anew with a child that was lost and comes back: its bitmap says what it lacks", () => {
    hold(0, 1, 2, 3);
    join(1);
    distribution.removeSink(1);
    distribution.addSink(1, 11);
    distribution.onHolds(11, holds(bitmap(100, 0, 1).toBytes()));
    const effects = context.takeEffects();
    expect(chunksIn(effects, 11)).toEqual([2, 3]);
    expect(framesIn(effects, 11)[0]).toMatchObject({ type: "hashes", firstChunk: 0 });
    // What the old connection still reports is not the new one's.
    distribution.onChunkSent(1, 2);
    expect(chunksIn(hold(...range(4, 9)), 11)).toEqual([4, 5]);
  });

  test("to a sink whose bitmap is malformed, or wants stripes that there are not, is refused with a reason", () => {
    distribution.addSink(1, 1);
    expect(distribution.onHolds(1, holds(new Uint8Array(12)))).toContain("13 bytes");
    expect(distribution.onHolds(1, holds(new Uint8Array(13).fill(255)))).toContain("spare bits");
    const beyond = holds(new Uint8Array(13), { count: 2, wanted: [0, 2] });
    expect(distribution.onHolds(1, beyond)).toBe("stripes 0, 2 of 2");
    expect(distribution.onHolds(1, holds(new Uint8Array(13)))).toBeUndefined();
  });

  test("to a sink that sends more than 64 bitmaps is refused with a reason", () => {
    distribution.addSink(1, 1);
    for (const _ of range(0, 64))
      expect(distribution.onHolds(1, holds(new Uint8Array(13)))).toBeUndefined();
    expect(distribution.onHolds(1, holds(new Uint8Array(13)))).toBe(
      "more than 64 bitmaps of chunks",
    );
  });

  test("to a child that is ahead waits, with its bitmap, until the manifest is open here too", () => {
    make();
    distribution.addSink(1, 1);
    expect(distribution.onHolds(1, holds(new Uint8Array(13)))).toBeUndefined();
    hold(0);
    expect(chunksIn(context.takeEffects(), 1)).toEqual([]);
    distribution.open(manifest, content);
    expect(chunksIn(context.takeEffects(), 1)).toEqual([0]);
  });

  test("to a sink that is ahead heeds the last of its bitmaps when the manifest opens here", () => {
    make();
    distribution.addSink(1, 1);
    distribution.onHolds(1, holds(new Uint8Array(13)));
    distribution.onHolds(1, holds(bitmap(100, 0).toBytes()));
    give(content, [0, 1]);
    distribution.open(manifest, content);
    expect(chunksIn(context.takeEffects(), 1)).toEqual([1]);
  });

  test("a repeated bitmap does not open the forward limiter anew", () => {
    hold(...range(0, 20));
    join(1);
    distribution.onHolds(1, holds(new Uint8Array(13)));
    expect(chunksIn(context.takeEffects(), 1)).toEqual([]);
  });

  test("a repeated bitmap replaces the earlier one, and what is under way is not sent again", () => {
    hold(...range(0, 8));
    join(1);
    distribution.onHolds(1, holds(bitmap(100, 4, 6).toBytes()));
    expect(chunksIn(sent(1, ...range(0, 4)), 1)).toEqual([5, 7]);
  });

  test("go by their stripes: a sink gets those that it wants from here, and no other", () => {
    distribution.addSink(1, 1);
    distribution.addSink(2, 2);
    distribution.onHolds(1, holds(new Uint8Array(13), { count: 3, wanted: [1] }));
    distribution.onHolds(2, holds(new Uint8Array(13), { count: 3, wanted: [0, 2] }));
    const effects = [...hold(0, 1, 2, 3, 4), ...sent(1, 1, 4), ...sent(2, 0, 2, 3)];
    expect(chunksIn(effects, 1)).toEqual([1, 4]);
    expect(chunksIn(effects, 2)).toEqual([0, 2, 3]);
    expect(framesIn(effects, 1)[0]).toMatchObject({ type: "hashes", firstChunk: 0 });
  });

  test("of another stripe follow, from the beginning, when the sink wants it too", () => {
    hold(...range(0, 4));
    distribution.addSink(1, 1);
    distribution.onHolds(1, holds(new Uint8Array(13), { count: 2, wanted: [1] }));
    expect(chunksIn([...context.takeEffects(), ...sent(1, 1, 3)], 1)).toEqual([1, 3]);
    distribution.onHolds(1, holds(bitmap(100, 1, 3).toBytes(), { count: 2, wanted: [0, 1] }));
    expect(chunksIn(context.takeEffects(), 1)).toEqual([0, 2]);
  });

  test("go to no sink that wants no stripe, but the seal does, and what it asks for by itself", () => {
    distribution.addSink(1, 1);
    distribution.onHolds(1, holds(new Uint8Array(13), noChunk));
    expect(framesIn(hold(0, 1), 1)).toEqual([]);
    content.seal = signedSeal(sessionHash, content.totalBytes);
    distribution.onSealed();
    expect(framesIn(context.takeEffects(), 1)).toEqual([
      signedSeal(sessionHash, content.totalBytes),
    ]);
    context.now = 300;
    expect(chunksIn(want(1, 1), 1)).toEqual([1]);
  });

  test("that a sink came to hold from elsewhere are not sent to it", () => {
    make({ forwardWindowChunks: 2 });
    distribution.open(manifest, content);
    hold(...range(0, 8));
    join(1);
    const news = have({ first: 2, count: 2 }, { first: 6, count: 1 });
    expect(distribution.onHave(1, news)).toBeUndefined();
    expect(chunksIn(sent(1, 0, 1, 4, 5), 1)).toEqual([4, 5, 7]);
  });

  test("that there are not cannot be held: such news is refused, and news before the bitmap", () => {
    join(1);
    const beyond = have({ first: 99, count: 2 });
    expect(distribution.onHave(1, beyond)).toBe("chunks 99 to 100 of 100");
    distribution.addSink(2, 2);
    expect(distribution.onHave(2, beyond)).toBe("chunks before the bitmap");
  });

  test("news of more chunks than there are makes no work: it is refused", () => {
    join(1);
    const news = have({ first: 0, count: 60 }, { first: 40, count: 40 });
    expect(distribution.onHave(1, news)).toBeUndefined();
    expect(distribution.onHave(1, have({ first: 0, count: 60 }, { first: 40, count: 41 }))).toBe(
      "runs of 101 chunks of 100",
    );
  });

  test("news of a sink that is ahead is no fault of its own", () => {
    make();
    distribution.addSink(1, 1);
    distribution.onHolds(1, holds(new Uint8Array(13)));
    expect(distribution.onHave(1, have({ first: 0, count: 1 }))).toBeUndefined();
    // Nor is what comes from one that is lost by now.
    expect(distribution.onHave(9, have({ first: 0, count: 1 }))).toBeUndefined();
  });
});

describe("a sink that claims chunks", () => {
  beforeEach(() => distribution.open(manifest, content));

  test("is sent the pages of those that are held here, once, and none of the chunks", () => {
    hold(...range(0, 40));
    const effects = join(1, ...range(0, 3), 35, 70);
    const frames = framesIn(effects, 1).map((frame) => describeFrame(frame));
    expect(frames.slice(0, 2)).toEqual(["hashes 0", "hashes 32"]);
    expect(frames.filter((frame) => frame.startsWith("hashes")).length).toBe(2);
    expect(chunksIn(effects, 1)).toEqual([3, 4, 5, 6]);
  });

  test("is sent the page when a chunk that it claims comes to be held here", () => {
    join(1, ...range(0, 100));
    expect(framesIn(hold(70), 1)).toEqual([signedPage(64, pageOf(64, 96))]);
    expect(framesIn(hold(71), 1)).toEqual([]);
  });

  test("is sent no page of stripes that it does not want from here", () => {
    hold(0, 1, 33, 64);
    distribution.addSink(1, 1);
    const claimed = bitmap(100, ...range(0, 100)).toBytes();
    distribution.onHolds(1, holds(claimed, { count: 2, wanted: [1] }));
    const frames = framesIn([...context.takeEffects(), ...hold(66)], 1);
    expect(frames.map((frame) => describeFrame(frame))).toEqual(["hashes 0", "hashes 32"]);
    distribution.onHolds(1, holds(claimed, noChunk));
    expect(framesIn([...context.takeEffects(), ...hold(67)], 1)).toEqual([]);
  });

  test("and wants one after all is sent it: now, or when it comes to be held here", () => {
    hold(0, 1, 2);
    join(1, ...range(0, 100));
    expect(chunksIn(want(1, 1), 1)).toEqual([1]);
    expect(framesIn(want(1, 50), 1)).toEqual([{ type: "refuse", index: 50, reason: "not-held" }]);
    expect(chunksIn(hold(50), 1)).toEqual([50]);
    expect(chunksIn(hold(51), 1)).toEqual([]);
  });
});

describe("a sink that this peer is not to feed", () => {
  beforeEach(() => {
    distribution.open(manifest, content);
    distribution.feedOnly(({ number, isChild }) => number === 1 && !isChild);
    join(1);
    join(2);
  });

  test("is sent nothing that it has not asked for, whatever it says that it wants", () => {
    expect(chunksIn(hold(0, 1), 1)).toEqual([0, 1]);
    expect(chunksIn(hold(2), 2)).toEqual([]);
    expect(refusedIn(want(2, 0), 2)).toEqual(["0 busy"]);
    context.now += 1_000;
    sent(1, 0, 1, 2);
    expect(chunksIn(want(2, 0), 2)).toEqual([0]);
  });

  test("is none when the link is the tree's, though the same peer is to be fed over another", () => {
    distribution.addSink(1, 11, { isChild: true });
    expect(distribution.onHolds(11, holds(bitmap(100).toBytes()))).toBeUndefined();
    expect(chunksIn(hold(0), 11)).toEqual([]);
  });

  test("is fed from the lowest that it lacks once it is to be", () => {
    hold(0, 1, 2);
    distribution.feedOnly(() => true);
    expect(chunksIn(context.takeEffects(), 2)).toEqual([0, 1, 2]);
  });

  test("and was until now is sent no more, not even of what it asked for", () => {
    hold(0, 1, 2, 3, 4, 5);
    want(1, 0, 1, 2, 3, 4, 5);
    distribution.feedOnly(() => false);
    // Four are under way, by the forward limiter.
    expect(chunksIn(sent(1, 0, 1, 2, 3), 1)).toEqual([]);
    expect(distribution.flows).toEqual([]);
  });
});

describe("Distribution as a measure of how sinks fare", () => {
  test("counts what came to be held while a sink wanted it, and what was taken for it", () => {
    distribution.open(manifest, content);
    distribution.addSink(1, 1);
    expect(distribution.flows).toEqual([]);
    distribution.onHolds(1, holds(bitmap(100, 0).toBytes(), { count: 2, wanted: [0] }));
    const flow = {
      number: 1,
      connection: 1,
      bytesSent: 0,
      bytesOffered: 0,
      // The even chunks but for chunk 0.
      bytesLacked: 49 * 1_024,
      isSending: false,
    };
    expect(distribution.flows).toEqual([flow]);
    for (const index of [0, 1, 2, 4]) hold(index);
    const offered = { ...flow, bytesOffered: 2 * 1_024, isSending: true };
    expect(distribution.flows).toEqual([offered]);
    sent(1, 2);
    expect(distribution.flows).toEqual([{ ...offered, bytesSent: 1_024, bytesLacked: 48 * 1_024 }]);
    sent(1, 4);
    expect(distribution.flows).toEqual([
      { ...offered, bytesSent: 2_048, bytesLacked: 47 * 1_024, isSending: false },
    ]);
  });
});

describe("Distribution of wanted chunks", () => {
  beforeEach(() => {
    distribution.open(manifest, content);
    hold(...range(0, 6));
    join(1);
    sent(1, ...range(0, 6));
  });

  test("sends them again, although they were sent", () => {
    expect(chunksIn(want(1, 1, 4), 1)).toEqual([1, 4]);
  });

  test("refuses those that are not held here, one by one", () => {
    const effects = want(1, 2, 70, 71);
    expect(framesIn(effects, 1)).toEqual([
      { type: "refuse", index: 70, reason: "not-held" },
      { type: "refuse", index: 71, reason: "not-held" },
      { type: "chunk", index: 2, payload: payloadOf(2, sizes) },
    ]);
  });

  test("answers every request, however soon after the last", () => {
    for (const _ of range(0, 3)) expect(refusedIn(want(1, 70), 1)).toEqual(["70 not-held"]);
  });

  test("answers no more refusals than any honest sink has need of, and more as time goes by", () => {
    const refused = (): number => {
      let count = 0;
      for (const _ of range(0, 300)) count += refusedIn(want(1, ...range(20, 100)), 1).length;
      return count;
    };
    expect(refused()).toBe(16_384);
    context.now = 1_000;
    expect(refused()).toBe(4_000);
    // What is held is sent all the same.
    expect(chunksIn(want(1, 3), 1)).toEqual([3]);
  });

  test("has no more than 1,024 chunks wait for a sink, and refuses others as busy", () => {
    open2000();
    // The forward limiter lets four of them be under way.
    distribution.onWant(3, wants([{ first: 0, count: 1_024 }]));
    expect(refusedIn(context.takeEffects(), 3)).toEqual([]);
    distribution.onWant(3, wants([{ first: 0, count: 9 }]));
    distribution.onWant(3, wants([{ first: 1_500, count: 6 }]));
    expect(refusedIn(context.takeEffects(), 3)).toEqual(["1504 busy", "1505 busy"]);
  });

  test("of who is not fed from here are sent when that costs nobody anything, else refused as busy", () => {
    distribution.addSink(2, 2);
    distribution.onHolds(2, holds(new Uint8Array(13), noChunk));
    context.takeEffects();
    // Chunks still come here, so that there will be something to send in a moment.
    context.now = 299;
    expect(refusedIn(want(2, 1, 70), 2)).toEqual(["1 busy", "70 not-held"]);
    context.now = 300;
    expect(chunksIn(want(2, 1), 2)).toEqual([1]);
    hold(6);
    context.now = 1_000;
    expect(refusedIn(want(2, 2), 2)).toEqual(["2 busy"]);
    // Whoever is fed from here may ask at any time.
    expect(chunksIn(want(1, 2), 1)).toEqual([2]);
    sent(1, 2, 6);
    expect(chunksIn(want(2, 2), 2)).toEqual([2]);
  });

  test("keeps to the forward limiter", () => {
    expect(chunksIn(want(1, ...range(0, 6)), 1)).toEqual([0, 1, 2, 3]);
    expect(chunksIn(want(1, ...range(0, 6)), 1)).toEqual([]);
    expect(chunksIn(sent(1, 0), 1)).toEqual([4]);
  });

  test("refuses a request that is malformed, too early, or for more than 1,024 chunks", () => {
    expect(distribution.onWant(1, wants([{ first: 99, count: 2 }]))).toBe(
      "chunks 99 to 100 of 100",
    );
    expect(distribution.onWant(1, wants(range(0, 3).map(() => ({ first: 0, count: 40 }))))).toBe(
      "runs of 120 chunks of 100",
    );
    distribution.addSink(2, 2);
    expect(distribution.onWant(2, wants([]))).toBe("wanted chunks before the bitmap");
    open2000();
    expect(distribution.onWant(3, wants([{ first: 0, count: 1_024 }]))).toBeUndefined();
    expect(distribution.onWant(3, wants([{ first: 0, count: 1_025 }]))).toBe(
      "1025 chunks wanted at once, expected at most 1024",
    );
  });

  test("of who is no child is nothing", () => {
    expect(distribution.onWant(9, wants(runs(200)))).toBeUndefined();
    expect(distribution.onHolds(9, holds(new Uint8Array(0)))).toBeUndefined();
    expect(context.takeEffects()).toEqual([]);
  });

  /** All of 2,000 chunks, and a peer 3 that is fed none of them. */
  function open2000(): void {
    make();
    content = new Content(makeSizes(2_000), 1_024, context.options);
    distribution.open(manifest, content);
    give(content, range(0, 2_000));
    distribution.addSink(3, 3);
    distribution.onHolds(3, holds(new Uint8Array(250), noChunk));
    context.takeEffects();
  }
});

describe("Distribution of the seal", () => {
  test("goes to the children that are ready for chunks, and to the others when they are", () => {
    distribution.open(manifest, content);
    join(1);
    distribution.addSink(2, 2);
    content.seal = signedSeal(sessionHash, content.totalBytes);
    distribution.onSealed();
    const effects = context.takeEffects();
    expect(framesIn(effects)).toEqual([signedSeal(sessionHash, content.totalBytes)]);
    expect(framesIn(effects, 1)).toHaveLength(1);
    distribution.onHolds(2, holds(bitmap(100).toBytes()));
    expect(framesIn(context.takeEffects(), 2)).toEqual([
      signedSeal(sessionHash, content.totalBytes),
    ]);
  });

  test("goes over each link once, however often it comes, and whatever is wanted anew", () => {
    distribution.open(manifest, content);
    join(1);
    content.seal = signedSeal(sessionHash, content.totalBytes);
    distribution.onSealed();
    context.takeEffects();
    distribution.onSealed();
    distribution.onHolds(1, holds(new Uint8Array(13)));
    expect(context.takeEffects()).toEqual([]);
  });
});

describe("Distribution as the root's measure of how far to produce", () => {
  test("is the position of the child that is furthest; none before one is ready", () => {
    distribution.open(manifest, content);
    distribution.addSink(1, 1);
    expect(distribution.leadingCursor).toBeUndefined();
    distribution.onHolds(1, holds(bitmap(100).toBytes()));
    expect(distribution.leadingCursor).toBe(0);
    join(2);
    hold(...range(0, 8));
    sent(2, 0, 1, 2);
    expect(distribution.leadingCursor).toBe(7);
    distribution.removeSink(2);
    expect(distribution.leadingCursor).toBe(4);
  });

  test("leaves out a sink that wants no stripe: it waits for nothing", () => {
    distribution.open(manifest, content);
    distribution.addSink(1, 1);
    distribution.onHolds(1, holds(new Uint8Array(13), noChunk));
    expect(distribution.leadingCursor).toBeUndefined();
  });
});

function describeFrame(frame: ReturnType<typeof framesIn>[number]): string {
  if (frame.type === "hashes") return `hashes ${frame.firstChunk}`;
  return frame.type === "chunk" ? `chunk ${frame.index}` : frame.type;
}
