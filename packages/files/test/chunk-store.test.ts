import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PalmTreeError } from "@palmtree/wire";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  ChunkLayout,
  ChunkStore,
  type ChunkStoreOptions,
  type Manifest,
  type ManifestEntry,
} from "../src/index.js";
import { asOrdinaryUser } from "./support/ordinary-user.js";
import { pattern } from "./support/pattern.js";
import { onWindows } from "./support/platform.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { directory, file, makeTree, manifestOf, readTree, statsOf } from "./support/tree.js";

const SESSION = "00112233445566778899aabbccddeeff";

/** What each file of a manifest contains in these tests: a part of the same bytes. */
const content = pattern(400_000, 1);

function contentOf(manifest: Manifest, entry: number): Uint8Array {
  const sizeBytes = manifest.entries.at(entry)?.sizeBytes ?? 0;
  return content.subarray(entry * 7, entry * 7 + sizeBytes);
}

function chunkOf(manifest: Manifest, layout: ChunkLayout, index: number): Uint8Array {
  const { entry, offset, length } = layout.locate(index);
  return contentOf(manifest, entry).subarray(offset, offset + length);
}

/** A store in a directory of its own, unless one is given, and what one does with it. */
async function setUp(
  entries: readonly ManifestEntry[],
  options: Partial<ChunkStoreOptions> & { readonly chunkSizeBytes?: number } = {},
) {
  const base = options.directory ?? join(await temporaryDirectory(), "destination");
  const { chunkSizeBytes = 1024 } = options;
  const manifest = { ...manifestOf(...entries), chunkSizeBytes };
  const layout = new ChunkLayout(manifest);
  const store = await ChunkStore.create({
    directory: base,
    session: SESSION,
    manifest,
    layout,
    onConflict: "fail",
    sync: false,
    ...options,
  });
  onTestFinished(() => store.abandon());
  const put = (index: number) =>
    new Promise<void>((resolve, reject) => {
      store.store(index, chunkOf(manifest, layout, index), (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  const all = Array.from({ length: layout.chunkCount }, (_, index) => index);
  const putAll = async () => {
    await Promise.all(all.map(put));
  };
  /** What must be in the destination after landing. */
  const expected = Object.fromEntries(
    entries.map(({ path, kind }, index) => [
      path,
      kind === "directory"
        ? "directory"
        : Buffer.from(contentOf(manifest, index)).toString("latin1"),
    ]),
  );
  return { base, store, manifest, layout, put, putAll, all, expected };
}

/** Files of all sizes around the chunk size, empty ones, directories in directories. */
const everything: readonly ManifestEntry[] = [
  directory("d"),
  file("d/0", 0),
  file("d/1", 1),
  file("d/1023", 1023),
  file("d/1024", 1024),
  file("d/1025", 1025),
  directory("d/empty"),
  directory("d/empty/too"),
  directory("d/in"),
  directory("d/in/in"),
  file("d/in/in/large", 300_000),
  file("top", 5000),
  file("zero", 0),
];

describe("a chunk store", () => {
  it("lands every file and directory, with its content, permissions and time", async () => {
    const entries = everything.map((entry, i) =>
      entry.kind === "file" && i % 2 === 1 ? { ...entry, mode: 0o600 } : entry,
    );
    const { base, store, putAll, expected } = await setUp(entries);
    await putAll();
    expect(await store.land()).toMatchObject({ files: 8, bytes: 308_073 });
    expect(await readTree(base)).toEqual(expected);
    for (const { path, mode, modifiedMs } of entries) {
      const umask = onWindows ? 0 : process.umask();
      const stats = await statsOf(join(base, path));
      expect([path, stats.modifiedMs]).toEqual([path, modifiedMs]);
      if (!onWindows) expect([path, stats.mode]).toEqual([path, mode & ~umask]);
    }
  });

  it("stores chunks in any order, and loads each of them at any time", async () => {
    const orders = fc.shuffledSubarray(
      Array.from({ length: 303 }, (_, i) => i),
      { minLength: 303 },
    );
    await fc.assert(
      fc.asyncProperty(orders, fc.nat(40), async (order, pause) => {
        const { base, store, manifest, layout, put, expected } = await setUp(everything);
        expect(order).toHaveLength(layout.chunkCount);
        const check = async (index: number) => {
          const loaded = await store.load(index);
          expect(Buffer.compare(loaded, chunkOf(manifest, layout, index))).toBe(0);
        };
        const stored: Promise<void>[] = [];
        for (const [step, index] of order.entries()) {
          stored.push(put(index));
          expect(store.has(index)).toBe(true);
          if (step % 3 === 0) await check(order[(step * 7) % (step + 1)]!);
          if (step % 41 === pause) await Promise.all(stored);
        }
        await Promise.all(stored);
        expect(store.pendingBytes).toBe(0);
        for (const index of order) await check(index);
        await store.land();
        for (const index of order) await check(index);
        expect(await readTree(base)).toEqual(expected);
        await store.abandon();
        expect(await readTree(base)).toEqual(expected);
      }),
      { numRuns: 5 },
    );
  });

  it("loads chunks while they land", async () => {
    const entries = Array.from({ length: 100 }, (_, i) => [
      directory(`d${100 + i}`),
      file(`d${100 + i}/f`, 100),
    ]).flat();
    const { store, manifest, layout, putAll, all } = await setUp(entries);
    await putAll();
    let hasLanded = false;
    const landing = store.land().finally(() => {
      hasLanded = true;
    });
    while (!hasLanded) {
      for (const index of all) {
        const loaded = await store.load(index);
        expect(Buffer.compare(loaded, chunkOf(manifest, layout, index))).toBe(0);
      }
    }
    await landing;
  });

  it("waits for what is being written before it lands", async () => {
    const { base, store, manifest, layout, all, expected } = await setUp(everything);
    let stored = 0;
    for (const index of all) {
      store.store(index, chunkOf(manifest, layout, index), () => {
        stored += 1;
      });
    }
    await store.land();
    expect(stored).toBe(all.length);
    expect(await readTree(base)).toEqual(expected);
  });

  it("keeps few files open, however many there are", async () => {
    const entries = Array.from({ length: 300 }, (_, i) => file(`f${1000 + i}`, 3000));
    const { base, store, layout, put, expected } = await setUp(entries);
    const [evens, odds] = [0, 1].map((part) =>
      Array.from({ length: layout.chunkCount }, (_, i) => i).filter((i) => i % 2 === part),
    );
    await Promise.all(evens!.map(put)); // every file is begun, none is whole
    if (process.platform === "linux") {
      expect((await readdir("/proc/self/fd")).length).toBeLessThan(64 + 60);
    }
    await Promise.all(odds!.map(put));
    await store.land();
    expect(await readTree(base)).toEqual(expected);
  });

  it("takes a chunk again that it has, and does not write it again", async () => {
    const { base, store, put, putAll, expected, manifest, layout } = await setUp([file("a", 3000)]);
    await putAll();
    await put(1);
    await new Promise<void>((resolve) => {
      store.store(1, new Uint8Array(1024), () => resolve()); // not the content: ignored
      expect(store.pendingBytes).toBe(0);
    });
    expect(await store.load(1)).toEqual(chunkOf(manifest, layout, 1));
    await store.land();
    expect(await readTree(base)).toEqual(expected);
  });

  it("syncs what it lands when it is to", async () => {
    const { base, store, putAll, expected } = await setUp(everything, { sync: true });
    await putAll();
    await store.land();
    expect(await readTree(base)).toEqual(expected);
  });

  it("lands what has no chunks at all", async () => {
    const entries = [directory("d"), file("d/zero", 0)];
    const { base, store } = await setUp(entries);
    expect(await store.land()).toMatchObject({ files: 1, bytes: 0 });
    expect(await readTree(base)).toEqual({ d: "directory", "d/zero": "" });
    const nothing = await setUp([]);
    expect(await nothing.store.land()).toMatchObject({ files: 0, bytes: 0 });
    expect(await readTree(nothing.base)).toEqual({});
  });

  it("takes no chunk but those of the layout, at their lengths", async () => {
    const { store } = await setUp([file("a", 1500)]);
    const never = () => expect.unreachable();
    expect(() => store.store(2, new Uint8Array(1024), never)).toThrow(RangeError);
    expect(() => store.store(-1, new Uint8Array(1024), never)).toThrow(RangeError);
    expect(() => store.store(0, new Uint8Array(1023), never)).toThrow(RangeError);
    expect(() => store.store(1, new Uint8Array(1024), never)).toThrow(RangeError);
    await expect(store.load(0)).rejects.toThrow(RangeError);
    await expect(store.land()).rejects.toThrow("Chunk 0 was not stored");
    expect(store.pendingBytes).toBe(0);
  });
});

describe("permissions", () => {
  it.skipIf(onWindows)(
    "are never more than the umask lets, and always enough to relay",
    async () => {
      const modes = [0o777, 0o666, 0o444, 0o200, 0o000, 0o555, 0o711];
      const umask = process.umask(0o027);
      onTestFinished(() => {
        process.umask(umask);
      });
      const entries = [
        ...modes.map((mode) => directory(`d${mode.toString(8).padStart(3, "0")}`, mode)),
        ...modes.map((mode) => file(`f${mode.toString(8).padStart(3, "0")}`, 5, mode)),
        ...modes.map((mode) => file(`g${mode.toString(8).padStart(3, "0")}`, 0, mode)),
      ].sort((a, b) => (a.path < b.path ? -1 : 1));
      const { base, store, putAll, all } = await setUp(entries);
      await putAll();
      await store.land();
      for (const { path, kind, mode } of entries) {
        const enough = kind === "file" ? 0o400 : 0o500;
        const stats = await statsOf(join(base, path));
        expect([path, stats.mode.toString(8)]).toEqual([
          path,
          ((mode | enough) & ~0o027).toString(8),
        ]);
      }
      for (const index of all) await store.load(index);
      for (const { path, kind } of entries)
        if (kind === "directory") await chmod(join(base, path), 0o700);
    },
  );

  it.skipIf(onWindows)(
    "of directories that may not be written do not keep them from landing",
    async () => {
      const entries = [directory("d", 0o555), directory("d/e", 0o500), file("d/e/f", 10, 0o444)];
      const first = await setUp(entries);
      await first.putAll();
      await first.store.land();
      expect((await statsOf(join(first.base, "d/e"))).mode).toBe(0o500);
      expect((await statsOf(join(first.base, "d/e"))).modifiedMs).toBe(entries[1]!.modifiedMs);
      await chmod(join(first.base, "d"), 0o755); // or it could not be moved aside
      const second = await setUp(entries, { directory: first.base, onConflict: "overwrite" });
      await second.putAll();
      await second.store.land();
      expect(await readdir(first.base)).toEqual(["d"]);
      await chmod(join(first.base, "d"), 0o755);
      await chmod(join(first.base, "d/e"), 0o755);
    },
  );

  it.skipIf(onWindows)("let nobody else into what has not landed", async () => {
    const { base } = await setUp([file("a", 1)]);
    expect((await statsOf(join(base, `.palmtree-${SESSION}`))).mode).toBe(0o700);
  });
});

describe("before a store is made", () => {
  it("the directory is made if it is not there", async () => {
    const base = await temporaryDirectory();
    const { store } = await setUp([file("a", 1)], { directory: join(base, "x/y/z") });
    expect(store.directory).toBe(join(base, "x/y/z"));
    expect((await stat(join(base, "x/y/z"))).isDirectory()).toBe(true);
  });

  it("a file in the directory's place is refused", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { f: "f" });
    for (const path of ["f", "f/below"]) {
      await expect(setUp([file("a", 1)], { directory: join(base, path) })).rejects.toMatchObject({
        code: "not-writable",
      });
    }
  });

  it.skipIf(onWindows)("a directory that may not be written is refused", () =>
    asOrdinaryUser(async () => {
      const base = await temporaryDirectory();
      await chmod(base, 0o500);
      for (const path of [base, join(base, "below")]) {
        await expect(setUp([file("a", 1)], { directory: path })).rejects.toMatchObject({
          code: "not-writable",
        });
      }
      await chmod(base, 0o700);
    }),
  );

  it("too little space is refused, with what is needed and what there is", async () => {
    const base = await temporaryDirectory();
    const needed = 2 ** 47;
    const entries = [file("a", needed)];
    const creating = setUp(entries, { directory: base, chunkSizeBytes: 2 ** 24 });
    const error = await creating.then(
      () => expect.unreachable(),
      (reason: PalmTreeError) => reason,
    );
    expect(error).toMatchObject({ code: "disk-full", fault: "local", facts: { needed } });
    expect(error.facts.available).toBeGreaterThan(0);
    expect(await readTree(base)).toEqual({});
  });

  it("a name that is taken is refused, and left alone", async () => {
    for (const [kind, tree] of [
      ["file", { a: "old" }],
      ["directory", { "a/b": "old" }],
    ] as const) {
      const base = await temporaryDirectory();
      await makeTree(base, tree);
      const before = await readTree(base);
      await expect(setUp([file("a", 1)], { directory: base }), kind).rejects.toMatchObject({
        code: "name-exists",
        facts: { name: "a" },
      });
      expect(await readTree(base)).toEqual(before);
    }
  });

  it.skipIf(onWindows)("a link that leads nowhere has a name too", async () => {
    const base = await temporaryDirectory();
    await symlink("nowhere", join(base, "a"));
    await expect(setUp([file("a", 1)], { directory: base })).rejects.toMatchObject({
      code: "name-exists",
    });
  });

  it("a second store of the same session in the same directory is refused", async () => {
    const { base, store, putAll } = await setUp([file("a", 3000)]);
    await expect(setUp([file("a", 3000)], { directory: base })).rejects.toMatchObject({
      code: "name-exists",
      facts: { name: `.palmtree-${SESSION}` },
    });
    await putAll();
    await store.land();
  });

  it("a session's id is checked: it becomes a name", async () => {
    for (const session of ["", "../x", SESSION.slice(1), SESSION.toUpperCase()]) {
      await expect(setUp([], { session })).rejects.toThrow(TypeError);
    }
  });
});

describe("until it lands", () => {
  it("nothing is under a final name, at any moment of a transfer", async () => {
    const { base, store, all, put } = await setUp(everything);
    const staging = [`.palmtree-${SESSION}`];
    let putting: Promise<void>[] = [];
    for (const index of all) {
      putting.push(put(index));
      if (index % 50 !== 0) continue;
      await Promise.all(putting);
      putting = [];
      expect(await readdir(base)).toEqual(staging);
    }
    await Promise.all(putting);
    expect(await readdir(base)).toEqual(staging);
    await store.land();
    expect((await readdir(base)).sort()).toEqual(["d", "top", "zero"]);
  });

  it("nothing is under a final name that is not whole, at any moment of landing", async () => {
    // What a killed process leaves is what is there at that moment: nothing is undone by a kill.
    const entries = [
      ...everything,
      ...Array.from({ length: 20 }, (_, i) => file(`u${100 + i}`, 1500)),
    ];
    for (const onConflict of ["fail", "overwrite"] as const) {
      const { base, store, putAll, expected } = await setUp(entries, { onConflict });
      await putAll();
      let hasLanded = false;
      const landing = store.land().finally(() => {
        hasLanded = true;
      });
      let looks = 0;
      while (!hasLanded) {
        for (const name of readdirSync(base).filter((name) => !name.startsWith(".palmtree-"))) {
          const below = entries.filter(({ path }) => path === name || path.startsWith(`${name}/`));
          for (const { path, kind } of below.filter((entry) => entry.kind === "file")) {
            expect([path, kind, readFileSync(join(base, path), "latin1")]).toEqual([
              path,
              kind,
              expected[path],
            ]);
          }
        }
        looks += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await landing;
      expect(looks).toBeGreaterThan(5);
      expect(await readTree(base)).toEqual(expected);
    }
  });

  it("a store that is abandoned while it lands has landed before", async () => {
    const { base, store, putAll, expected } = await setUp(everything);
    await putAll();
    const landing = store.land();
    await store.abandon();
    expect(await readTree(base)).toEqual(expected);
    expect((await landing).files).toBe(8);
  });

  it("everything can be abandoned, again and again", async () => {
    const { base, store, put, all } = await setUp(everything);
    const results = await Promise.allSettled([...all.map(put), store.abandon(), store.abandon()]);
    for (const { reason } of results.filter(
      ({ status }) => status === "rejected",
    ) as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: "aborted" });
    }
    await store.abandon();
    expect(await readTree(base)).toEqual({});
    await expect(store.load(0)).rejects.toMatchObject({ code: "aborted" });
    await expect(store.land()).rejects.toMatchObject({ code: "aborted" });
    await expect(put(all.length - 1)).rejects.toMatchObject({ code: "aborted" });
  });

  it("a failing write fails every chunk after it, and the landing; then all is removed", async () => {
    const { base, store, put, all } = await setUp(everything);
    await put(0);
    // Somebody takes the staging directory away under the store.
    await rm(join(base, `.palmtree-${SESSION}`), { recursive: true });
    const last = all.at(-1)!;
    await expect(put(last)).rejects.toMatchObject({ code: "store-failed" });
    await expect(put(last - 1)).rejects.toMatchObject({ code: "store-failed" });
    await expect(store.land()).rejects.toMatchObject({ code: "store-failed" });
    await store.abandon();
    expect(await readTree(base)).toEqual({});
  });

  it.skipIf(onWindows)("a link in the staging directory is not followed", async () => {
    const { base, store, put } = await setUp([directory("d"), file("d/a", 3000)]);
    await writeFile(join(base, "precious"), "precious");
    await mkdir(join(base, `.palmtree-${SESSION}/content/d`));
    await symlink(join(base, "precious"), join(base, `.palmtree-${SESSION}/content/d/a`));
    await expect(put(0)).rejects.toMatchObject({ code: "store-failed" });
    await store.abandon();
    expect(await readTree(base)).toEqual({ precious: "precious" });
  });
});

describe("a store of a stream", () => {
  const stream = { ...manifestOf(file("x", 0)), chunkSizeBytes: 1024, isStream: true };

  async function setUpStream(sizeBytes: number) {
    const layout = new ChunkLayout(stream);
    const { store, base } = await setUp([file("x", 0)], { manifest: stream, layout });
    const put = (index: number) =>
      new Promise<void>((resolve, reject) => {
        const payload = content.subarray(index * 1024, Math.min(sizeBytes, (index + 1) * 1024));
        store.store(index, payload, (error) => (error === undefined ? resolve() : reject(error)));
      });
    return { store, base, put, layout };
  }

  for (const sizeBytes of [0, 1, 1024, 5000, 8192]) {
    it(`lands ${sizeBytes} bytes, with its times, once its length is known`, async () => {
      const { store, base, put } = await setUpStream(sizeBytes);
      const full = Math.floor(sizeBytes / 1024);
      for (let index = 0; index < full; index += 1) await put(index);
      await expect(store.land()).rejects.toThrow(RangeError);
      store.endStream(sizeBytes);
      if (sizeBytes % 1024 > 0) await put(full);
      expect(await store.land()).toMatchObject({ files: 1, bytes: sizeBytes });
      const landed = readFileSync(join(base, "x"));
      expect(Buffer.compare(landed, content.subarray(0, sizeBytes))).toBe(0);
      const { mtimeMs } = await stat(join(base, "x"));
      expect(Math.round(mtimeMs)).toBe(stream.entries.at(0)?.modifiedMs);
      expect(readdirSync(base)).toEqual(["x"]);
      if (full > 0) expect(await store.load(0)).toEqual(content.subarray(0, 1024));
    });
  }

  it("neither takes a short chunk before the end, nor lands with one missing", async () => {
    const { store, put, base } = await setUpStream(3000);
    expect(() => store.store(2, content.subarray(2048, 3000), () => undefined)).toThrow(RangeError);
    await put(0);
    store.endStream(3000);
    await put(2);
    await expect(store.land()).rejects.toThrow("Chunk 1 was not stored");
    expect(readdirSync(base)).not.toContain("x");
  });

  it("does not need the room that it might take", async () => {
    const huge = { ...stream, chunkSizeBytes: 16 * 1024 * 1024 };
    const layout = new ChunkLayout(huge);
    expect(layout.totalBytes).toBe(2 ** 48);
    await expect(setUp([file("x", 0)], { manifest: huge, layout })).resolves.toBeDefined();
  });
});
