/** What the parts of a machine do with a stream, whose length nobody knows before its end. */
import { beforeEach, describe, expect, test } from "vitest";
import { Verdicts } from "../../src/core/completion/verdicts.js";
import type { Context } from "../../src/core/context.js";
import type { ChunkSizes } from "../../src/core/event.js";
import { Content } from "../../src/core/transfer/content.js";
import { Distribution } from "../../src/core/transfer/distribution.js";
import { Intake } from "../../src/core/transfer/intake.js";
import { Production } from "../../src/core/transfer/production.js";
import { everyChunk, noChunk } from "../../src/core/transfer/stripes.js";
import {
  framesIn,
  hashOf,
  makeContext,
  only,
  pageOf,
  peer,
  range,
  runs,
  session,
  signedPage,
  signedSeal,
  stepsIn,
  takeFacts,
} from "./parts.js";

const chunkBytes = 1_024;
const mostChunks = 2 ** 24;
const sizes: ChunkSizes = {
  chunkCount: mostChunks,
  totalBytes: mostChunks * chunkBytes,
  isOpen: true,
  lengthOf: () => chunkBytes,
};
const sessionHash = new Uint8Array(32).fill(9);
const payloadOf = (length = chunkBytes): Uint8Array => new Uint8Array(length);

let context: Context;
beforeEach(() => {
  context = makeContext();
});

describe("a root that sends a stream", () => {
  let content: Content;
  let production: Production;
  beforeEach(() => {
    content = new Content(sizes, chunkBytes, context.options);
    production = new Production(context, content, session);
    production.advance(0);
  });

  const asked = () => only(context.takeEffects(), "produce-chunk").map(({ index }) => index);
  const held = () =>
    takeFacts(context).flatMap((fact) => (fact.type === "chunk-held" ? [fact.index] : []));
  const produce = (first: number, end: number, lastLength = chunkBytes): void => {
    for (const index of range(first, end))
      production.onProduced(
        index,
        hashOf(index),
        payloadOf(index < end - 1 ? undefined : lastLength),
      );
  };
  const hashed = () => only(context.takeEffects(), "hash-session");

  test("lets full pages of full chunks go while more is to come", () => {
    produce(0, 31);
    expect(held()).toEqual([]);
    produce(31, 32);
    expect(held()).toEqual(range(0, 32));
    expect(content.isOpen).toBe(true);
  });

  test("lets the last page go behind the seal, and not before", () => {
    produce(0, 40, 10);
    production.onEnded(39 * chunkBytes + 10);
    expect(held()).toEqual(range(0, 32));
    expect(hashed()).toEqual([{ type: "hash-session", pages: [pageOf(0, 32), pageOf(32, 40)] }]);
    expect([content.isOpen, content.sessionHash]).toEqual([true, undefined]);
    production.onHashed(sessionHash);
    expect(held()).toEqual(range(32, 40));
    expect([content.isOpen, content.chunkCount, content.held.isFull]).toEqual([false, 40, true]);
    expect([content.totalBytes, content.lengthOf(39)]).toEqual([39 * chunkBytes + 10, 10]);
    const step = { type: "stream-ended", chunkCount: 40, totalBytes: content.totalBytes };
    expect(stepsIn(context.takeEffects())).toEqual([step]);
  });

  test("keeps a full page back that has a short chunk, and asks for what is behind it", () => {
    asked();
    produce(0, 32, 1);
    expect(held()).toEqual([]);
    expect(asked()).toEqual([32]);
    production.onEnded(31 * chunkBytes + 1);
    expect(hashed()).toEqual([{ type: "hash-session", pages: [pageOf(0, 32)] }]);
    production.onHashed(sessionHash);
    expect(held()).toEqual(range(0, 32));
  });

  test("ends at a page's end with nothing kept back", () => {
    produce(0, 32);
    production.onEnded(32 * chunkBytes);
    expect(held()).toEqual(range(0, 32));
    production.onHashed(sessionHash);
    expect(held()).toEqual([]);
    expect([content.chunkCount, content.pages.isComplete]).toEqual([32, true]);
  });

  test("may have sent nothing at all", () => {
    production.onEnded(0);
    expect(hashed()).toEqual([{ type: "hash-session", pages: [] }]);
    production.onHashed(sessionHash);
    expect([content.chunkCount, content.held.isFull, content.isOpen]).toEqual([0, true, false]);
  });

  test("tells when its source goes on after a pause, and how much there was before", () => {
    produce(0, 32);
    takeFacts(context);
    context.now += 900;
    produce(32, 64);
    expect(takeFacts(context).filter(({ type }) => type === "stream-resumed")).toEqual([]);
    context.now += 1_100;
    produce(64, 96);
    expect(takeFacts(context)).toContainEqual({ type: "stream-resumed", chunksBefore: 64 });
  });

  test("takes memory for what there is, not for what there may be", () => {
    const before = process.memoryUsage().arrayBuffers;
    const contents = range(0, 50).map(() => new Content(sizes, chunkBytes, context.options));
    const distribution = new Distribution(context);
    distribution.open(new Uint8Array(1), content);
    for (const number of range(1, 50)) {
      distribution.addSink(number, number);
      distribution.onHolds(number, {
        type: "holds",
        stripeCount: 2,
        stripes: [number % 2],
        payload: new Uint8Array(0),
      });
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20);
    expect(contents).toHaveLength(50);
  });
});

