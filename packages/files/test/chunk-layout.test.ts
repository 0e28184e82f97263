import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ChunkLayout,
  defaultChunkSizeBytes,
  type ManifestEntry,
  pipelineChunkSizeBytes,
} from "../src/index.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const TIB = 1024 * GIB;

function entry(sizeBytes: number): ManifestEntry {
  return { path: "x", kind: "file", sizeBytes, mode: 0o644, modifiedMs: 0 };
}

function layoutOf(chunkSizeBytes: number, sizes: readonly number[]): ChunkLayout {
  return new ChunkLayout({ chunkSizeBytes, entries: sizes.map(entry) });
}

describe("a chunk layout", () => {
  it("cuts each file on its own, the last chunk short, empty files not at all", () => {
    const layout = layoutOf(KIB, [0, 1, 0, 0, KIB, KIB + 1, 0]);
    expect(layout.chunkCount).toBe(4);
    expect(layout.totalBytes).toBe(2 * KIB + 2);
    const places = [0, 1, 2, 3].map((index) => layout.locate(index));
    expect(places).toEqual([
      { entry: 1, offset: 0, length: 1 },
      { entry: 4, offset: 0, length: KIB },
      { entry: 5, offset: 0, length: KIB },
      { entry: 5, offset: KIB, length: 1 },
    ]);
    expect(layout.chunksOf(0)).toEqual({ first: 0, count: 0 });
    expect(layout.chunksOf(5)).toEqual({ first: 2, count: 2 });
    expect(layout.chunksOf(6)).toEqual({ first: 4, count: 0 });
  });

  it("finds for every chunk a place that is the chunk's, and leaves no byte out", () => {
    const sizes = fc.array(
      fc.oneof(
        fc.constant(0),
        fc.nat(5 * KIB),
        fc.nat(4).map((n) => n * KIB),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(sizes, fc.constantFrom(KIB, 1500, 4 * KIB), (list, chunkSizeBytes) => {
        const layout = layoutOf(chunkSizeBytes, list);
        let next = 0;
        let before = 0;
        for (const [index, sizeBytes] of list.entries()) {
          const { first, count } = layout.chunksOf(index);
          expect(first).toBe(next);
          let offset = 0;
          for (let chunk = first; chunk < first + count; chunk += 1) {
            const place = layout.locate(chunk);
            expect(place.entry).toBe(index);
            expect(layout.entryOf(chunk)).toBe(index);
            expect(place.offset).toBe(offset);
            expect(layout.lengthOf(chunk)).toBe(place.length);
            expect(layout.bytesBefore(chunk)).toBe(before + offset);
            expect(place.length).toBeGreaterThan(0);
            expect(place.length === chunkSizeBytes || chunk === first + count - 1).toBe(true);
            offset += place.length;
          }
          expect(offset).toBe(sizeBytes);
          next += count;
          before += sizeBytes;
        }
        expect([layout.chunkCount, layout.totalBytes]).toEqual([next, before]);
        expect(layout.bytesBefore(next)).toBe(before);
      }),
    );
  });

  it("is exact for files far beyond 4 GiB", () => {
    const size = 2 ** 47 + 5;
    const layout = layoutOf(16 * MIB, [3, size, 7]);
    const { first, count } = layout.chunksOf(1);
    expect(count).toBe(2 ** 23 + 1);
    expect(layout.locate(first + count - 1)).toEqual({ entry: 1, offset: 2 ** 47, length: 5 });
    expect(layout.bytesBefore(first + count)).toBe(size + 3);
  });

  it("refuses more than 2^24 chunks", () => {
    const limit = expect.objectContaining({ code: "limit-exceeded" });
    expect(layoutOf(KIB, [2 ** 24 * KIB]).chunkCount).toBe(2 ** 24);
    expect(() => layoutOf(KIB, [2 ** 24 * KIB + 1])).toThrow(limit);
    expect(() => layoutOf(KIB, [2 ** 24 * KIB, 1])).toThrow(limit);
    expect(() => layoutOf(16 * MIB, [Number.MAX_SAFE_INTEGER])).toThrow(limit);
  });

  it("refuses sizes that are no sizes", () => {
    for (const size of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "5"]) {
      expect(() => layoutOf(KIB, [size as number])).toThrow(RangeError);
    }
    for (const chunkSizeBytes of [0, -KIB, KIB - 1, 16 * MIB + 1, Number.NaN, 1500.5]) {
      expect(() => layoutOf(chunkSizeBytes, [])).toThrow(RangeError);
    }
  });

  it("has no chunk and no entry beside its own", () => {
    const layout = layoutOf(KIB, [1, 1]);
    for (const index of [-1, 2, 0.5, Number.NaN]) {
      expect(() => layout.locate(index)).toThrow(RangeError);
      expect(() => layout.lengthOf(index)).toThrow(RangeError);
      expect(() => layout.chunksOf(index)).toThrow(RangeError);
    }
    expect(() => layout.bytesBefore(3)).toThrow(RangeError);
    expect(layoutOf(KIB, []).chunkCount).toBe(0);
  });
});

