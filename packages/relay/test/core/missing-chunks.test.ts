import { beforeEach, describe, expect, test } from "vitest";
import { Content } from "../../src/core/transfer/content.js";
import { Leftovers } from "../../src/core/transfer/leftovers.js";
import { MissingChunks } from "../../src/core/transfer/missing-chunks.js";
import { bitmap, makeContext, makeSizes, range } from "./parts.js";

const chunkCount = 10;

let content: Content;
let leftovers: Leftovers;
let missing: MissingChunks;

/** Holds chunk 0, is verifying chunk 2, and claims chunk 5. */
beforeEach(() => {
  const context = makeContext();
  content = new Content(makeSizes(chunkCount), 1_024, context.options);
  leftovers = new Leftovers(context, content, bitmap(chunkCount, 5));
  missing = new MissingChunks();
  missing.open(content.held, leftovers);
  content.hold(0);
  missing.onVerifying(2);
});

function lowest(most = chunkCount, end = chunkCount): number[] {
  return [...missing.lowest(most, end)];
}

describe("the chunks that a peer misses", () => {
  test("are none before it is known what there is", () => {
    missing = new MissingChunks();
    expect(lowest()).toEqual([]);
    expect(missing.complement().size).toBe(0);
  });

  test("are all that it neither holds, nor is verifying, nor claims", () => {
    expect(lowest()).toEqual([1, 3, 4, 6, 7, 8, 9]);
    expect(range(0, chunkCount).filter(missing.has)).toEqual(lowest());
  });

  test("are told lowest first, no more than asked for, and none beyond the end", () => {
    expect(lowest(3)).toEqual([1, 3, 4]);
    expect(lowest(chunkCount, 4)).toEqual([1, 3]);
    expect(lowest(0)).toEqual([]);
  });

  test("have one again that was verified and is not what it should be", () => {
    missing.onVerified(2);
    expect(missing.has(2)).toBe(true);
  });

  test("have one no more that was verified and is held", () => {
    content.hold(2);
    missing.onVerified(2);
    expect(missing.has(2)).toBe(false);
  });

  test("have one again that was claimed and is something else", () => {
    leftovers.onChecked(5);
    expect(missing.has(5)).toBe(true);
  });

  test("have a complement, which is the caller's own", () => {
    const others = missing.complement();
    expect(range(0, chunkCount).filter((index) => others.has(index))).toEqual([0, 2, 5]);
    others.set(1);
    expect(missing.has(1)).toBe(true);
    expect(content.held.has(1)).toBe(false);
  });
});
