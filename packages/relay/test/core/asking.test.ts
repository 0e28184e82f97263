/** What a peer asks others for when the plan does not bring it, and what it says to them. */
import type { ChunkRun } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context, Fact } from "../../src/core/context.js";
import type { Effect } from "../../src/core/effect.js";
import type { ConnectionId } from "../../src/core/event.js";
import { Content } from "../../src/core/transfer/content.js";
import { Distribution } from "../../src/core/transfer/distribution.js";
import { Intake } from "../../src/core/transfer/intake.js";
import { everyChunk, noChunk, type Stripes } from "../../src/core/transfer/stripes.js";
import {
  bitmap,
  framesIn,
  give,
  indexesIn,
  makeContext,
  makeSizes,
  pageOf,
  payloadOf,
  range,
  runs,
  session,
  signedPage,
  signedSeal,
  takeFacts,
} from "./parts.js";

const chunkCount = 200;
const sizes = makeSizes(chunkCount);
const [source, helper, other] = [10, 20, 30] as const;

let context: Context;
let facts: Fact[];
let effects: Effect[];

beforeEach(() => {
  context = makeContext({ wantAfterMs: 1e9 });
  facts = [];
  effects = [];
});

function settle(): void {
  facts.push(...takeFacts(context));
  effects.push(...context.takeEffects());
}

