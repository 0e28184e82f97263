import { appendFile, chmod, readdir, readFile, rm, stat, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { asOrdinaryUser } from "./support/ordinary-user.js";
import { onWindows } from "./support/platform.js";
import { Resuming } from "./support/resuming.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { directory, file, makeTree, readTree, setStats } from "./support/tree.js";

const entries = [
  directory("d"),
  file("d/a", 3_000),
  directory("d/empty"),
  file("d/none", 0),
  file("top", 5_000),
];
/** Chunks of 1 KiB: 3 of d/a, 5 of top. */
const chunkCount = 8;

let base: string;

/** An earlier session has landed. */
beforeEach(async () => {
  base = join(await temporaryDirectory(), "in");
  const before = await Resuming.start(base, entries);
  await before.finish();
});

/** Changes a file, but neither its size nor its time. */
async function spoil(path: string): Promise<void> {
  const target = join(base, path);
  const bytes = await readFile(target);
  const { atime, mtime } = await stat(target);
  await makeTree(base, { [path]: bytes.map((byte, at) => byte ^ Number(at === 0)) });
  await utimes(target, atime, mtime);
}

async function inodeOf(path: string): Promise<number> {
  return (await stat(join(base, path))).ino;
}

describe("what stands under its final name", () => {
  test("is used where it is, and touched by nothing, when all of it is the same", async () => {
    const before = await Promise.all(["d", "d/a", "top"].map(inodeOf));
    await makeTree(base, { "d/other": "not sent" });
    const again = await Resuming.start(base, entries);
    expect(again.leftovers.length).toBe(chunkCount);
    expect(await again.check()).toEqual([]);
    expect(await again.store.land()).toMatchObject({ files: 3, bytes: 8_000 });
    expect(await Promise.all(["d", "d/a", "top"].map(inodeOf))).toEqual(before);
    expect((await readdir(base)).sort()).toEqual(["d", "top"]);
    expect(await readdir(join(base, "d"))).toContain("other");
    expect(Buffer.from(await again.store.load(0))).toEqual(Buffer.from(again.chunk(0)));
  });

  test.each<[string, () => Promise<void>]>([
    ["has another size", () => appendFile(join(base, "d/a"), "x")],
    ["has another time", () => utimes(join(base, "d/a"), 1, 1)],
    ["is not there", () => rm(join(base, "d/a"))],
    [
      "is a link",
      async () => {
        await makeTree(base, { elsewhere: await readFile(join(base, "d/a")) });
        await setStats(join(base, "elsewhere"), 0o644, 1_600_000_000_123);
        await rm(join(base, "d/a"));
        await symlink(join(base, "elsewhere"), join(base, "d/a"));
      },
    ],
    [
      "is reached through a link",
      async () => {
        const other = `${base}-other`;
        await makeTree(other, { "d/empty": undefined, "d/none": "" });
        await makeTree(other, { "d/a": await readFile(join(base, "d/a")) });
        await setStats(join(other, "d/a"), 0o644, 1_600_000_000_123);
        await setStats(join(other, "d/none"), 0o644, 1_600_000_000_123);
        await rm(join(base, "d"), { recursive: true });
        await symlink(join(other, "d"), join(base, "d"));
      },
    ],
  ])("but %s is in the way at once, when nothing may be replaced", async (_, change) => {
    await change();
    const again = Resuming.start(base, entries);
    await expect(again).rejects.toMatchObject({ code: "name-exists", facts: { name: "d" } });
    expect((await readdir(base)).some((name) => name.startsWith(".palmtree"))).toBe(false);
  });

  test("but has other bytes is in the way once a chunk of it comes", async () => {
    await spoil("d/a");
    const before = await readTree(base);
    const again = await Resuming.start(base, entries);
    expect(await again.check()).toEqual([0]);
    await expect(again.put(0)).rejects.toMatchObject({ code: "name-exists" });
    await again.store.abandon();
    expect(await readTree(base)).toEqual(before);
  });

  test("but has other bytes is not changed until all is here, and then replaced", async () => {
    await spoil("top");
    await spoil("d/a");
    const before = await readTree(base);
    const again = await Resuming.start(base, entries, { onConflict: "overwrite" });
    expect(await again.check()).toEqual([0, 3]);
    await again.putAll([0, 3]);
    for (const index of again.all)
      expect(Buffer.from(await again.store.load(index))).toEqual(Buffer.from(again.chunk(index)));
    const staged = Object.entries(await readTree(base)).filter(([path]) => path in before);
    expect(Object.fromEntries(staged)).toEqual(before);
    await again.store.land();
    const landed = await Resuming.start(base, entries);
    expect(landed.leftovers.length).toBe(chunkCount);
    expect(await landed.check()).toEqual([]);
  });

  test("is not damaged by a session that ends early", async () => {
    await spoil("top");
    const before = await readTree(base);
    const again = await Resuming.start(base, entries, { onConflict: "overwrite" });
    await again.check();
    await again.put(3);
    await again.store.abandon();
    expect(await readTree(base)).toEqual(before);
  });

  test.skipIf(onWindows)("may be read-only, also where all is to survive a loss of power", () =>
    asOrdinaryUser(async () => {
      const destination = join(await temporaryDirectory(), "in");
      await (await Resuming.start(destination, entries)).finish();
      await chmod(join(destination, "top"), 0o444);
      const again = await Resuming.start(destination, entries, { sync: true });
      expect(await again.check()).toEqual([]);
      expect(await again.store.land()).toMatchObject({ files: 3, bytes: 8_000 });
    }),
  );

  test("in a directory that changed is used for the new one, which replaces the old as a whole", async () => {
    const changed = [directory("d"), file("d/a", 3_000), file("d/new", 2_000), file("top", 5_000)];
    const before = await inodeOf("top");
    const again = await Resuming.start(base, changed, { onConflict: "overwrite" });
    expect(again.leftovers).toEqual([0, 1, 2, 5, 6, 7, 8, 9]);
    expect(await again.check()).toEqual([]);
    await again.putAll([3, 4]);
    await again.store.land();
    expect(Object.keys(await readTree(base)).sort()).toEqual(["d", "d/a", "d/new", "top"]);
    expect(await inodeOf("top")).toBe(before);
    const landed = await Resuming.start(base, changed);
    expect(await landed.check()).toEqual([]);
    expect(landed.leftovers.length).toBe(10);
  });
});
