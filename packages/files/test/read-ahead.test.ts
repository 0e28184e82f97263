import { describe, expect, it } from "vitest";
import { ChunkLayout, type ChunkPlace } from "../src/index.js";
import { ReadAhead } from "../src/read-ahead.js";
import { file, manifestOf } from "./support/tree.js";

const KIB = 1024;

function setUp(sizes: readonly number[], chunkSizeBytes: number, has?: (index: number) => boolean) {
  const entries = sizes.map((size, index) => file(`f${index}`, size));
  const layout = new ChunkLayout({ ...manifestOf(...entries), chunkSizeBytes });
  const reads: number[][] = [];
  let failure: { readonly lengthOver: number } | undefined;
  const readAhead = new ReadAhead(layout, {
    has: has ?? (() => true),
    read: async ({ entry, offset, length }: ChunkPlace) => {
      reads.push([entry, offset / chunkSizeBytes, length]);
      if (failure !== undefined && length > failure.lengthOver) throw new Error("unreadable");
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += chunkSizeBytes) {
        bytes.fill(entry * 50 + (offset + at) / chunkSizeBytes, at, at + chunkSizeBytes);
      }
      return bytes;
    },
  });
  const failOver = (lengthOver: number | undefined) => {
    failure = lengthOver === undefined ? undefined : { lengthOver };
  };
  /** Reads a chunk and checks that it is that chunk. */
  const read = async (index: number) => {
    const { entry, offset, length } = layout.locate(index);
    const bytes = await readAhead.read(index);
    expect(bytes).toHaveLength(length);
    expect(bytes[0]).toBe((entry * 50 + offset / chunkSizeBytes) & 255);
  };
  return { read, reads, failOver, readAhead };
}

describe("reading ahead", () => {
  it("reads one chunk where one is asked for", async () => {
    const { read, reads } = setUp([100 * 64 * KIB], 64 * KIB);
    for (const index of [5, 50, 20, 80]) await read(index);
    expect(reads).toEqual([5, 50, 20, 80].map((at) => [0, at, 64 * KIB]));
  });

  it("reads 512 KiB where chunks are asked for in order", async () => {
    const { read, reads } = setUp([100 * 64 * KIB], 64 * KIB);
    for (let index = 3; index < 20; index += 1) await read(index);
    expect(reads).toEqual([
      [0, 3, 64 * KIB],
      [0, 4, 512 * KIB],
      [0, 12, 512 * KIB],
    ]);
  });

  it("does so for eight readers at different places", async () => {
    const { read, reads } = setUp([1000 * 64 * KIB], 64 * KIB);
    for (let step = 0; step < 9; step += 1) {
      for (let reader = 0; reader < 8; reader += 1) await read(reader * 100 + step);
    }
    expect(reads).toHaveLength(16);
  });

  it("ends at a file's end, and at a chunk that is not there", async () => {
    const { read, reads } = setUp([3 * KIB, 100 * KIB], KIB, (index) => index !== 9);
    for (let index = 0; index < 9; index += 1) await read(index);
    expect(reads).toEqual([
      [0, 0, KIB],
      [0, 1, 2 * KIB],
      [1, 0, 6 * KIB],
    ]);
  });

  it("shares a read that is under way", async () => {
    const { read, reads } = setUp([100 * KIB], KIB);
    await Promise.all([read(7), read(7), read(7)]);
    expect(reads).toHaveLength(1);
  });

  it("does not fail for a chunk when its neighbours cannot be read", async () => {
    const { read, reads, failOver } = setUp([100 * KIB], KIB);
    await read(0);
    failOver(KIB);
    await Promise.all([read(1), read(2), read(3)]);
    expect(reads.map(([, at, length]) => [at, length])).toEqual([
      [0, KIB],
      [1, 99 * KIB],
      [1, KIB],
      [2, KIB],
      [3, KIB],
    ]);
  });

  it("fails for a chunk that cannot be read, and tries again when it is asked for again", async () => {
    const { read, reads, failOver } = setUp([100 * KIB], KIB);
    failOver(0);
    await expect(read(50)).rejects.toThrow("unreadable");
    failOver(undefined);
    await read(50);
    expect(reads).toHaveLength(2);
  });

  it("forgets what it read when it is cleared", async () => {
    const { read, reads, readAhead } = setUp([100 * KIB], KIB);
    await read(0);
    readAhead.clear();
    await read(0);
    expect(reads).toHaveLength(2);
  });
});