describe("a receiver of a stream", () => {
  let intake: Intake;
  let content: Content;
  beforeEach(() => {
    const promised = {
      session,
      ...sizes,
      chunkSizeBytes: chunkBytes,
      strategy: "pipeline" as const,
      manifestBytes: 1,
    };
    intake = new Intake(context, promised, () => undefined);
    intake.setInlet(1, 1, everyChunk);
    intake.onManifestPart(0, new Uint8Array(1));
    content = intake.onManifestOpened(sizes);
  });

  const take = (index: number, length = chunkBytes): string | undefined => {
    const fault = intake.onChunk(1, index, payloadOf(length));
    if (fault === undefined) intake.onVerified(index, payloadOf(length), true);
    return fault;
  };
  const takePage = (first: number, end: number): string | undefined =>
    intake.onHashes(signedPage(first, pageOf(first, end)));

  test("says what it holds in as many bytes as that takes", () => {
    takePage(0, 32);
    take(9);
    context.takeEffects();
    intake.setInlet(2, 2, everyChunk);
    expect(framesIn(context.takeEffects(), 2)).toMatchObject([
      { type: "holds", payload: Uint8Array.of(0, 0b10) },
    ]);
  });

  test("refuses short pages and short chunks as long as the end is not known", () => {
    expect(takePage(0, 31)).toContain("a hash page of");
    takePage(0, 32);
    expect(take(0, chunkBytes - 1)).toContain("chunk 0 of 1023 bytes");
    expect(take(0)).toBeUndefined();
  });

  test("learns the end from the seal: what follows may be short, and nothing is beyond", () => {
    takePage(0, 32);
    context.takeEffects();
    const totalBytes = 33 * chunkBytes + 5;
    expect(intake.onSeal(signedSeal(sessionHash, totalBytes))).toBeUndefined();
    const effects = context.takeEffects();
    expect(only(effects, "end-stream")).toEqual([{ type: "end-stream", totalBytes }]);
    expect(takePage(32, 64)).toContain("a hash page of");
    expect(takePage(32, 34)).toBeUndefined();
    expect(take(33)).toContain("expected 5");
    expect(take(33, 5)).toBeUndefined();
    expect(take(34)).toContain("chunk 34 of 34");
    expect(content.held.isFull).toBe(false);
  });

  test("is whole when all up to the end is here, and not before it knows the end", () => {
    takePage(0, 32);
    for (const index of range(0, 32)) {
      take(index);
      intake.onStored(index);
    }
    expect(takeFacts(context).map(({ type }) => type)).not.toContain("all-stored");
    intake.onSeal(signedSeal(sessionHash, 32 * chunkBytes));
    expect(takeFacts(context).map(({ type }) => type)).toContain("all-stored");
  });

  test("refuses an end before what is known already: a cut stream does not pass for a whole one", () => {
    takePage(0, 32);
    takePage(32, 64);
    for (const totalBytes of [0, 32 * chunkBytes, 64 * chunkBytes - 1])
      expect(intake.onSeal(signedSeal(sessionHash, totalBytes))).toContain(
        `an end after ${totalBytes} bytes`,
      );
    expect([content.isOpen, content.sessionHash]).toEqual([true, undefined]);
    expect(intake.onSeal(signedSeal(sessionHash, 64 * chunkBytes))).toBeUndefined();
  });

  test("refuses an end beyond what can be numbered, and another end than before", () => {
    expect(intake.onSeal(signedSeal(sessionHash, mostChunks * chunkBytes + 1))).toContain(
      "an end after",
    );
    expect(intake.onSeal(signedSeal(sessionHash, 100))).toBeUndefined();
    expect(intake.onSeal(signedSeal(sessionHash, 101))).toBe("a seal of 101 bytes, expected 100");
    expect(intake.onSeal(signedSeal(sessionHash, 100))).toBeUndefined();
  });

  test("asks nobody for what nobody has heard of, however long the source pauses", () => {
    intake.setInlet(2, 2, noChunk);
    takePage(0, 32);
    for (const index of range(0, 32)) take(index);
    context.takeEffects();
    takeFacts(context);
    for (let at = 0; at < 100; at += 1) {
      context.now = intake.deadline() ?? context.now + 50;
      intake.onTick();
    }
    expect(framesIn(context.takeEffects())).toEqual([]);
    expect(takeFacts(context)).toEqual([]);
  });

  test("asks for what others say that they hold", () => {
    intake.setInlet(2, 2, noChunk);
    intake.onHave(2, { type: "have", isIdle: false, runs: runs(0, 1) });
    context.takeEffects();
    for (let at = 0; at < 60; at += 1) {
      context.now = intake.deadline() ?? context.now + 50;
      intake.onTick();
    }
    expect(framesIn(context.takeEffects(), 2)[0]).toEqual({
      type: "want",
      runs: [{ first: 0, count: 2 }],
    });
  });
});

