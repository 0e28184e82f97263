import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import type { Effect } from "../../src/core/effect.js";
import type { PeerOptions } from "../../src/core/options.js";
import { Content } from "../../src/core/transfer/content.js";
import { Distribution } from "../../src/core/transfer/distribution.js";
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
  distribution.onChildGained(number, number, true);
  expect(distribution.onHolds(number, bitmap(100, ...has).toBytes())).toBeUndefined();
  return context.takeEffects();
}

/** The operating system took these chunks of that child. */
function sent(number: number, ...indexes: readonly number[]): readonly Effect[] {
  for (const index of indexes) distribution.onChunkSent(number, number, index);
  return context.takeEffects();
}

function chunksIn(effects: readonly Effect[], connection: number): number[] {
  return framesIn(effects, connection).flatMap((frame) =>
    frame.type === "chunk" ? [frame.index] : [],
  );
}

function want(number: number, ...indexes: readonly number[]): readonly Effect[] {
  expect(distribution.onWant(number, bitmap(100, ...indexes).toBytes())).toBeUndefined();
  return context.takeEffects();
}

describe("Distribution of the manifest", () => {
  test("goes to a child that lacks it, in parts and in order, once it is verified here", () => {
    distribution.onChildGained(1, -1, false);
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
    distribution.onChildGained(1, -1, false);
    expect(framesIn(context.takeEffects(), -1)).toHaveLength(3);
    distribution.onChildGained(2, -2, true);
    expect(context.takeEffects()).toEqual([]);
  });
});