describe("a peer that takes chunks in", () => {
  let intake: Intake;

  beforeEach(() => {
    const promised = {
      session,
      chunkCount,
      chunkSizeBytes: 1_024,
      totalBytes: 1,
      strategy: "pipeline" as const,
      manifestBytes: 700,
    };
    intake = new Intake(context, promised, () => undefined);
    intake.onManifestPart(0, new Uint8Array(700));
    intake.onManifestOpened(sizes);
    feed(source, everyChunk);
    for (let first = 0; first < chunkCount; first += 32)
      intake.onHashes(signedPage(first, pageOf(first, Math.min(chunkCount, first + 32))));
    settle();
  });

  function feed(connection: ConnectionId, stripes: Stripes): void {
    intake.setInlet(connection / 10, connection, stripes);
  }

  /** Somebody who may be asked, and says that it holds those chunks. */
  function help(connection: ConnectionId, held: readonly number[], isIdle = false): void {
    feed(connection, noChunk);
    expect(
      intake.onHave(connection, { type: "have", isIdle, runs: runs(...held) }),
    ).toBeUndefined();
    settle();
    effects = [];
  }

  function receive(from: ConnectionId, ...indexes: readonly number[]): void {
    for (const index of indexes) {
      expect(intake.onChunk(from, index, payloadOf(index, sizes))).toBeUndefined();
      intake.onVerified(index, payloadOf(index, sizes), true);
    }
    settle();
  }

  function pass(until: number): void {
    for (let due = intake.deadline(); due !== undefined && due <= until; due = intake.deadline()) {
      context.now = due;
      intake.onTick();
      settle();
    }
    context.now = until;
  }

  /** A chunk each so many milliseconds from the source. */
  function flow(indexes: readonly number[], everyMs: number): void {
    for (const index of indexes) {
      pass(context.now + everyMs);
      receive(source, index);
    }
  }

  function wantedOf(connection: ConnectionId): number[] {
    return framesIn(effects, connection).flatMap((frame) =>
      frame.type === "want" ? indexesIn(frame.runs) : [],
    );
  }

  function helpWanted(): number {
    return facts.filter(({ type }) => type === "help-wanted").length;
  }

  test("asks nobody while chunks come as they usually do", () => {
    help(helper, range(0, 200));
    flow(range(0, 100), 290);
    expect(wantedOf(helper)).toEqual([]);
    expect(helpWanted()).toBe(0);
  });

  test("asks a helper for the lowest that it misses when nothing has come for a while", () => {
    help(helper, range(0, 150));
    flow(range(0, 40), 10);
    const since = context.now;
    pass(since + 250);
    expect(wantedOf(helper)).toEqual([]);
    pass(since + 400);
    expect(wantedOf(helper)).toEqual([40, 41]);
    expect(helpWanted()).toBe(0);
  });

  test("waits longer where chunks are rare", () => {
    help(helper, range(0, 200));
    flow(range(0, 60), 100);
    const since = context.now;
    pass(since + 1_400);
    expect(wantedOf(helper)).toEqual([]);
    pass(since + 1_700);
    expect(wantedOf(helper)).toEqual([60, 61]);
  });

  test("waits for the first chunk: it comes over many hops", () => {
    help(helper, range(0, 200));
    pass(1_200);
    expect(wantedOf(helper)).toEqual([]);
    pass(1_400);
    expect(wantedOf(helper)).toEqual([0, 1]);
  });

  test("goes on asking as its helper serves it, as long as nothing comes by the plan", () => {
    help(helper, range(0, 200));
    flow(range(0, 5), 10);
    pass(context.now + 350);
    expect(wantedOf(helper)).toEqual([5, 6]);
    receive(helper, 5, 6);
    pass(context.now + 50);
    expect(wantedOf(helper)).toEqual(range(5, 11));
    receive(helper, ...range(7, 11));
    flow([11], 1);
    pass(context.now + 250);
    expect(wantedOf(helper)).toEqual(range(5, 11));
  });

  test("seeks help where there is nobody to ask, or nobody who holds what is overdue", () => {
    help(other, []);
    intake.removeInlet(other);
    flow(range(0, 5), 10);
    pass(context.now + 1_000);
    expect(helpWanted()).toBeGreaterThan(0);
    facts = [];
    help(helper, range(0, 5));
    pass(context.now + 1_000);
    expect(helpWanted()).toBeGreaterThan(0);
    facts = [];
    help(helper, range(5, 200));
    pass(context.now + 200);
    expect(helpWanted()).toBe(0);
  });

  test("tells everybody else when a chunk has come that was asked for: it need not come twice", () => {
    help(helper, range(0, 200));
    help(other, []);
    flow(range(0, 5), 10);
    pass(context.now + 400);
    effects = [];
    receive(helper, 5);
    const news = { type: "have", isIdle: false, runs: [{ first: 5, count: 1 }] };
    expect(framesIn(effects, source)).toEqual([news]);
    expect(framesIn(effects, helper)).toEqual([]);
    // From the source all the same: the helper need not send it any more.
    effects = [];
    receive(source, 6);
    expect(framesIn(effects, helper)).toEqual([news].map((one) => ({ ...one, runs: runs(6) })));
    // Nobody is told of what was not asked for.
    effects = [];
    receive(source, 100);
    expect(framesIn(effects)).toEqual([]);
  });

  test("asks the idle for the last ones, once everything exists and less comes than once did", () => {
    help(helper, range(0, 200), true);
    intake.onSeal(signedSeal(new Uint8Array(32), sizes.totalBytes));
    flow(range(0, 100), 5);
    expect(wantedOf(helper)).toEqual([]);
    flow(range(100, 112), 50);
    expect(wantedOf(helper).length).toBeGreaterThan(0);
    expect(Math.min(...wantedOf(helper))).toBeGreaterThan(128);
  });

  test("does not ask the idle before everything exists", () => {
    help(helper, range(0, 200), true);
    flow(range(0, 100), 5);
    flow(range(100, 112), 50);
    expect(wantedOf(helper)).toEqual([]);
  });

  test("asks nobody while its own disk is behind", () => {
    context = makeContext({ unstoredChunks: 3 });
    const promised = {
      session,
      chunkCount,
      chunkSizeBytes: 1_024,
      totalBytes: 1,
      strategy: "pipeline" as const,
      manifestBytes: 700,
    };
    intake = new Intake(context, promised, () => undefined);
    intake.onManifestPart(0, new Uint8Array(700));
    intake.onManifestOpened(sizes);
    intake.onHashes(signedPage(0, pageOf(0, 32)));
    feed(source, everyChunk);
    help(helper, range(0, 200));
    receive(source, ...range(0, 4));
    expect(intake.isHoldingBack).toBe(true);
    pass(10_000);
    expect(wantedOf(helper)).toEqual([]);
    expect(helpWanted()).toBe(0);
  });

  test("is lied to by who has not what it said it has, unless it cannot read it any more", () => {
    help(helper, range(0, 150));
    flow(range(0, 40), 10);
    pass(context.now + 400);
    expect(wantedOf(helper)).toEqual([40, 41]);
    expect(intake.onRefuse(helper, 40, "unreadable")).toBeUndefined();
    expect(intake.onRefuse(helper, 41, "not-held")).toBe(
      "a refusal of chunk 41, which it said it has",
    );
  });

  test("refuses news and refusals of chunks that there are not, and news that makes work", () => {
    help(helper, []);
    const have = (...of: readonly ChunkRun[]) =>
      intake.onHave(helper, { type: "have", isIdle: true, runs: of });
    expect(have({ first: 199, count: 2 })).toBe("chunks 199 to 200 of 200");
    expect(have({ first: 0, count: 200 }, { first: 3, count: 1 })).toBe(
      "runs of 201 chunks of 200",
    );
    expect(intake.onRefuse(helper, 200, "not-held")).toBe("a refusal of chunk 200 of 200");
    expect(intake.onRefuse(helper, 199, "not-held")).toBeUndefined();
    // Nor from who is no helper, or gone.
    expect(intake.onRefuse(source, 2 ** 24 - 1, "busy")).toContain("of 200");
    expect(intake.onRefuse(99, 3, "busy")).toBeUndefined();
  });
});

