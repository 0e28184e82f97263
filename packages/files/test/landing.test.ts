import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ChunkLayout, ChunkStore, type ManifestEntry, type OnConflict } from "../src/index.js";
import { onWindows } from "./support/platform.js";
import { Resuming } from "./support/resuming.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import {
  directory,
  file,
  link,
  makeTree,
  manifestOf,
  readTree,
  statsOf,
  type Tree,
} from "./support/tree.js";

const SESSION = "00112233445566778899aabbccddeeff";
const STAGING = `.palmtree-${SESSION}`;
const NEW = "n".repeat(5);

/** A store with every chunk stored, in a directory that had something in it. */
async function readyToLand(
  entries: readonly ManifestEntry[],
  onConflict: OnConflict,
  existing: Tree = {},
) {
  const base = await temporaryDirectory();
  await makeTree(base, existing);
  const manifest = manifestOf(...entries);
  const layout = new ChunkLayout(manifest);
  const options = { directory: base, session: SESSION, manifest, layout, onConflict, sync: false };
  const store = await ChunkStore.create(options);
  onTestFinished(() => store.abandon().catch(() => undefined)); // what tests leave may keep it
  for (let index = 0; index < layout.chunkCount; index += 1) {
    store.store(index, Buffer.from(NEW.slice(0, layout.lengthOf(index))), () => undefined);
  }
  return { base, store };
}

/** What is not in the staging directory. */
function visibleIn(tree: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !path.startsWith(STAGING)));
}

const names = ["a", "b", "c", "d", "e", "f"];

describe("landing where nothing may be replaced", () => {
  it("fails for a name that was taken in the meantime, moves nothing, and can be tried again", async () => {
    const entries = [
      ...names.map((name) => file(name, 5)),
      directory("g"),
      file("g/x", 5),
      file("h", 5),
    ];
    for (const taken of ["a", "d", "g", "h"]) {
      for (const asDirectory of [false, true]) {
        const { base, store } = await readyToLand(entries, "fail");
        const path = join(base, taken);
        if (asDirectory) await makeTree(base, { [`${taken}/x`]: "old" });
        else await writeFile(path, "old");
        await expect(store.land()).rejects.toMatchObject({
          code: "name-exists",
          facts: { name: taken },
        });
        expect(visibleIn(await readTree(base))).toEqual(
          asDirectory ? { [taken]: "directory", [`${taken}/x`]: "old" } : { [taken]: "old" },
        );
        await rm(path, { recursive: true });
        await store.land();
        expect((await readdir(base)).sort()).toEqual([...names, "g", "h"]);
        expect(await readFile(join(base, "g/x"), "utf8")).toBe(NEW);
      }
    }
  });

  it("does not take the place of an empty directory either", async () => {
    const { base, store } = await readyToLand([directory("d"), file("d/x", 5)], "fail");
    await mkdir(join(base, "d"));
    await expect(store.land()).rejects.toMatchObject({ code: "name-exists" });
    expect(visibleIn(await readTree(base))).toEqual({ d: "directory" });
  });

  it.skipIf(onWindows)("does not write through a link that appeared", async () => {
    const { base, store } = await readyToLand([file("a", 5)], "fail");
    await symlink("elsewhere", join(base, "a"));
    await expect(store.land()).rejects.toMatchObject({ code: "name-exists" });
    await store.abandon();
    expect(await readTree(base)).toEqual({ a: "link to elsewhere" });
  });
});

