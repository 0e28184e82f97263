import { randomBytes } from "node:crypto";
import { ChunkLayout, type Manifest, SessionHasher, sha256 } from "@palmtree/files";
import { expect, test } from "vitest";
import { SessionDigest } from "../../src/runtime/session-digest.js";

const manifest: Manifest = {
  name: "test",
  chunkSizeBytes: 1_024,
  entries: [5_000, 0, 70_000, 3].map((sizeBytes, at) => ({
    path: `f${at}`,
    kind: "file",
    sizeBytes,
    mode: 0o644,
    modifiedMs: 0,
  })),
};
const layout = new ChunkLayout(manifest);
const content = { manifest, layout, manifestHash: sha256(new Uint8Array(1)) };
const hashes = randomBytes(32 * layout.chunkCount);
const hashOf = (index: number): Uint8Array => hashes.subarray(32 * index, 32 * index + 32);
const pages = [
  hashes.subarray(0, 32 * 10),
  hashes.subarray(32 * 10, 32 * 42),
  hashes.subarray(32 * 42),
];

function expected(): Uint8Array {
  const hasher = new SessionHasher(content, sha256);
  hasher.add(hashes);
  return hasher.digest();
}

test.each([
  ["none", []],
  ["all in order", Array.from({ length: layout.chunkCount }, (_, at) => at)],
  ["some, not in order", [0, 1, 2, 5, 4, 3, 3, 40, 4]],
])("the hash is the same whichever chunks were offered before: %s", async (_, offered) => {
  const digest = new SessionDigest(content);
  for (const index of offered) digest.offer(index, hashOf(index));
  expect(await digest.finish(pages)).toEqual(expected());
});

test("a quarter of a million hashes do not hold the event loop for long", async () => {
  const chunkCount = 2 ** 18;
  const large: Manifest = {
    ...manifest,
    entries: [{ ...manifest.entries.at(0)!, sizeBytes: chunkCount * 1_024 }],
  };
  const digest = new SessionDigest({
    manifest: large,
    layout: new ChunkLayout(large),
    manifestHash: content.manifestHash,
  });
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await digest.finish([new Uint8Array(32 * chunkCount)]);
  isDone = true;
  // At a microsecond for each of half a million hashes, and five milliseconds for each slice.
  expect(turns).toBeGreaterThan(20);
});