describe("the distribution of a stream", () => {
  test("tells the end before anything that is short, and forgets claims beyond it", () => {
    const content = new Content(sizes, chunkBytes, context.options);
    const distribution = new Distribution(context);
    distribution.open(new Uint8Array(1), content);
    distribution.addSink(1, 1);
    const claimed = new Uint8Array(20);
    claimed[19] = 1;
    const holds = { type: "holds", stripeCount: 1, stripes: [0], payload: claimed } as const;
    expect(distribution.onHolds(1, holds)).toBeUndefined();
    content.end(2 * chunkBytes + 7);
    content.seal = signedSeal(sessionHash, content.totalBytes);
    distribution.onSealed();
    content.pages.put(signedPage(0, pageOf(0, 3)), () => true);
    for (const index of range(0, 3)) {
      content.ring.put(index, payloadOf(content.lengthOf(index)));
      content.hold(index);
      distribution.onChunkHeld(index);
    }
    const frames = framesIn(context.takeEffects(), 1);
    expect(frames.map(({ type }) => type)).toEqual(["seal", "hashes", "chunk", "chunk", "chunk"]);
    expect(frames[0]).toEqual(signedSeal(sessionHash, 2 * chunkBytes + 7));
  });

  test("refuses a bitmap with zeros at its end, or one that is too long", () => {
    const content = new Content(sizes, chunkBytes, context.options);
    const distribution = new Distribution(context);
    distribution.open(new Uint8Array(1), content);
    distribution.addSink(1, 1);
    const holds = { type: "holds", stripeCount: 1, stripes: [0] } as const;
    const payload = Uint8Array.of(1, 0);
    expect(distribution.onHolds(1, { ...holds, payload })).toContain("does not end in zeros");
    const long = new Uint8Array(mostChunks / 8 + 1).fill(1);
    expect(distribution.onHolds(1, { ...holds, payload: long })).toContain("at most");
  });
});

describe("the verdicts on a stream", () => {
  const extent = { chunkCount: mostChunks, totalBytes: 0, isOpen: true, held: { count: 64 } };
  let verdicts: Verdicts;
  beforeEach(() => {
    extent.isOpen = true;
    verdicts = new Verdicts(context, { session, timeoutMs: 10_000, extent });
    for (const number of [1, 2]) verdicts.expect(peer(number));
    verdicts.onProgress({ number: 1, parent: 0, chunksHeld: 64 });
    verdicts.onProgress({ number: 2, parent: 0, chunksHeld: 32 });
    context.takeEffects();
  });

  const pass = (until: number): void => {
    for (let due = verdicts.deadline(); (due ?? until) < until; due = verdicts.deadline()) {
      context.now = due ?? until;
      verdicts.onTick();
    }
    context.now = until;
  };

  test("say no share of a whole that nobody knows", () => {
    verdicts.onProgress({ number: 2, parent: 0, chunksHeld: 40 });
    expect(stepsIn(context.takeEffects())).toMatchObject([
      { chunksHeld: 40, chunkCount: undefined },
    ]);
  });

  test("wait for who has all there is, and give up who does not get on", () => {
    pass(60_000);
    expect(verdicts.undecided).toEqual([peer(1)]);
    expect(verdicts.results).toMatchObject([{ number: 2, error: { code: "timed-out" } }]);
    extent.isOpen = false;
    pass(80_000);
    expect(verdicts.isDecided).toBe(true);
  });

  test("count a pause of the source against nobody who had all before it", () => {
    pass(9_500);
    verdicts.excuse(64);
    extent.held.count = 96;
    pass(15_000);
    expect(verdicts.undecided).toEqual([peer(1)]);
    pass(20_000);
    expect(verdicts.isDecided).toBe(true);
    extent.held.count = 64;
  });

  test("take nobody for complete who leaves before the end", () => {
    verdicts.onLeave(1, "", "");
    pass(3_000);
    expect(verdicts.results).toMatchObject([
      { number: 1, status: "failed", error: { code: "left" } },
    ]);
  });
});
