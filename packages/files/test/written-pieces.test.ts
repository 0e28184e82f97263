import fc from "fast-check";
import { expect, test } from "vitest";
import { Bitmap } from "../src/core/bitmap.js";
import { ChunkLayout } from "../src/core/chunk-layout.js";
import { WrittenPieces } from "../src/core/written-pieces.js";

const sizes = [5_000, 0, 1_024, 2_049];
const entries = sizes.map((sizeBytes, index) => ({
  path: `f${index}`,
  kind: "file" as const,
  sizeBytes,
  mode: 0o644,
  modifiedMs: 1,
}));

const piece = fc
  .record({
    entry: fc.constantFrom(0, 2, 3),
    from: fc.nat(5_000),
    length: fc.integer({ min: 1, max: 3_000 }),
  })
  .map(({ entry, from, length }) => {
    const sizeBytes = sizes[entry] as number;
    const offset = from % sizeBytes;
    return { entry, offset, length: Math.min(length, sizeBytes - offset) };
  });

test("a chunk is marked when each of its bytes was written, and else never", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom(1_024, 1_500), (all, size) => {
      const layout = new ChunkLayout({ chunkSizeBytes: size, entries });
      const written = new WrittenPieces();
      const bytes = sizes.map((sizeBytes) => new Uint8Array(sizeBytes));
      for (const one of all) {
        written.add(one);
        bytes[one.entry]?.fill(1, one.offset, one.offset + one.length);
      }
      const marked = new Bitmap(layout.chunkCount);
      written.markChunks(layout, marked);
      const expected = Array.from({ length: layout.chunkCount }, (_, index) => index).filter(
        (index) => {
          const { entry, offset, length } = layout.locate(index);
          return bytes[entry]?.subarray(offset, offset + length).every((byte) => byte === 1);
        },
      );
      expect([...marked.indexes()]).toEqual(expected);
      const total = bytes.reduce((sum, file) => sum + file.filter((byte) => byte === 1).length, 0);
      expect(written.bytes).toBe(total);
    }),
  );
});

test("pieces side by side become one, in whatever order they come", () => {
  const written = new WrittenPieces();
  for (const place of [3, 1, 0, 2, 2, 7])
    written.add({ entry: 0, offset: place * 100, length: 100 });
  expect(written.all).toEqual([
    { entry: 0, offset: 0, length: 400 },
    { entry: 0, offset: 700, length: 100 },
  ]);
});
