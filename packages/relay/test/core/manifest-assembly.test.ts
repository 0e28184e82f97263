import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ManifestAssembly, manifestParts } from "../../src/core/transfer/manifest-assembly.js";

const manifest = Uint8Array.from({ length: 700_000 }, (_, place) => place % 251);

describe("ManifestAssembly", () => {
  test("puts together what manifestParts took apart, whatever its size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700_000 }), (size) => {
        const whole = manifest.subarray(0, size);
        const assembly = new ManifestAssembly(size);
        for (const { offset, payload } of manifestParts(whole)) {
          expect(assembly.isComplete).toBe(false);
          expect(payload.length).toBeLessThanOrEqual(256 * 1_024);
          expect(assembly.put(offset, payload)).toBeUndefined();
        }
        expect(assembly.isComplete).toBe(true);
        expect(Buffer.compare(assembly.take(), whole)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  test("refuses a part that leaves a gap, comes twice, or goes back", () => {
    const assembly = new ManifestAssembly(30);
    expect(assembly.put(10, manifest.subarray(10, 20))).toBe(
      "a manifest part at byte 10, expected 0",
    );
    expect(assembly.put(0, manifest.subarray(0, 10))).toBeUndefined();
    expect(assembly.put(0, manifest.subarray(0, 10))).toBe(
      "a manifest part at byte 0, expected 10",
    );
    expect(assembly.put(11, manifest.subarray(11, 20))).toBe(
      "a manifest part at byte 11, expected 10",
    );
    expect(assembly.put(10, manifest.subarray(10, 30))).toBeUndefined();
    expect(assembly.take()).toEqual(manifest.subarray(0, 30));
  });

  test("refuses more than the invitation promised, and an empty part", () => {
    const assembly = new ManifestAssembly(30);
    expect(assembly.put(0, manifest.subarray(0, 31))).toBe(
      "a manifest part of 31 bytes at byte 0 of 30",
    );
    expect(assembly.put(0, new Uint8Array(0))).toBe("a manifest part of 0 bytes at byte 0 of 30");
    assembly.put(0, manifest.subarray(0, 30));
    expect(assembly.put(30, manifest.subarray(30, 31))).toContain("at byte 30 of 30");
  });

  test("begins again with another parent", () => {
    const assembly = new ManifestAssembly(20);
    assembly.put(0, manifest.subarray(100, 110));
    assembly.restart();
    expect(assembly.put(10, manifest.subarray(10, 20))).toContain("expected 0");
    assembly.put(0, manifest.subarray(0, 20));
    expect(assembly.take()).toEqual(manifest.subarray(0, 20));
  });
});
