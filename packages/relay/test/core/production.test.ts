import { describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import type { PeerOptions } from "../../src/core/options.js";
import { Content } from "../../src/core/transfer/content.js";
import { Production } from "../../src/core/transfer/production.js";
import {
  hashOf,
  makeContext,
  makeSizes,
  only,
  pageOf,
  range,
  session,
  signedPage,
  takeFacts,
} from "./parts.js";

const kib = 1_024;
const mib = 1_024 * kib;

interface Source {
  readonly context: Context;
  readonly content: Content;
  readonly production: Production;
}

function make(
  chunkCount: number,
  chunkSizeBytes = 64 * kib,
  options: Partial<PeerOptions> = {},
): Source {
  const context = makeContext(options);
  const content = new Content(
    makeSizes(chunkCount, chunkSizeBytes),
    chunkSizeBytes,
    context.options,
  );
  return { context, content, production: new Production(context, content, session) };
}

/** The chunks that are asked for when the leading child is there. */
function asked({ context, production }: Source, cursor: number | undefined): number[] {
  production.advance(cursor);
  return only(context.takeEffects(), "produce-chunk").map(({ index }) => index);
}

/** The chunks that are held because these were produced. */
function produce({ context, production }: Source, indexes: readonly number[]): number[] {
  for (const index of indexes) production.onProduced(index, hashOf(index), new Uint8Array(8));
  return takeFacts(context).flatMap((fact) => (fact.type === "chunk-held" ? [fact.index] : []));
}

describe("Production", () => {
  test("asks for nothing before a child is ready for chunks", () => {
    expect(asked(make(1_000), undefined)).toEqual([]);
  });

  test("asks for the first page when the first child is ready, not for all of a large whole", () => {
    expect(asked(make(1_000_000), 0)).toEqual(range(0, 32));
  });

  test("lets the first chunks go as soon as their page is full, not when all are read", () => {
    const source = make(1_000);
    asked(source, 0);
    expect(produce(source, range(0, 31))).toEqual([]);
    expect(source.content.held.count).toBe(0);
    expect(produce(source, [31])).toEqual(range(0, 32));
    expect(source.content.pages.get(0)).toEqual(signedPage(0, pageOf(0, 32)));
    expect(source.content.held.count).toBe(32);
    expect(source.content.ring.get(0)).toBeDefined();
  });

  test("goes on page by page as the leading child does, each chunk once", () => {
    const source = make(200);
    expect(asked(source, 0)).toEqual(range(0, 32));
    expect(asked(source, 0)).toEqual([]);
    expect(asked(source, 1)).toEqual(range(32, 64));
    expect(asked(source, 32)).toEqual([]);
    expect(asked(source, 33)).toEqual(range(64, 96));
    expect(asked(source, 20)).toEqual([]);
  });

  test("is never further ahead of the leading child than the ring reaches", () => {
    for (const chunkSizeBytes of [1 * kib, 64 * kib, 256 * kib, 1 * mib, 4 * mib, 16 * mib]) {
      const source = make(500, chunkSizeBytes, { ringChunks: 64, ringBytes: 32 * mib });
      let produced = 0;
      for (let cursor = 0; cursor < 500; cursor += 1) {
        const fresh = asked(source, cursor);
        produced += fresh.length;
        expect(produced - cursor).toBeLessThanOrEqual(64);
        expect((produced - cursor) * chunkSizeBytes).toBeLessThanOrEqual(32 * mib);
        // But always far enough for the child to go on.
        expect(produced).toBeGreaterThan(cursor);
        for (const index of fresh)
          source.production.onProduced(index, hashOf(index), new Uint8Array(chunkSizeBytes / kib));
        expect(source.content.ring.get(cursor)).toBeDefined();
      }
    }
  });

  test("has a short last page held too, and then asks for the session's hash over all pages", () => {
    const source = make(40);
    asked(source, 10);
    produce(source, range(0, 32));
    expect(only(source.context.takeEffects(), "hash-session")).toEqual([]);
    expect(produce(source, range(32, 40))).toEqual(range(32, 40));
    expect(only(source.context.takeEffects(), "hash-session")).toEqual([
      { type: "hash-session", pages: [pageOf(0, 32), pageOf(32, 40)] },
    ]);
    expect(asked(source, 40)).toEqual([]);
  });

  test("of nothing is finished at once, and once", () => {
    const source = make(0);
    source.production.advance(undefined);
    source.production.advance(0);
    expect(only(source.context.takeEffects(), "hash-session")).toEqual([
      { type: "hash-session", pages: [] },
    ]);
  });
});