describe.skipIf(onWindows)("landing links", () => {
  const entries = [
    directory("d"),
    file("d/a", 5),
    link("d/chain", "l"),
    directory("d/e"),
    link("d/e/up", "../a"),
    link("d/l", "a"),
    link("d/nowhere", "e/not/there"),
  ];
  const landed = {
    d: "directory",
    "d/a": NEW,
    "d/chain": "link to l",
    "d/e": "directory",
    "d/e/up": "link to ../a",
    "d/l": "link to a",
    "d/nowhere": "link to e/not/there",
  };

  it("makes them with their targets and times, after everything that is written", async () => {
    const { base, store } = await readyToLand(entries, "fail");
    const staged = join(base, STAGING, "content");
    expect(Object.values(await readTree(staged)).join()).not.toContain("link to");
    expect(await store.land()).toMatchObject({ files: 1 });
    expect(await readTree(base)).toEqual(landed);
    expect(await readFile(join(base, "d/e/up"), "utf8")).toBe(NEW);
    const { modifiedMs } = await statsOf(join(base, "d/l"));
    expect(modifiedMs).toBe(entries[5]?.modifiedMs);
    expect((await statsOf(join(base, "d/e"))).modifiedMs).toBe(entries[3]?.modifiedMs);
  });

  it("does not take what is there and the same for a conflict, and a link elsewhere for one", async () => {
    const base = await temporaryDirectory();
    await (await Resuming.start(base, entries)).finish();
    const again = await Resuming.start(base, entries);
    await again.finish();
    expect(await readTree(base)).toEqual({ ...landed, "d/a": expect.any(String) });
    await rm(join(base, "d/l"));
    await symlink("e", join(base, "d/l"));
    await expect(Resuming.start(base, entries)).rejects.toMatchObject({ code: "name-exists" });
    await (await Resuming.start(base, entries, { onConflict: "overwrite" })).finish();
    expect(await readTree(base)).toEqual({ ...landed, "d/a": expect.any(String) });
  });

  it("removes links from what an earlier session has left, and never writes through them", async () => {
    const base = await temporaryDirectory();
    const elsewhere = await temporaryDirectory();
    const more = [...entries, file("z", 2048)];
    const first = await Resuming.start(base, more);
    await first.put(0);
    await first.put(1);
    await first.store.suspend();
    await rm(join(first.staging, "content/d"), { recursive: true });
    await symlink(elsewhere, join(first.staging, "content/d"));
    await (await Resuming.start(base, more)).finish();
    expect(await readdir(elsewhere)).toEqual([]);
    expect((await readTree(base))["d/e/up"]).toBe("link to ../a");
  });
});

describe("landing where things may be replaced", () => {
  it("replaces files by files, directories by directories, and each by the other", async () => {
    const { base, store } = await readyToLand(
      [
        file("file-file", 5),
        directory("dir-dir"),
        file("dir-dir/new", 5),
        file("dir-file", 5),
        directory("file-dir"),
        file("file-dir/new", 5),
        file("new", 5),
      ].sort((a, b) => (a.path < b.path ? -1 : 1)),
      "overwrite",
      {
        "file-file": "old",
        "dir-dir/old": "old",
        "dir-file/old": "old",
        "file-dir": "old",
        beside: "stays",
      },
    );
    await store.land();
    expect(await readTree(base)).toEqual({
      "file-file": NEW,
      "dir-dir": "directory",
      "dir-dir/new": NEW,
      "dir-file": NEW,
      "file-dir": "directory",
      "file-dir/new": NEW,
      new: NEW,
      beside: "stays",
    });
  });

  it("has the old file or the new one under a name, at every moment", async () => {
    const entries = Array.from({ length: 40 }, (_, i) => file(`f${10 + i}`, 5));
    const existing = Object.fromEntries(entries.map(({ path }) => [path, "old"]));
    const { base, store } = await readyToLand(entries, "overwrite", existing);
    let hasLanded = false;
    const landing = store.land().finally(() => {
      hasLanded = true;
    });
    while (!hasLanded) {
      for (const { path } of entries) {
        expect(["old", NEW]).toContain(readFileSync(join(base, path), "utf8"));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await landing;
  });

  it.skipIf(onWindows)("replaces a link, not what it leads to", async () => {
    const { base, store } = await readyToLand([file("a", 5)], "overwrite", { target: "old" });
    await symlink("target", join(base, "a"));
    await store.land();
    expect(await readTree(base)).toEqual({ a: NEW, target: "old" });
  });

  it("puts everything back when something cannot be moved", async () => {
    const existing: Tree = { a: "old", "b/x": "old", c: "old", "d/y": "old" };
    const { base, store } = await readyToLand(
      [file("a", 5), directory("b"), file("b/new", 5), file("c", 5), file("d", 5), file("e", 5)],
      "overwrite",
      existing,
    );
    // The last one cannot be moved: what it would replace cannot be put aside.
    await mkdir(join(base, "e/full"), { recursive: true });
    await makeTree(base, { [`${STAGING}/replaced/e/blocks`]: "x" });
    await expect(store.land()).rejects.toMatchObject({ code: "store-failed" });
    expect(visibleIn(await readTree(base))).toEqual({
      a: "old",
      b: "directory",
      "b/x": "old",
      c: "old",
      d: "directory",
      "d/y": "old",
      e: "directory",
      "e/full": "directory",
    });
  });

  it("never removes what was replaced and could not be put back", async () => {
    const { base, store } = await readyToLand([file("a", 5)], "overwrite");
    await makeTree(base, { [`${STAGING}/replaced/precious`]: "precious" });
    await expect(store.abandon()).rejects.toMatchObject({ code: "store-failed" });
    expect(await readFile(join(base, STAGING, "replaced/precious"), "utf8")).toBe("precious");
  });
});
