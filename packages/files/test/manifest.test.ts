import { readFileSync } from "node:fs";
import { Encoder, decode as libraryDecode } from "@msgpack/msgpack";
import { fromHex, type PalmTreeError, toHex } from "@palmtree/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkPaths,
  comparePaths,
  decodeManifest,
  encodeManifest,
  type Manifest,
  type ManifestEntry,
  sha256,
} from "../src/index.js";

interface Vectors {
  readonly valid: readonly {
    readonly name: string;
    readonly manifest: Manifest;
    readonly hex: string;
    readonly sha256: string;
  }[];
  readonly invalid: readonly {
    readonly name: string;
    /** Where the error says it is: `entry 3, path`, say. */
    readonly at: string;
    readonly hex: string;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../docs/vectors/manifest.json", import.meta.url), "utf8"),
) as Vectors;

function entry(path: string, more: Partial<ManifestEntry> = {}): ManifestEntry {
  return { path, kind: "file", sizeBytes: 1, mode: 0o644, modifiedMs: 0, ...more };
}

function directory(path: string): ManifestEntry {
  return entry(path, { kind: "directory", sizeBytes: 0, mode: 0o755 });
}

function manifestOf(...entries: readonly ManifestEntry[]): Manifest {
  return { name: "x", chunkSizeBytes: 1024, entries };
}

/** With its entries in an array. */
function plain(manifest: Manifest): Manifest {
  return { ...manifest, entries: [...manifest.entries] };
}

function failureOf(work: () => unknown): PalmTreeError {
  try {
    work();
  } catch (error) {
    return error as PalmTreeError;
  }
  throw new Error("nothing was thrown");
}

/** Names without letters that have a case, so that no two of them are one name. */
const names = fc.string({
  unit: fc.constantFrom("1", "2", "-", "!", "樹", "🌴", "ﾟ"),
  minLength: 1,
  maxLength: 4,
});

/** Any tree of files and directories, in order. */
const manifests: fc.Arbitrary<Manifest> = fc
  .record({
    name: fc
      .string({ unit: "grapheme", maxLength: 20 })
      .filter((name) => /^[^\p{C}\p{Z}]*$/u.test(name)),
    chunkSizeBytes: fc.integer({ min: 16 * 1024, max: 16 * 1024 * 1024 }),
    paths: fc.uniqueArray(fc.array(names, { minLength: 1, maxLength: 4 }), { maxLength: 20 }),
    sizes: fc.array(
      fc.oneof(
        fc.nat(300),
        fc.maxSafeNat().map((n) => n % 2 ** 33),
      ),
      { minLength: 20, maxLength: 20 },
    ),
    modes: fc.array(fc.nat(0o777), { minLength: 20, maxLength: 20 }),
    times: fc.array(fc.nat(8_640_000_000_000_000), { minLength: 20, maxLength: 20 }),
  })
  .map(({ name, chunkSizeBytes, paths, sizes, modes, times }) => {
    const directories = new Set(
      paths.flatMap((parts) => parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"))),
    );
    const all = new Set([...directories, ...paths.map((parts) => parts.join("/"))]);
    const entries = [...all].sort(comparePaths).map((path, index): ManifestEntry => {
      const kind = directories.has(path) || index % 7 === 3 ? "directory" : "file";
      const sizeBytes = kind === "file" ? sizes[index % 20]! : 0;
      const mode = modes[index % 20]!;
      return { path, kind, sizeBytes, mode, modifiedMs: times[index % 20]! };
    });
    return { name, chunkSizeBytes, entries };
  });

describe("a manifest", () => {
  it("is encoded to the very bytes of the vectors, and decoded from them", () => {
    for (const { name, manifest, hex, sha256: hash } of vectors.valid) {
      expect(toHex(encodeManifest(manifest)), name).toBe(hex);
      expect(plain(decodeManifest(fromHex(hex))), name).toEqual(manifest);
      expect(toHex(sha256(fromHex(hex))), name).toBe(hash);
    }
  });

  it("survives a round trip", () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        expect(plain(decodeManifest(encodeManifest(manifest)))).toEqual(manifest);
      }),
    );
  });

  it("is what another msgpack library writes and reads", () => {
    const encoder = new Encoder({ forceIntegerToFloat: false });
    fc.assert(
      fc.property(manifests, (manifest) => {
        const { name, chunkSizeBytes, entries } = manifest;
        const rows = Array.from(entries, (e) => [
          e.path,
          e.kind === "directory" ? 1 : 0,
          e.sizeBytes,
          e.mode,
          e.modifiedMs,
        ]);
        const bytes = encodeManifest(manifest);
        expect(toHex(encoder.encode([1, name, chunkSizeBytes, rows]))).toBe(toHex(bytes));
        expect(libraryDecode(bytes)).toEqual([1, name, chunkSizeBytes, rows]);
      }),
    );
  });

  it("is refused when it breaks a rule: the peer's fault, with the place", () => {
    for (const { name, at, hex } of vectors.invalid) {
      const error = failureOf(() => decodeManifest(fromHex(hex)));
      expect({ name, code: error.code, fault: error.fault }).toEqual({
        name,
        code: "manifest-invalid",
        fault: "remote",
      });
      const { entry: index, field } = error.facts;
      expect(`${name}: ${index === undefined ? field : `entry ${index}, ${field}`}`).toBe(
        `${name}: ${at}`,
      );
    }
  });

  it("is refused when it is cut off, at every byte", () => {
    for (const { hex } of vectors.valid) {
      const bytes = fromHex(hex);
      for (let size = 0; size < bytes.length; size += 1) {
        const error = failureOf(() => decodeManifest(bytes.subarray(0, size)));
        expect([error.code, error.fault]).toEqual(["manifest-invalid", "remote"]);
        expect(error.facts.problem).toBe("it is cut off");
      }
    }
  });

  it("is decoded or refused as invalid, whatever the bytes, and one that is decoded is exact", () => {
    const bytes = fc
      .tuple(
        fc.constantFrom(...vectors.valid),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
      )
      .map(([{ hex }, changes]) => {
        const changed = fromHex(hex);
        for (const [at, value] of changes) changed[at % changed.length] = value;
        return changed;
      });
    fc.assert(
      fc.property(fc.oneof(bytes, fc.uint8Array({ maxLength: 100 })), (input) => {
        let manifest: Manifest;
        try {
          manifest = decodeManifest(input);
        } catch (error) {
          expect((error as PalmTreeError).code).toBe("manifest-invalid");
          return;
        }
        expect(toHex(encodeManifest(manifest))).toBe(toHex(input));
      }),
      { numRuns: 2000 },
    );
  });

  it("takes no memory for what a length claims", () => {
    // Each byte pair after the head claims an array of 65,535 values, inside the one before.
    const nested = fromHex(`9401a178cd0400dd000f4240${"dcffff".repeat(10_000)}`);
    const before = process.memoryUsage();
    expect(failureOf(() => decodeManifest(nested)).code).toBe("manifest-invalid");
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(2e6);
  });

  it("does not take __proto__ and its like for anything but names", () => {
    const manifest = manifestOf(
      directory("__proto__"),
      entry("__proto__/constructor"),
      entry("prototype"),
      entry("toString"),
    );
    const decoded = decodeManifest(encodeManifest(manifest));
    expect(plain(decoded)).toEqual(manifest);
    expect(Object.getPrototypeOf(decoded.entries.at(0))).toBe(Object.prototype);
    expect(({} as { constructor: unknown }).constructor).toBe(Object);
  });

  it("is not encoded when it breaks a rule: our own fault", () => {
    const wrong: readonly [string, Manifest][] = [
      ["a path that leaves the destination", manifestOf(entry("../x"))],
      ["an order that is not the order", manifestOf(entry("b"), entry("a"))],
      ["a file in no directory", manifestOf(entry("a/b"))],
      ["half a byte", manifestOf(entry("a", { sizeBytes: 0.5 }))],
      ["no number", manifestOf(entry("a", { sizeBytes: Number.NaN }))],
      ["a negative size", manifestOf(entry("a", { sizeBytes: -1 }))],
      ["a size that is not exact", manifestOf(entry("a", { sizeBytes: 2 ** 53 }))],
      ["a negative time", manifestOf(entry("a", { modifiedMs: -1 }))],
      ["set-uid", manifestOf(entry("a", { mode: 0o4755 }))],
      ["a lone surrogate", manifestOf(entry("\ud800"))],
      ["a name with a lone surrogate", { ...manifestOf(), name: "\udfff" }],
      ["too long a name", { ...manifestOf(), name: "é".repeat(128) }],
      ["too small chunks", { ...manifestOf(), chunkSizeBytes: 1023 }],
    ];
    for (const [what, manifest] of wrong) {
      const error = failureOf(() => encodeManifest(manifest));
      expect([what, error.code, error.fault]).toEqual([what, "manifest-invalid", "local"]);
    }
  });

  it("is refused at the first path that is one with any path before it on some system", () => {
    const alike = fc.constantFrom(
      "a",
      "A",
      "a\u200d",
      "ß",
      "SS",
      "é",
      "e\u0301",
      "σ",
      "ς",
      "\u200d",
    );
    const paths = fc.array(fc.array(alike, { minLength: 1, maxLength: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(paths, (lists) => {
        const prefixes = lists.flatMap((parts) =>
          parts.map((_, i) => parts.slice(0, i + 1).join("/")),
        );
        const sorted = [...new Set(prefixes)].sort(comparePaths);
        const manifest = manifestOf(...sorted.map(directory));
        const problem = checkPaths(sorted);
        if (problem === undefined) return void encodeManifest(manifest);
        const { facts } = failureOf(() => encodeManifest(manifest));
        expect(facts).toMatchObject({ entry: problem.index, problem: problem.reason });
      }),
      { numRuns: 1_000 },
    );
  });

  it("of 100,000 entries is decoded well within a second", () => {
    const entries = [directory("d")];
    for (let i = 0; i < 99_999; i += 1) {
      entries.push(entry(`d/a-file-with-a-longer-name-${String(i).padStart(6, "0")}.txt`));
    }
    const bytes = encodeManifest(manifestOf(...entries));
    const start = process.cpuUsage();
    expect(decodeManifest(bytes).entries).toHaveLength(100_000);
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(2_000_000); // 150,000 µs where nothing else runs
  });
});

describe("the order of paths", () => {
  it("is by component, and by bytes of UTF-8 in each", () => {
    const sorted = [
      "a",
      "a/b",
      "a/b/c",
      "a/c",
      "a\u0001",
      "a!",
      "a-",
      "a.",
      "a0",
      "aa",
      "b",
      "é",
      "\uffee",
      "🌴",
    ];
    const byBytes = (path: string) =>
      [...Buffer.from(path)].map((byte) => (byte === 0x2f ? 0 : byte));
    for (const [i, a] of sorted.entries()) {
      for (const [j, b] of sorted.entries()) {
        expect(Math.sign(comparePaths(a, b)), `${a} ${b}`).toBe(Math.sign(i - j));
        const x = Buffer.from(byBytes(a));
        const y = Buffer.from(byBytes(b));
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(x, y));
      }
    }
  });

  it("agrees with the bytes for any two paths", () => {
    const paths = fc.string({
      unit: fc.constantFrom("a", "/", "b", "é", "\uffee", "🌴", "🌵", "\u0001"),
    });
    const bytes = (path: string) => Buffer.from(path).map((byte) => (byte === 0x2f ? 0 : byte));
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(bytes(a), bytes(b)));
      }),
      { numRuns: 500 },
    );
  });
});
