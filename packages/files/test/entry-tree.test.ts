import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EntryTree } from "../src/core/entry-tree.js";
import { comparePaths, type ManifestEntry } from "../src/index.js";

function entryOf(path: string, kind: ManifestEntry["kind"] = "file"): ManifestEntry {
  return { path, kind, sizeBytes: 0, mode: 0o644, modifiedMs: 0 };
}

/** Entries in a manifest's order: each path, and all directories around it. */
function entriesOf(paths: readonly (readonly string[])[]): ManifestEntry[] {
  const directories = new Set(
    paths.flatMap((path) => path.slice(1).map((_, depth) => path.slice(0, depth + 1).join("/"))),
  );
  const leaves = new Set(paths.map((path) => path.join("/")));
  return [...new Set([...directories, ...leaves])]
    .sort(comparePaths)
    .map((path) => entryOf(path, directories.has(path) ? "directory" : "file"));
}

describe("an entry tree", () => {
  it("knows the directory that each entry is in, however deep, and whatever its name begins with", () => {
    const paths = fc.array(fc.array(fc.constantFrom("a", "a!", "aa", "b"), { minLength: 1 }));
    fc.assert(
      fc.property(paths, (some) => {
        const entries = entriesOf(some);
        const tree = new EntryTree(entries);
        expect(tree.count).toBe(entries.length);
        for (const [index, { path, kind }] of entries.entries()) {
          const around = path.split("/").slice(0, -1).join("/");
          expect(tree.parentOf(index)).toBe(entries.findIndex((other) => other.path === around));
          expect(tree.isDirectory(index)).toBe(kind === "directory");
          expect(tree.isFile(index)).toBe(kind === "file");
        }
      }),
    );
  });

  it("takes a link for neither a directory nor a file, and lists all links", () => {
    const tree = new EntryTree([
      entryOf("a", "directory"),
      entryOf("a/b", "link"),
      entryOf("c"),
      entryOf("d", "link"),
    ]);
    expect([...tree.links.indexes()]).toEqual([1, 3]);
    expect([0, 1, 2, 3].map((entry) => tree.isDirectory(entry))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([0, 1, 2, 3].map((entry) => tree.isFile(entry))).toEqual([false, false, true, false]);
    expect([0, 1, 2, 3].map((entry) => tree.parentOf(entry))).toEqual([-1, 0, -1, -1]);
  });
});
