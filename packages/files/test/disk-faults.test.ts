import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type * as descriptor from "../src/descriptor.js";
import { SourceReader, scanSources } from "../src/index.js";
import { asOrdinaryUser } from "./support/ordinary-user.js";
import { onWindows } from "./support/platform.js";
import { Resuming } from "./support/resuming.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { directory, file, makeTree, readTree } from "./support/tree.js";

/** What fails next, once. */
const next = vi.hoisted(() => ({ write: "", read: "" }));

vi.mock("../src/descriptor.js", async (load) => {
  const real = await load<typeof descriptor>();
  const failIf = (call: "write" | "read"): void => {
    const code = next[call];
    next[call] = "";
    if (code !== "") throw Object.assign(new Error(code), { code });
  };
  return {
    ...real,
    writeAll: async (...[file, payloads, offset]: Parameters<typeof real.writeAll>) => {
      const isContent = (payloads[0]?.length ?? 0) >= 500; // and no record of the journal
      if (isContent) failIf("write");
      return await real.writeAll(file, payloads, offset);
    },
    readInto: async (...call: Parameters<typeof real.readInto>) => {
      failIf("read");
      return await real.readInto(...call);
    },
  };
});

const entries = [directory("d"), file("d/a", 300_000), file("d/b", 100_000)];

/** Mounts a file system of a MiB; undefined where that is not allowed. */
async function mountSmall(): Promise<string | undefined> {
  const path = join(await temporaryDirectory(), "small");
  await mkdir(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path], { stdio: "ignore" });
  } catch {
    console.info("not tried: only root may mount a small file system here");
    return undefined;
  }
  onTestFinished(() => void execFileSync("umount", ["--lazy", path]));
  return path;
}

/** Stores all chunks. @returns the codes of their errors */
async function codesOf(store: Resuming): Promise<ReadonlySet<unknown>> {
  const outcomes = await Promise.allSettled(store.all.map((index) => store.put(index)));
  return new Set(
    outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason.code : undefined)),
  );
}

/** The whole fails with that code, what was there is as it was, and nothing else is left. */
async function expectFailed(store: Resuming, code: string): Promise<void> {
  expect(await codesOf(store)).toContain(code);
  const missing = store.all.find((index) => !store.store.has(index)) ?? -1;
  await expect(store.put(missing)).rejects.toMatchObject({ code });
  await expect(store.store.land()).rejects.toMatchObject({ code });
}

describe("a disk that fails", () => {
  it("by being full fails what is stored there, and nothing that is there", async () => {
    const base = await mountSmall();
    if (base === undefined) return;
    await makeTree(base, { mine: "mine", "d/a": "old" });
    const store = await Resuming.start(base, entries, { onConflict: "overwrite" });
    await writeFile(join(base, "filler"), Buffer.alloc(800_000));
    await expectFailed(store, "disk-full");
    await store.store.abandon();
    await unlink(join(base, "filler"));
    expect(await readTree(base)).toEqual({ mine: "mine", d: "directory", "d/a": "old" });
    const again = await Resuming.start(base, entries, { onConflict: "overwrite" });
    await again.finish();
    expect(await readdir(base)).toEqual(expect.arrayContaining(["d", "mine"]));
  });

  it("by becoming read-only fails the next transfer, and keeps what was staged for later", async () => {
    const base = await mountSmall();
    if (base === undefined) return;
    await makeTree(base, { mine: "mine" });
    const store = await Resuming.start(base, entries);
    await store.put(0);
    const remount = (mode: string) =>
      execFileSync("mount", ["-o", `remount,${mode}`, base], { stdio: "ignore" });
    await store.store.suspend(); // what is open for writing keeps it from becoming read-only
    remount("ro");
    await expect(Resuming.start(base, entries)).rejects.toMatchObject({ code: "not-writable" });
    expect(await readTree(base)).toMatchObject({ mine: "mine" });
    remount("rw");
    const again = await Resuming.start(base, entries);
    expect(again.leftovers).toContain(0);
    await again.finish();
    expect((await readdir(base)).sort()).toEqual(["d", "mine"]);
  });

  it.each([
    ["EDQUOT", "disk-full"],
    ["ENOSPC", "disk-full"],
    ["EROFS", "not-writable"],
    ["EIO", "store-failed"],
  ])("in one write, with %s, fails the whole with %s", async (system, code) => {
    const base = await temporaryDirectory();
    await makeTree(base, { mine: "mine" });
    const store = await Resuming.start(base, entries);
    await store.put(0);
    next.write = system;
    await expectFailed(store, code);
    await store.store.abandon();
    expect(await readTree(base)).toEqual({ mine: "mine" });
  });

  it("in one read fails that load, and no other", async () => {
    const base = await temporaryDirectory();
    const store = await Resuming.start(base, entries);
    await store.putAll();
    next.read = "EIO";
    await expect(store.store.load(0)).rejects.toMatchObject({ code: "store-failed" });
    expect(Buffer.compare(await store.store.load(0), store.chunk(0))).toBe(0);
    await store.store.land();
  });

  it.skipIf(onWindows)(
    "by losing a directory fails what is stored in it, and no other",
    async () => {
      const gone = await temporaryDirectory();
      const other = await Resuming.start(await temporaryDirectory(), entries);
      for (const remove of ["staging", "destination"] as const) {
        const base = join(gone, remove);
        const store = await Resuming.start(base, entries);
        await store.put(0);
        await rm(remove === "staging" ? store.staging : base, { recursive: true });
        await expectFailed(store, "store-failed");
        await store.store.abandon().catch(() => undefined);
        expect(await readdir(gone)).toEqual(["staging"]);
      }
      await other.finish();
    },
  );
});

describe("a source that fails", () => {
  /** Two files, and a reader of them. */
  async function setUp() {
    const base = await temporaryDirectory();
    await makeTree(base, { "d/a": Buffer.alloc(3_000_000), "d/b": "b" });
    const reader = new SourceReader(await scanSources([join(base, "d")]));
    onTestFinished(() => reader.close());
    return { base, reader };
  }

  it.skipIf(onWindows)("since it may not be read any more is named", () =>
    asOrdinaryUser(async () => {
      const { base, reader } = await setUp();
      await chmod(join(base, "d/a"), 0);
      await expect(reader.produce(0)).rejects.toMatchObject({
        code: "source-unreadable",
        facts: { path: join(base, "d/a"), system: "EACCES" },
      });
    }),
  );

  it("in one read is named, and what was read before is as it was", async () => {
    const { base, reader } = await setUp();
    const { payload } = await reader.produce(0);
    next.read = "EIO";
    await expect(reader.read(20)).rejects.toMatchObject({
      code: "source-unreadable",
      facts: { path: join(base, "d/a"), system: "EIO" },
    });
    expect(payload.every((byte) => byte === 0)).toBe(true);
  });
});
