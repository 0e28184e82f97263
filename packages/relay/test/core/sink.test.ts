import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Content } from "../../src/core/transfer/content.js";
import { Sink } from "../../src/core/transfer/sink.js";
import { bitmap, framesIn, give, makeContext, makeSizes, signedSeal } from "./parts.js";

const chunkCount = 8;
const holds = { type: "holds", stripeCount: 1, stripes: [0] } as const;

let context: Context;
let content: Content;
let sink: Sink;

beforeEach(() => {
  context = makeContext();
  content = new Content(makeSizes(chunkCount), 1_024, context.options);
  sink = makeSink();
});

function makeSink({ needsManifest = false } = {}): Sink {
  return new Sink(context, 5, { number: 1, isChild: true }, needsManifest);
}

/** It says that it holds those chunks. */
function hold(...indexes: readonly number[]): string | undefined {
  return sink.onHolds(
    { ...holds, payload: bitmap(chunkCount, ...indexes).toBytes() },
    content,
    true,
  );
}

/** The types of the frames that were sent to it since the last call. */
function sent(): string[] {
  return framesIn(context.takeEffects(), 5).map(({ type }) => type);
}

describe("a sink", () => {
  test("is sent the manifest once, and not when it has it", () => {
    for (const needsManifest of [true, false]) {
      sink = makeSink({ needsManifest });
      for (const _ of [1, 2]) sink.sendManifest(new Uint8Array(10));
      expect(sent()).toEqual(needsManifest ? ["manifest"] : []);
    }
  });

  test("is sent the seal once, and not before it has said what it holds", () => {
    content.seal = signedSeal(new Uint8Array(32), content.totalBytes);
    sink.sendSeal(content);
    expect(sent()).toEqual([]);
    hold();
    sink.sendSeal(content);
    expect(sent()).toEqual(["seal"]);
  });

  test("is sent the page of a chunk once", () => {
    give(content, [0]);
    hold();
    for (const index of [0, 0, 1]) sink.sendPage(content, index);
    expect(sent()).toEqual(["hashes"]);
  });

  test("has a queue, and fares somehow, once it has said what it holds", () => {
    expect([sink.hasToldHolds, sink.queue, sink.flow(1_024, 1e9)]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    hold(0, 1);
    expect(sink.hasToldHolds).toBe(true);
    expect(sink.flow(1_024, 1e9)).toMatchObject({ bytesOffered: 0, bytesLacked: 6 * 1_024 });
    expect(sink.flow(1_024, 1_000)).toMatchObject({ bytesLacked: 1_000 });
  });

  test("was offered the chunks that came to be held here while it lacked them", () => {
    hold(0);
    for (const index of [0, 1]) {
      give(content, [index]);
      sink.onChunkHeld(index, content);
    }
    expect(sink.flow(1_024, 1e9)).toMatchObject({ bytesOffered: 1_024 });
  });
});
