import {
  appendFile,
  chmod,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ScannedSources, SourceReader, scanSources, sha256 } from "../src/index.js";
import { asOrdinaryUser } from "./support/ordinary-user.js";
import { pattern } from "./support/pattern.js";
import { onLinux, onWindows } from "./support/platform.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { makeTree } from "./support/tree.js";

const MIB = 1024 * 1024;

function readerOf(scanned: ScannedSources): SourceReader {
  const reader = new SourceReader(scanned);
  onTestFinished(() => reader.close());
  return reader;
}

const bytes = pattern(3 * MIB + 1000, 1);

/** Many small files, some empty, and some that are larger than a block. */
async function mixedTree(): Promise<{ base: string; contents: Map<string, Uint8Array> }> {
  const base = await temporaryDirectory();
  const contents = new Map<string, Uint8Array>();
  const sizes = [0, 1, 1023, 1024, 1025, 3 * MIB + 5, 0, MIB, 70_000];
  for (const [index, size] of sizes.entries())
    contents.set(`d/f${index}`, bytes.subarray(index, index + size));
  for (let index = 0; index < 200; index += 1) {
    contents.set(`d/small/${index}`, bytes.subarray(index, index + (index % 5)));
  }
  await makeTree(base, Object.fromEntries(contents));
  return { base, contents };
}

