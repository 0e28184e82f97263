import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StoredChunks } from "../src/core/stored-chunks.js";
import { ChunkLayout, type ManifestEntry } from "../src/index.js";

const KIB = 1024;

function layoutOf(sizes: readonly number[], isStream = false): ChunkLayout {
  const entries = sizes.map(
    (sizeBytes): ManifestEntry => ({
      path: "x",
      kind: "file",
      sizeBytes,
      mode: 0o644,
      modifiedMs: 0,
    }),
  );
  return new ChunkLayout({ chunkSizeBytes: KIB, entries, isStream });
}

describe("stored chunks", () => {
  it("are those that were added, in whatever order and however often, and an entry lacks the rest", () => {
    const sizes = fc.array(fc.nat(5 * KIB), { minLength: 1, maxLength: 8 });
    const runs = fc.array(fc.record({ first: fc.nat(), most: fc.integer({ min: 1, max: 4 }) }));
    fc.assert(
      fc.property(sizes, runs, (some, added) => {
        const layout = layoutOf(some);
        const stored = new StoredChunks(layout);
        const model = new Set<number>();
        for (const { first: at, most } of layout.chunkCount === 0 ? [] : added) {
          const index = at % layout.chunkCount;
          const entry = layout.entryOf(index);
          const { first, count } = layout.chunksOf(entry);
          const run = Math.min(most, first + count - index);
          for (let chunk = index; chunk < index + run; chunk += 1) model.add(chunk);
          const isComplete = stored.add(entry, index, run);
          expect(isComplete).toBe(stored.isComplete(entry));
        }
        const all = [...Array(layout.chunkCount).keys()];
        const lacking = all.filter((chunk) => !model.has(chunk));
        expect(all.filter((chunk) => !stored.has(chunk))).toEqual(lacking);
        expect(stored.missingCount).toBe(lacking.length);
        expect(stored.firstMissing).toBe(lacking[0] ?? -1);
        for (const entry of some.keys()) {
          const ofEntry = lacking.filter((chunk) => layout.entryOf(chunk) === entry);
          expect(stored.missingOf(entry)).toBe(ofEntry.length);
          expect(stored.isComplete(entry)).toBe(ofEntry.length === 0);
        }
      }),
    );
  });

  it("are all that a stream has as soon as it is known to end there", () => {
    const layout = layoutOf([0], true);
    const stored = new StoredChunks(layout);
    expect(stored.missingCount).toBe(2 ** 24);
    expect(stored.add(0, 0, 2)).toBe(false);
    layout.endStream(2 * KIB - 1);
    stored.endStream();
    expect(stored.isComplete(0)).toBe(true);
    expect([stored.missingCount, stored.firstMissing]).toEqual([0, -1]);
    expect(stored.has(2)).toBe(false);
    expect(() => stored.add(0, 2, 1)).toThrow(RangeError);
  });
});