describe("Distribution of chunks", () => {
  beforeEach(() => {
    distribution.open(manifest, content);
  });

  test("waits for the child's bitmap, and sends nothing that it holds", () => {
    hold(0, 1, 2, 3);
    distribution.onChildGained(1, 1, true);
    expect(context.takeEffects()).toEqual([]);
    distribution.onHolds(1, bitmap(100, 0, 2).toBytes());
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
    expect(framesIn(effects, 1)).toContainEqual({
      type: "hashes",
      firstChunk: 32,
      payload: pageOf(32, 64),
    });
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
    distribution.onChildLost(1);
    distribution.onChunkLoaded(0, payloadOf(0, sizes));
    expect(context.takeEffects()).toEqual([]);
    expect(hold(3)).toEqual([]);
  });

  test("that were being loaded for a child are not sent to it when it comes back and has them", () => {
    make({ ringChunks: 1, forwardWindowChunks: 2 });
    distribution.open(manifest, content);
    hold(0, 1);
    expect(only(join(1), "load-chunk").map(({ index }) => index)).toEqual([0]);
    distribution.onChildLost(1);
    join(1, 0, 1);
    distribution.onChunkLoaded(0, payloadOf(0, sizes));
    expect(context.takeEffects()).toEqual([]);
  });

  test("begins anew with a child that was lost and comes back: its bitmap says what it lacks", () => {
    hold(0, 1, 2, 3);
    join(1);
    distribution.onChildLost(1);
    distribution.onChildGained(1, 11, true);
    distribution.onHolds(1, bitmap(100, 0, 1).toBytes());
    const effects = context.takeEffects();
    expect(chunksIn(effects, 11)).toEqual([2, 3]);
    expect(framesIn(effects, 11)[0]).toMatchObject({ type: "hashes", firstChunk: 0 });
    // What the old connection still reports is not the new one's.
    distribution.onChunkSent(1, 1, 2);
    expect(chunksIn(hold(...range(4, 9)), 11)).toEqual([4, 5]);
  });

  test("to a child whose bitmap is malformed, early or repeated is refused with a reason", () => {
    distribution.onChildGained(1, 1, true);
    expect(distribution.onHolds(1, new Uint8Array(12))).toContain("13 bytes");
    expect(distribution.onHolds(1, new Uint8Array(13).fill(255))).toContain("spare bits");
    expect(distribution.onHolds(1, new Uint8Array(13))).toBeUndefined();
    expect(distribution.onHolds(1, new Uint8Array(13))).toBe("a second bitmap of chunks");
    make();
    distribution.onChildGained(1, 1, false);
    expect(distribution.onHolds(1, new Uint8Array(13))).toBeUndefined();
    expect(distribution.onHolds(1, new Uint8Array(13))).toBe("a second bitmap of chunks");
  });

  test("to a child that is ahead waits, with its bitmap, until the manifest is open here too", () => {
    make();
    distribution.onChildGained(1, 1, true);
    expect(distribution.onHolds(1, new Uint8Array(13))).toBeUndefined();
    hold(0);
    expect(chunksIn(context.takeEffects(), 1)).toEqual([]);
    distribution.open(manifest, content);
    expect(chunksIn(context.takeEffects(), 1)).toEqual([0]);
  });

  test("a repeated bitmap does not open the forward limiter anew", () => {
    hold(...range(0, 20));
    join(1);
    distribution.onHolds(1, new Uint8Array(13));
    expect(chunksIn(context.takeEffects(), 1)).toEqual([]);
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

  test("leaves a request unanswered that comes sooner after the last than any honest one", () => {
    want(1, 70);
    context.now = 249;
    expect(want(1, 70)).toEqual([]);
    context.now = 250;
    expect(framesIn(want(1, 70), 1)).toEqual([{ type: "refuse", index: 70, reason: "not-held" }]);
  });

  test("keeps to the forward limiter", () => {
    expect(chunksIn(want(1, ...range(0, 6)), 1)).toEqual([0, 1, 2, 3]);
    expect(chunksIn(want(1, ...range(0, 6)), 1)).toEqual([]);
    expect(chunksIn(sent(1, 0), 1)).toEqual([4]);
  });

  test("refuses a request that is malformed, too early, or for more than 1,024 chunks", () => {
    expect(distribution.onWant(1, new Uint8Array(1))).toContain("13 bytes");
    distribution.onChildGained(2, 2, true);
    expect(distribution.onWant(2, new Uint8Array(13))).toBe("wanted chunks before the bitmap");
    const large = new Content(makeSizes(2_000), 1_024, context.options);
    distribution.open(manifest, large);
    distribution.onChildGained(3, 3, true);
    distribution.onHolds(3, new Uint8Array(250));
    expect(distribution.onWant(3, bitmap(2_000, ...range(0, 1_024)).toBytes())).toBeUndefined();
    expect(distribution.onWant(3, bitmap(2_000, ...range(0, 1_025)).toBytes())).toBe(
      "1025 chunks wanted at once, expected at most 1024",
    );
  });

  test("of who is no child is nothing", () => {
    expect(distribution.onWant(9, new Uint8Array(0))).toBeUndefined();
    expect(distribution.onHolds(9, new Uint8Array(0))).toBeUndefined();
    expect(context.takeEffects()).toEqual([]);
  });
});

describe("Distribution of the seal", () => {
  test("goes to the children that are ready for chunks, and to the others when they are", () => {
    distribution.open(manifest, content);
    join(1);
    distribution.onChildGained(2, 2, true);
    content.sessionHash = sessionHash;
    distribution.onSealed();
    const effects = context.takeEffects();
    expect(framesIn(effects)).toEqual([{ type: "seal", sessionHash }]);
    expect(framesIn(effects, 1)).toHaveLength(1);
    distribution.onHolds(2, bitmap(100).toBytes());
    expect(framesIn(context.takeEffects(), 2)).toEqual([{ type: "seal", sessionHash }]);
  });
});

describe("Distribution as the root's measure of how far to produce", () => {
  test("is the position of the child that is furthest; none before one is ready", () => {
    distribution.open(manifest, content);
    distribution.onChildGained(1, 1, true);
    expect(distribution.leadingCursor).toBeUndefined();
    distribution.onHolds(1, bitmap(100).toBytes());
    expect(distribution.leadingCursor).toBe(0);
    join(2);
    hold(...range(0, 8));
    sent(2, 0, 1, 2);
    expect(distribution.leadingCursor).toBe(7);
    distribution.onChildLost(2);
    expect(distribution.leadingCursor).toBe(4);
  });
});

function describeFrame(frame: ReturnType<typeof framesIn>[number]): string {
  if (frame.type === "hashes") return `hashes ${frame.firstChunk}`;
  return frame.type === "chunk" ? `chunk ${frame.index}` : frame.type;
}