describe("a source reader", () => {
  for (const chunkSizeBytes of [1024, 64 * 1024, 2 * MIB]) {
    it(`produces every chunk in order, with its hash, in chunks of ${chunkSizeBytes}`, async () => {
      const { base, contents } = await mixedTree();
      const scanned = await scanSources([join(base, "d")], { chunkSizeBytes });
      const reader = readerOf(scanned);
      const { layout, manifest } = scanned;
      for (let index = 0; index < layout.chunkCount; index += 1) {
        const { entry, offset, length } = layout.locate(index);
        const content = contents.get(manifest.entries.at(entry)!.path)!;
        const expected = content.subarray(offset, offset + length);
        const { payload, hash } = await reader.produce(index);
        expect(Buffer.compare(payload, expected)).toBe(0);
        expect(Buffer.compare(hash, sha256(expected))).toBe(0);
      }
    });
  }

  it("produces and reads chunks in any order, and many at once", async () => {
    const { base, contents } = await mixedTree();
    const scanned = await scanSources([join(base, "d")], { chunkSizeBytes: 4096 });
    const reader = readerOf(scanned);
    const { layout, manifest } = scanned;
    const order = Array.from(
      { length: layout.chunkCount },
      (_, i) => (i * 7919) % layout.chunkCount,
    );
    const check = async (index: number) => {
      const { entry, offset, length } = layout.locate(index);
      const expected = contents
        .get(manifest.entries.at(entry)!.path)!
        .subarray(offset, offset + length);
      expect(Buffer.compare(await reader.read(index), expected)).toBe(0);
    };
    for (const index of order) await check(index);
    await Promise.all(order.map(check));
    for (const index of order.slice(0, 50)) {
      const { payload } = await reader.produce(index);
      expect(Buffer.compare(payload, await reader.read(index))).toBe(0);
    }
  });

  it("reads what is sparse, and what is beyond 4 GiB", async () => {
    const base = await temporaryDirectory();
    await writeFile(join(base, "sparse"), "");
    await truncate(join(base, "sparse"), 5 * 1024 * MIB + 3);
    const scanned = await scanSources([join(base, "sparse")], { chunkSizeBytes: 16 * MIB });
    const reader = readerOf(scanned);
    const { payload } = await reader.produce(scanned.layout.chunkCount - 1);
    expect(payload).toEqual(new Uint8Array(3));
  });

  const changes: readonly {
    readonly what: string;
    readonly change: (path: string) => Promise<void>;
    readonly facts: object;
  }[] = [
    {
      what: "shrank",
      change: (path) => truncate(path, 10),
      facts: { got: "10 bytes", expected: "3145733 bytes" },
    },
    {
      what: "grew",
      change: (path) => appendFile(path, "x"),
      facts: { got: "3145734 bytes", expected: "3145733 bytes" },
    },
    {
      what: "vanished",
      change: (path) => rm(path),
      facts: { got: "gone", expected: "3145733 bytes" },
    },
    {
      what: "was written, to the same size",
      change: (path) => utimes(path, 1, 1),
      facts: { got: "1970-01-01T00:00:01.000Z" },
    },
    {
      what: "was replaced by a link",
      change: async (path) => {
        await rename(path, `${path}-away`);
        await symlink(`${path}-away`, path);
      },
      facts: { got: "gone" },
    },
  ];

  for (const { what, change, facts } of changes) {
    it.skipIf(onWindows)(`says which file ${what} since the scan`, async () => {
      const { base } = await mixedTree();
      const scanned = await scanSources([join(base, "d")]);
      const path = join(base, "d/f5");
      await change(path);
      const { first } = scanned.layout.chunksOf(entryOf(scanned, "d/f5"));
      const error = { code: "source-changed", fault: "local", facts: { path, ...facts } };
      await expect(readerOf(scanned).produce(first)).rejects.toMatchObject(error);
      await expect(readerOf(scanned).read(first)).rejects.toMatchObject(error);
    });

    it.skipIf(onWindows)(`says which small file ${what}`, async () => {
      const { base } = await mixedTree();
      const scanned = await scanSources([join(base, "d")]);
      const path = join(base, "d/f4");
      await change(path);
      const { first } = scanned.layout.chunksOf(entryOf(scanned, "d/f4"));
      const error = { code: "source-changed", facts: { path } };
      await expect(readerOf(scanned).produce(first)).rejects.toMatchObject(error);
    });
  }

  it("notices at a file's end that it changed while it was read", async () => {
    const { base } = await mixedTree();
    const scanned = await scanSources([join(base, "d")]);
    const { first, count } = scanned.layout.chunksOf(entryOf(scanned, "d/f5"));
    const reader = readerOf(scanned);
    await reader.produce(first);
    await appendFile(join(base, "d/f5"), "more");
    const produceRest = async () => {
      for (let index = first; index < first + count; index += 1) await reader.produce(index);
    };
    await expect(produceRest()).rejects.toMatchObject({ code: "source-changed" });
  });

  it("notices a change again when a file is opened again", async () => {
    const { base } = await mixedTree();
    const scanned = await scanSources([join(base, "d")]);
    const { first, count } = scanned.layout.chunksOf(entryOf(scanned, "d/f5"));
    const reader = readerOf(scanned);
    await reader.read(first + count - 1);
    await utimes(join(base, "d/f5"), 5, 5);
    await expect(reader.read(first)).rejects.toMatchObject({ code: "source-changed" });
  });

  it.skipIf(onWindows)("says which file cannot be read any more", () =>
    asOrdinaryUser(async () => {
      const { base } = await mixedTree();
      const scanned = await scanSources([join(base, "d/f1")]);
      await chmod(join(base, "d/f1"), 0);
      await expect(readerOf(scanned).produce(0)).rejects.toMatchObject({
        code: "source-unreadable",
        facts: { path: join(base, "d/f1") },
      });
    }),
  );

  it("reads again into memory that was given back, and never into what was not", async () => {
    const base = await temporaryDirectory();
    const content = pattern(8 * MIB, 3);
    await makeTree(base, { f: content });
    const scanned = await scanSources([join(base, "f")], { chunkSizeBytes: 64 * 1024 });
    const reader = readerOf(scanned);
    const kept: Uint8Array[] = [];
    const memory = new Set<ArrayBufferLike>();
    for (let index = 0; index < scanned.layout.chunkCount; index += 1) {
      const [{ payload }] = await Promise.all([
        reader.produce(index),
        index === 20 ? reader.produce(20) : undefined, // twice: its block is not used again
      ]);
      memory.add(payload.buffer);
      if (index === 70) kept.push(payload);
      else reader.release(payload);
      expect(Buffer.compare(payload, content.subarray(index * 65_536, (index + 1) * 65_536))).toBe(
        0,
      );
    }
    expect(memory.size).toBeLessThanOrEqual(5);
    expect(Buffer.compare(kept[0]!, pattern(8 * MIB, 3).subarray(70 * 65_536, 71 * 65_536))).toBe(
      0,
    );
  });

  it("goes on after a failure with the chunks that can be read", async () => {
    const { base } = await mixedTree();
    const scanned = await scanSources([join(base, "d")]);
    await rm(join(base, "d/f5"));
    const reader = readerOf(scanned);
    const broken = scanned.layout.chunksOf(entryOf(scanned, "d/f5"));
    await expect(reader.produce(broken.first)).rejects.toThrow();
    const next = broken.first + broken.count;
    expect((await reader.produce(next)).payload).toHaveLength(scanned.layout.lengthOf(next));
  });

  it.skipIf(!onLinux)("leaves no file open, and reads nothing more", async () => {
    const { base } = await mixedTree();
    const scanned = await scanSources([join(base, "d")]);
    const openFiles = async () => {
      const names = await readdir("/proc/self/fd");
      const targets = names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ""));
      return (await Promise.all(targets)).filter((target) => target.startsWith(base));
    };
    const reader = new SourceReader(scanned);
    await reader.produce(0);
    await reader.read(scanned.layout.chunksOf(entryOf(scanned, "d/f5")).first);
    expect(await openFiles()).not.toEqual([]);
    await reader.close();
    expect(await openFiles()).toEqual([]);
    await expect(reader.produce(5)).rejects.toMatchObject({ code: "aborted" });
    await expect(reader.read(5)).rejects.toMatchObject({ code: "aborted" });
    expect(await openFiles()).toEqual([]);
  });

  it("has no chunks but those of the layout", async () => {
    const { base } = await mixedTree();
    const scanned = await scanSources([join(base, "d")]);
    const reader = readerOf(scanned);
    for (const index of [-1, scanned.layout.chunkCount, 0.5]) {
      await expect(reader.produce(index)).rejects.toThrow(RangeError);
      await expect(reader.read(index)).rejects.toThrow(RangeError);
    }
  });
});

function entryOf(scanned: ScannedSources, path: string): number {
  return [...scanned.manifest.entries].findIndex((entry) => entry.path === path);
}