describe("the layout of a stream", () => {
  const entry = { path: "x", kind: "file", sizeBytes: 0, mode: 0o644, modifiedMs: 0 } as const;
  const open = () => new ChunkLayout({ chunkSizeBytes: KIB, entries: [entry], isStream: true });

  it("is that of the longest file there may be, until its end is known", () => {
    const layout = open();
    expect([layout.isOpen, layout.chunkCount, layout.totalBytes]).toEqual([true, 2 ** 24, 2 ** 34]);
    expect(layout.locate(5_000)).toEqual({ entry: 0, offset: 5_000 * KIB, length: KIB });
    layout.endStream(5_000 * KIB + 1);
    expect([layout.isOpen, layout.chunkCount]).toEqual([false, 5_001]);
    expect([layout.totalBytes, layout.sizeOf(0)]).toEqual([5_000 * KIB + 1, 5_000 * KIB + 1]);
    expect(layout.locate(5_000)).toEqual({ entry: 0, offset: 5_000 * KIB, length: 1 });
    expect(layout.chunksOf(0)).toEqual({ first: 0, count: 5_001 });
    expect(() => layout.locate(5_001)).toThrow(RangeError);
  });

  it("may end with nothing, or full, but not twice or beyond what can be numbered", () => {
    const empty = open();
    empty.endStream(0);
    expect([empty.chunkCount, empty.totalBytes]).toEqual([0, 0]);
    expect(() => empty.endStream(0)).toThrow(RangeError);
    const full = open();
    full.endStream(2 ** 34);
    expect(full.chunkCount).toBe(2 ** 24);
    expect(() => open().endStream(2 ** 34 + 1)).toThrow(RangeError);
    expect(() => layoutOf(KIB, [1]).endStream(1)).toThrow(RangeError);
  });
});

describe("the default chunk size", () => {
  it("is 64 KiB up to 2^20 chunks, then doubles, and ends at 16 MiB", () => {
    expect(defaultChunkSizeBytes(0)).toBe(64 * KIB);
    expect(defaultChunkSizeBytes(64 * KIB * 2 ** 20)).toBe(64 * KIB);
    expect(defaultChunkSizeBytes(64 * KIB * 2 ** 20 + 1)).toBe(128 * KIB);
    expect(defaultChunkSizeBytes(16 * TIB)).toBe(16 * MIB);
    expect(defaultChunkSizeBytes(100 * TIB)).toBe(16 * MIB);
    expect(defaultChunkSizeBytes(Number.MAX_SAFE_INTEGER)).toBe(16 * MIB);
  });

  it("is smaller in a pipeline the more hosts a chunk goes through, from 256 down to 16 KiB", () => {
    for (const [totalBytes, peerCount, expected] of [
      [0, 2, 16 * KIB],
      [64 * MIB, 2, 64 * KIB],
      [64 * MIB, 9, 64 * KIB],
      [64 * MIB, 17, 32 * KIB],
      [64 * MIB, 32, 16 * KIB],
      [256 * MIB, 9, 256 * KIB],
      [256 * MIB - 1, 9, 128 * KIB],
      [256 * MIB, 1_000, 16 * KIB],
      [256 * GIB, 9, 256 * KIB],
      [256 * GIB + 1, 9, 512 * KIB],
      [100 * TIB, 9, 16 * MIB],
    ] as const)
      expect([totalBytes, peerCount, pipelineChunkSizeBytes(totalBytes, peerCount)]).toEqual([
        totalBytes,
        peerCount,
        expected,
      ]);
    for (let totalBytes = 32 * MIB; totalBytes < 4 * TIB; totalBytes *= 1.7)
      for (const peerCount of [2, 20]) {
        const count = totalBytes / pipelineChunkSizeBytes(totalBytes, peerCount);
        expect(count).toBeGreaterThanOrEqual(1_024);
        expect(count).toBeLessThanOrEqual(2 ** 20);
      }
  });
});