describe("a peer that may be asked", () => {
  let content: Content;
  let distribution: Distribution;

  beforeEach(() => {
    content = new Content(sizes, 1_024, context.options);
    distribution = new Distribution(context);
    distribution.open(new Uint8Array(700), content);
  });

  function join(connection: ConnectionId, { count, wanted }: Stripes): void {
    distribution.addSink(connection, connection);
    const payload = bitmap(chunkCount).toBytes();
    distribution.onHolds(connection, {
      type: "holds",
      stripeCount: count,
      stripes: wanted,
      payload,
    });
    settle();
  }

  function hold(...indexes: readonly number[]): void {
    give(content, indexes);
    for (const index of indexes) distribution.onChunkHeld(index);
    settle();
  }

  /** What is announced until then: `at isIdle chunks`. */
  function announced(until: number, connection: ConnectionId = helper): string[] {
    const told: string[] = [];
    for (let due = distribution.deadline(); due !== undefined && due <= until; ) {
      context.now = due;
      effects = [];
      distribution.onTick();
      settle();
      for (const frame of framesIn(effects, connection))
        if (frame.type === "have")
          told.push([due, frame.isIdle, ...indexesIn(frame.runs)].join(" "));
      due = distribution.deadline();
    }
    context.now = until;
    return told;
  }

  test("says what it holds to whom it does not feed, and not to whom it does", () => {
    hold(3);
    join(helper, noChunk);
    join(source, everyChunk);
    expect(announced(0)).toEqual(["0 false 3"]);
    hold(4, 5);
    expect(announced(100)).toEqual(["100 false 4 5"]);
    expect(announced(10_000, source)).toEqual([]);
  });

  test("says when it has come to rest, although nothing happens then, and when it has work again", () => {
    join(helper, noChunk);
    expect(announced(0)).toEqual(["0 true"]);
    hold(3);
    expect(announced(1_000)).toEqual(["100 false 3", "300 true"]);
    hold(4);
    expect(announced(2_000)).toEqual(["1100 false 4", "1300 true"]);
  });

  test("is not idle while those that it feeds wait, and is once the last has all, or has gone", () => {
    join(helper, noChunk);
    join(source, everyChunk);
    join(other, everyChunk);
    hold(3);
    expect(announced(1_000)).toEqual(["0 false 3"]);
    distribution.onChunkSent(source, 3);
    expect(announced(2_000)).toEqual([]);
    distribution.removeSink(other);
    expect(announced(3_000)).toEqual(["2100 true"]);
  });

  test("says no more to whom it feeds now, nor to who has gone", () => {
    join(helper, noChunk);
    join(other, noChunk);
    announced(0);
    const fed = { type: "holds", stripeCount: 1, stripes: [0] } as const;
    distribution.onHolds(helper, { ...fed, payload: bitmap(chunkCount).toBytes() });
    distribution.removeSink(other);
    settle();
    hold(3);
    expect(announced(10_000)).toEqual([]);
    expect(announced(20_000, other)).toEqual([]);
    expect(distribution.deadline()).toBeUndefined();
  });
});
