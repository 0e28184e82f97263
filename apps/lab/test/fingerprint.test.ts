import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fingerprint } from "../src/fingerprint.js";
import { makeSource } from "../src/source.js";
import { mebibyte } from "../src/units.js";

const { signal } = new AbortController();
let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "palmtree-lab-"));
});
afterEach(() => rm(place, { recursive: true }));

describe("a source", () => {
  test("that is a file has the size that was asked for, and no part like another", async () => {
    const shape = { type: "file", sizeBytes: 1.5 * mebibyte, isSparse: false } as const;
    const source = await makeSource(place, shape, signal);
    const content = await readFile(source.path);
    expect(content.length).toBe(1.5 * mebibyte);
    const parts = Array.from({ length: 24 }, (_, at) =>
      content.toString("hex", at * 65_536, at * 65_536 + 8),
    );
    expect(new Set(parts).size).toBe(24);
  });

  test("that is sparse takes hardly any disk", async () => {
    const shape = { type: "file", sizeBytes: 256 * mebibyte, isSparse: true } as const;
    const source = await makeSource(place, shape, signal);
    const { size, blocks } = await stat(source.path);
    expect(size).toBe(256 * mebibyte);
    expect(blocks * 512).toBeLessThan(mebibyte);
  });

  test("of many files has them all, in folders", async () => {
    const shape = { type: "files", fileCount: 1_100, fileSizeBytesMax: 64 } as const;
    const source = await makeSource(place, shape, signal);
    expect(source.files).toBe(1_100);
    expect((await stat(join(source.path, "folder-1", "file-1099"))).size).toBe((1_099 * 7) % 65);
  });
});

describe("a fingerprint", () => {
  test("is that of an equal copy, and of no other content", async () => {
    await writeFile(join(place, "a"), "content");
    await writeFile(join(place, "b"), "content");
    await writeFile(join(place, "c"), "Content");
    const [a, b, c] = await Promise.all(
      ["a", "b", "c"].map((name) => fingerprint(join(place, name), signal)),
    );
    expect(b).toBe(a);
    expect(c).not.toBe(a);
  });

  test("of a directory changes with a name, a place, a content and an empty directory", async () => {
    const path = join(place, "tree");
    await mkdir(join(path, "one"), { recursive: true });
    await mkdir(join(path, "two"));
    await writeFile(join(path, "one", "a"), "content");
    const seen = [await fingerprint(path, signal)];
    const changes = [
      () => rename(join(path, "one", "a"), join(path, "one", "b")),
      () => rename(join(path, "one", "b"), join(path, "two", "b")),
      () => writeFile(join(path, "two", "b"), "other"),
      () => mkdir(join(path, "three")),
    ];
    for (const change of changes) {
      await change();
      seen.push(await fingerprint(path, signal));
    }
    expect(new Set(seen).size).toBe(seen.length);
  });

  test("ends when its signal aborts", async () => {
    await writeFile(join(place, "a"), "content");
    const reason = new Error("enough");
    await expect(fingerprint(join(place, "a"), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
