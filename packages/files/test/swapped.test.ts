import { mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DirectoryPin, inParent } from "../src/directory-pin.js";
import { onLinux, onWindows } from "./support/platform.js";
import { Resuming } from "./support/resuming.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { directory, file, makeTree, readTree } from "./support/tree.js";

const entries = [directory("d"), file("d/a", 2000), file("d/b", 3000), file("z", 100)];
const precious = { content: "directory", "content/d": "directory", "content/d/a": "precious" };

/** Somebody's directory that looks as a staging directory does inside. */
async function makeVictim(): Promise<string> {
  const victim = await temporaryDirectory();
  await makeTree(victim, { "content/d/a": "precious" });
  return victim;
}

describe.skipIf(!onLinux)("a store whose staging directory is swapped for a link", () => {
  it("goes on in the directory that it made, and lands from it", async () => {
    const base = await temporaryDirectory();
    const victim = await makeVictim();
    const store = await Resuming.start(base, entries);
    await store.put(0);
    await rename(store.staging, join(base, "moved"));
    await symlink(victim, store.staging);
    await store.putAll(store.all.slice(1));
    await store.store.land();
    expect(await readTree(victim)).toEqual(precious);
    expect((await readFile(join(base, "d/b"))).length).toBe(3000);
    await rm(store.staging);
    await store.store.abandon();
  });

  it("removes nothing of what the link leads to", async () => {
    const base = await temporaryDirectory();
    const victim = await makeVictim();
    await makeTree(victim, { owner: "precious", journal: "precious" });
    const before = await readTree(victim);
    for (const end of ["abandon", "suspend"] as const) {
      const store = await Resuming.start(base, entries);
      await store.put(0);
      await rename(store.staging, join(base, `moved-${end}`));
      await symlink(victim, store.staging);
      await store.store[end]();
      expect(await readTree(victim)).toEqual(before);
    }
  });

  it("lands in the destination that it was given, when that is swapped too", async () => {
    const base = await temporaryDirectory();
    const victim = await makeVictim();
    const place = join(base, "in");
    const store = await Resuming.start(place, entries);
    await store.putAll();
    await rename(place, join(base, "moved"));
    await symlink(victim, place);
    await store.store.land();
    expect(await readTree(victim)).toEqual(precious);
    expect(Object.keys(await readTree(join(base, "moved")))).toContain("d/a");
  });

  it("takes over nothing through a link", async () => {
    const base = await temporaryDirectory();
    const first = await Resuming.start(base, entries);
    await first.putAll([0, 1]);
    await first.store.suspend();
    const elsewhere = await temporaryDirectory();
    await rename(first.staging, join(elsewhere, "left"));
    await symlink(join(elsewhere, "left"), first.staging);
    const before = await readTree(elsewhere);
    const second = await Resuming.start(base, entries);
    expect(second.leftovers).toEqual([]);
    await second.finish();
    expect(await readTree(elsewhere)).toEqual(before);
  });
});

describe.skipIf(onWindows)("a file that stands in the destination", () => {
  /** All is there, a file of it differs, and the directory around it is swapped for a link. */
  async function swapped() {
    const base = await temporaryDirectory();
    await (await Resuming.start(base, entries)).finish();
    const secrets = await temporaryDirectory();
    await writeFile(join(secrets, "a"), "s".repeat(2000));
    const { mtime } = await stat(join(base, "d/a"));
    await utimes(join(secrets, "a"), mtime, mtime);
    return { base, secrets };
  }

  it("is not read through a link that took its directory's place", async () => {
    const { base, secrets } = await swapped();
    const again = await Resuming.start(base, entries);
    await rename(join(base, "d"), join(base, "moved"));
    await symlink(secrets, join(base, "d"));
    await expect(again.store.load(0)).rejects.toMatchObject({ code: "store-failed" });
  });

  it("is not copied or linked through one", async () => {
    for (const onConflict of ["overwrite", "skip", "rename"] as const) {
      const { base, secrets } = await swapped();
      const again = await Resuming.start(base, entries, { onConflict });
      for (const index of again.leftovers.slice(1)) await again.store.load(index);
      for (const index of again.leftovers.slice(1)) await again.store.keep(index);
      await rename(join(base, "d"), join(base, "moved"));
      await symlink(secrets, join(base, "d"));
      await again.put(0).catch(() => undefined);
      await again.store.land().catch(() => undefined);
      await again.store.suspend();
      const all = Object.entries(await readTree(base));
      const leaked = all.filter(([, content]) => content.includes("sss"));
      expect([onConflict, leaked]).toEqual([onConflict, []]);
    }
  });
});

describe.skipIf(onWindows)("a directory that is held", () => {
  it("is reached whatever has its name, where the system can", async () => {
    const base = await temporaryDirectory();
    await mkdir(join(base, "d"));
    const pin = await DirectoryPin.open(join(base, "d"));
    await rename(join(base, "d"), join(base, "moved"));
    await mkdir(join(base, "d"));
    if (onLinux) {
      await pin.check();
      await writeFile(join(pin.path, "a"), "a");
      expect(await readTree(join(base, "moved"))).toEqual({ a: "a" });
    } else await expect(pin.check()).rejects.toMatchObject({ code: "store-failed" });
    expect(pin.show(join(pin.path, "a"))).toBe(join(base, "d/a"));
    await pin.close();
  });

  it("is missed where it cannot be reached but by its name", async () => {
    const base = await temporaryDirectory();
    await mkdir(join(base, "d"));
    const pin = await DirectoryPin.open(join(base, "d"), { byName: true });
    await pin.check();
    await rename(join(base, "d"), join(base, "moved"));
    await expect(pin.check()).rejects.toMatchObject({ code: "store-failed" });
    await mkdir(join(base, "d"));
    await expect(pin.check()).rejects.toMatchObject({ code: "store-failed" });
    await pin.close();
  });

  it("is not opened through a link, nor is one in it", async () => {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/a": "a", elsewhere: undefined });
    await symlink("d", join(base, "l"));
    await symlink("../elsewhere", join(base, "d/l"));
    await expect(DirectoryPin.open(join(base, "l"))).rejects.toThrow();
    for (const byName of [false, true]) {
      const pin = await DirectoryPin.open(base, { byName });
      const read = (parent: string, name: string) => readFile(join(parent, name), "utf8");
      expect(await inParent(pin, "d/a", read)).toBe("a");
      await expect(inParent(pin, "d/l/a", read)).rejects.toThrow();
      await expect(inParent(pin, "l/a", read)).rejects.toThrow();
      await pin.close();
    }
  });
});
