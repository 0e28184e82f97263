import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Landed } from "../src/index.js";
import { Resuming } from "./support/resuming.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { directory, file, makeTree, readTree } from "./support/tree.js";

const entries = [
  file("a", 2000),
  directory("d"),
  file("d/x", 3000),
  directory("d/y"),
  file("d/y/z", 100),
  file("e", 10),
];

type Keeping = "skip" | "rename";

async function land(base: string, onConflict: Keeping, given = entries): Promise<Landed> {
  const store = await Resuming.start(base, given, { onConflict });
  await store.check();
  await store.putAll(store.all.filter((index) => !store.store.has(index)));
  const landed = await store.store.land();
  for (const index of store.all)
    expect(Buffer.from(await store.store.load(index))).toEqual(Buffer.from(store.chunk(index)));
  await store.store.abandon();
  return landed;
}

/** What lands where nothing is. */
async function whole(): Promise<Record<string, string>> {
  const base = await temporaryDirectory();
  await land(base, "skip");
  return await readTree(base);
}

/** Changes a file, and nothing that shows without reading it. */
async function changeQuietly(path: string): Promise<void> {
  const { size, mtime } = await stat(path);
  await writeFile(path, "q".repeat(size));
  await utimes(path, mtime, mtime);
}

describe("where what is there is kept, and the rest lands beside it", () => {
  it("skips a name that is taken, says so, and still has it for neighbours", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { a: "mine", "d/x": "mine too" });
    const landed = await land(base, "skip");
    expect(landed).toMatchObject({ files: 1, skipped: ["a", "d"], renamed: [] });
    const tree = await readTree(base);
    const expected = await whole();
    expect(tree).toEqual({ a: "mine", d: "directory", "d/x": "mine too", e: expected.e });
  });

  it("lands under the next free name, and says so", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { a: "mine", "d/x": "mine too", "d (1)": "and this" });
    const landed = await land(base, "rename");
    expect(landed).toMatchObject({
      files: 4,
      skipped: [],
      renamed: [
        { name: "a", landedAs: "a (1)" },
        { name: "d", landedAs: "d (2)" },
      ],
    });
    const expected = await whole();
    expect(await readTree(base)).toEqual({
      a: "mine",
      "a (1)": expected.a,
      d: "directory",
      "d/x": "mine too",
      "d (1)": "and this",
      "d (2)": "directory",
      "d (2)/x": expected["d/x"],
      "d (2)/y": "directory",
      "d (2)/y/z": expected["d/y/z"],
      e: expected.e,
    });
  });

  it("never takes a name that is sent too", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { a: "mine" });
    const landed = await land(base, "rename", [file("A (2)", 7), file("a", 5), file("a (1)", 6)]);
    expect(landed.renamed).toEqual([{ name: "a", landedAs: "a (3)" }]);
    expect((await readdir(base)).sort()).toEqual(["A (2)", "a", "a (1)", "a (3)"]);
  });

  it("fails where no name is free that is short enough", async () => {
    const base = await temporaryDirectory();
    const name = "n".repeat(255);
    await makeTree(base, { [name]: "mine" });
    await expect(land(base, "rename", [file(name, 5), file("o", 5)])).rejects.toMatchObject({
      code: "name-exists",
    });
    expect((await readdir(base)).filter((other) => !other.startsWith("."))).toEqual([name]);
  });

  it("takes what is the same for what it is: nothing is skipped or renamed", async () => {
    for (const onConflict of ["skip", "rename"] as const) {
      const base = await temporaryDirectory();
      await land(base, onConflict);
      const before = await stat(join(base, "a"));
      expect(await land(base, onConflict)).toMatchObject({ files: 4, skipped: [], renamed: [] });
      expect((await stat(join(base, "a"))).ino).toBe(before.ino);
      expect((await readdir(base)).sort()).toEqual(["a", "d", "e"]);
    }
  });

  it("keeps what only looked the same, all of its directory, and shares nothing with it", async () => {
    const expected = await whole();
    for (const onConflict of ["skip", "rename"] as const) {
      for (const changed of ["d/x", "d/y/z"]) {
        const base = await temporaryDirectory();
        await land(base, onConflict);
        await changeQuietly(join(base, changed));
        const kept = await readTree(base);
        const landed = await land(base, onConflict);
        expect(landed.skipped).toEqual(onConflict === "skip" ? ["d"] : []);
        const tree = await readTree(base);
        expect(tree).toMatchObject(kept);
        if (onConflict === "skip") {
          expect(tree).toEqual(kept);
          continue;
        }
        expect(landed.renamed).toEqual([{ name: "d", landedAs: "d (1)" }]);
        expect(tree["d (1)/x"]).toBe(expected["d/x"]);
        expect(tree["d (1)/y/z"]).toBe(expected["d/y/z"]);
        const inodes = await Promise.all(
          ["d/x", "d (1)/x", "d/y/z", "d (1)/y/z"].map(async (path) => stat(join(base, path))),
        );
        expect(new Set(inodes.map(({ ino }) => ino)).size).toBe(4);
        expect(inodes[1]?.mtimeMs).toBeCloseTo(entries[2]?.modifiedMs ?? 0, 0);
        expect(inodes[3]?.mtimeMs).toBeCloseTo(entries[4]?.modifiedMs ?? 0, 0);
      }
    }
  });

  it("finds a name that was taken in the meantime", async () => {
    for (const onConflict of ["skip", "rename"] as const) {
      const base = await temporaryDirectory();
      const store = await Resuming.start(base, entries, { onConflict });
      await store.putAll();
      await makeTree(base, { "d/other": "mine" });
      const { skipped, renamed } = await store.store.land();
      expect([...skipped, ...renamed.map(({ name }) => name)]).toEqual(["d"]);
      expect(await readFile(join(base, "d/other"), "utf8")).toBe("mine");
      expect(await readdir(join(base, "d"))).toEqual(["other"]);
    }
  });
});
