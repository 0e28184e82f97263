import { ChunkLayout, type Manifest } from "@palmtree/files";
import { expect, test } from "vitest";
import { ChunkFeed } from "../../src/runtime/receive/chunk-feed.js";
import { FileProgress } from "../../src/runtime/receive/file-items.js";

function progressOf(sizes: readonly (readonly [string, number | "directory"])[]): FileProgress {
  const manifest: Manifest = {
    name: "test",
    chunkSizeBytes: 1_024,
    entries: sizes.map(([path, size]) => ({
      path,
      kind: size === "directory" ? "directory" : "file",
      sizeBytes: size === "directory" ? 0 : size,
      mode: 0o644,
      modifiedMs: 0,
    })),
  };
  return new FileProgress(manifest, new ChunkLayout(manifest));
}

test("files are counted by their chunks, directories are left out", () => {
  const files = progressOf([
    ["d", "directory"],
    ["d/a", 1_025],
    ["d/b", 0],
    ["d/c", 10],
  ]);
  const [a, b, c] = files;
  expect([...files].map(({ path }) => path)).toEqual(["d/a", "d/b", "d/c"]);
  expect([a?.isComplete, b?.isComplete, c?.isComplete]).toEqual([false, true, false]);
  expect(files.completeCount).toBe(1);
  files.stored(1);
  expect(a).toMatchObject({ bytesReceived: 1, sizeBytes: 1_025, isComplete: false });
  files.stored(2);
  files.stored(0);
  expect(a).toMatchObject({ bytesReceived: 1_025, isComplete: true });
  expect(files.at(2)).toMatchObject({ path: "d/c", bytesReceived: 10, isComplete: true });
  expect(files.at(3)).toBeUndefined();
  expect(files).toMatchObject({ length: 3, completeCount: 3, bytesReceived: 1_035 });
});

test("a slow reader loses the oldest chunks and is told how many", async () => {
  const files = progressOf([["a", 5_000 * 1_024]]);
  const feed = new ChunkFeed(() => files);
  for (let chunk = 0; chunk < 5_000; chunk += 1) {
    files.stored(chunk);
    const totalBytes = files.bytesReceived;
    feed.push({ chunk, fileBytes: totalBytes, totalBytes });
  }
  feed.end();
  const first = await feed.next();
  expect(first).toEqual({
    path: "a",
    offset: 3_976 * 1_024,
    length: 1_024,
    file: { bytesReceived: 3_977 * 1_024, sizeBytes: 5_000 * 1_024 },
    total: { bytesReceived: 3_977 * 1_024, sizeBytes: 5_000 * 1_024 },
    missedChunks: 3_976,
  });
  let count = 1;
  let last = first;
  for (let chunk = await feed.next(); chunk !== undefined; chunk = await feed.next()) {
    expect(chunk.missedChunks).toBe(0);
    last = chunk;
    count += 1;
  }
  expect(count).toBe(1_024);
  expect(last?.offset).toBe(4_999 * 1_024);
});

test("a reader that waits gets the next chunk, and the end", async () => {
  const files = progressOf([["a", 10]]);
  const feed = new ChunkFeed(() => files);
  const waiting = feed.next();
  feed.push({ chunk: 0, fileBytes: 10, totalBytes: 10 });
  expect(await waiting).toMatchObject({ path: "a", length: 10 });
  const ending = feed.next();
  feed.end();
  expect(await ending).toBeUndefined();
});
