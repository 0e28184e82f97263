import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFile,
  chmod,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { countLeftBytes, discardLeftStaging, encodeManifest, sha256 } from "../src/index.js";
import { onWindows } from "./support/platform.js";
import { crashed, Resuming } from "./support/resuming.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { directory, file, manifestOf, readTree, statsOf } from "./support/tree.js";

const entries = [
  directory("d"),
  file("d/empty", 0),
  file("d/large", 100_000, 0o600),
  file("d/read-only", 3_000, 0o444),
  file("top", 5_000),
];
/** Chunks of 1 KiB: 98 of d/large, 3 of d/read-only, 5 of top. */
const readOnly = [98, 99, 100];
const some = [0, 1, 2, 50, 97, ...readOnly, 105];

let base: string;

beforeEach(async () => {
  base = join(await temporaryDirectory(), "in");
});

/** Some of it was stored, and then it was broken off in good order. */
async function leaveSome(indexes: readonly number[] = some): Promise<string> {
  const before = await Resuming.start(base, entries);
  await before.putAll(indexes);
  await before.store.suspend();
  return before.staging;
}

async function expectWhole(resumed: Resuming): Promise<void> {
  expect((await readdir(resumed.directory)).sort()).toEqual(["d", "top"]);
  for (const { path, kind, sizeBytes, mode, modifiedMs } of entries) {
    expect(await statsOf(join(resumed.directory, path))).toEqual({ mode, modifiedMs });
    if (kind === "directory") continue;
    expect((await stat(join(resumed.directory, path))).size).toBe(sizeBytes);
  }
}

describe("what was stored when a session was broken off", () => {
  test("is there for the next one of the same files, and can be finished", async () => {
    await leaveSome();
    const resumed = await Resuming.start(base, entries);
    expect(resumed.leftovers).toEqual(some);
    expect(await readdir(base)).toEqual([`.palmtree-${resumed.session}`]);
    expect(await resumed.check()).toEqual([]);
    await resumed.finish();
    await expectWhole(resumed);
    expect(await readTree(base)).toMatchObject({ top: expect.any(String) });
  });

  test("is there after a crash too, and after another one on top", async () => {
    const first = await Resuming.start(base, entries);
    await first.putAll([0, 1, 2]);
    await first.store.suspend();
    const second = await Resuming.start(base, entries);
    await second.check();
    await second.putAll([50, 105]);
    // Nothing waits for the journal, but this test.
    const manifestBytes = encodeManifest(manifestOf(...entries)).length;
    await vi.waitFor(async () => {
      const { size } = await stat(join(second.staging, "journal"));
      expect(size).toBeGreaterThanOrEqual(44 + manifestBytes + 3 * 24);
    });
    const third = await Resuming.start(await crashed(base), entries);
    expect(third.leftovers).toEqual([0, 1, 2, 50, 105]);
    expect(await third.check()).toEqual([]);
    await third.finish();
    await expectWhole(third);
  });

  test("is there in chunks of another size, as far as each is whole", async () => {
    await leaveSome([0, 1, 2, 3, 5, 96, 97, ...readOnly]);
    const resumed = await Resuming.start(base, entries, { chunkSizeBytes: 2048 });
    // Bytes 0 to 4,095 and the last 1,696 of d/large, and d/read-only, which has two chunks now.
    expect(resumed.leftovers).toEqual([0, 1, 48, 49, 50]);
    expect(await resumed.check()).toEqual([]);
    await resumed.finish();
    await expectWhole(resumed);
  });

  test("of files that are the same is there; others are removed, and sent whole", async () => {
    await leaveSome();
    const changed = [
      directory("d"),
      { ...file("d/large", 100_000), modifiedMs: 1_600_000_000_124 },
      file("d/read-only", 3_000, 0o444),
      directory("e"),
      file("top", 4_999),
    ];
    const resumed = await Resuming.start(base, changed);
    expect(resumed.leftovers).toEqual(readOnly);
    expect(await readTree(join(resumed.staging, "content"))).toEqual({
      d: "directory",
      "d/read-only": expect.any(String),
    });
    await resumed.finish();
    expect(Object.keys(await readTree(base)).sort()).toEqual([
      "d",
      "d/large",
      "d/read-only",
      "e",
      "top",
    ]);
  });

  test.skipIf(onWindows)("gets no permissions that the umask takes away", async () => {
    const open = [directory("d", 0o777), file("d/a", 3_000, 0o777), file("d/b", 3_000, 0o446)];
    const umask = process.umask(0o022);
    onTestFinished(() => void process.umask(umask));
    const before = await Resuming.start(base, open);
    await before.putAll([0, 3]);
    await before.store.suspend();
    const resumed = await Resuming.start(base, open);
    expect(resumed.leftovers).toEqual([0, 3]);
    await resumed.finish();
    const modes = ["d", "d/a", "d/b"].map(async (path) => (await statsOf(join(base, path))).mode);
    expect(await Promise.all(modes)).toEqual([0o755, 0o755, 0o444]);
  });

  test("is removed when it was abandoned, or when there was nothing", async () => {
    const before = await Resuming.start(base, entries);
    await before.putAll(some);
    await before.store.abandon();
    expect(await readdir(base)).toEqual([]);
    const idle = await Resuming.start(base, entries);
    await idle.store.suspend();
    expect(await readdir(base)).toEqual([]);
  });

  test("is what one of two gets that begin at once", async () => {
    await leaveSome();
    const both = await Promise.all([Resuming.start(base, entries), Resuming.start(base, entries)]);
    expect(both.map(({ leftovers }) => leftovers.length)).toContain(0);
    expect(both.flatMap(({ leftovers }) => leftovers)).toEqual(some);
  });

  test("counts as room that is there, and goes when it is old, or when that is wanted", async () => {
    await leaveSome([0, 1, 105]);
    const encoded = encodeManifest(manifestOf(...entries));
    expect(await countLeftBytes(base, sha256(encoded))).toBe(2 * 1024 + 904);
    expect(await countLeftBytes(base, new Uint8Array(32))).toBe(0);
    expect(await discardLeftStaging(base, Date.now() - 60_000)).toBe(0);
    expect(await discardLeftStaging(base, Date.now() + 60_000)).toBe(1);
    expect(await readdir(base)).toEqual([]);
    expect(await discardLeftStaging(join(base, "nothing"), Date.now())).toBe(0);
  });

  test("is not discarded while somebody uses it", async () => {
    const using = await Resuming.start(base, entries);
    await using.putAll(some);
    expect(await discardLeftStaging(base, Date.now() + 60_000)).toBe(0);
    await using.finish();
    await expectWhole(using);
  });
});

describe("what is not as it was stored", () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ["a byte that flipped", (path) => flip(path, 1_500)],
    ["a write that was torn: the file is shorter than its pieces", (path) => truncate(path, 1_100)],
    ["a file that grew", (path) => appendFile(path, Buffer.alloc(200_000))],
    ["a block that never came to the disk", (path) => zero(path, 1_024)],
  ])("%s costs its chunk, and it is stored anew", async (what, damage) => {
    const staging = await leaveSome([0, 1, 105]);
    await damage(join(staging, "content", "d", "large"));
    const resumed = await Resuming.start(base, entries);
    expect(resumed.leftovers).toEqual([0, 1, 105]);
    expect(await resumed.check()).toEqual(what === "a file that grew" ? [] : [1]);
    await resumed.put(1);
    expect(Buffer.from(await resumed.store.load(1))).toEqual(Buffer.from(resumed.chunk(1)));
    await resumed.finish();
    await expectWhole(resumed);
  });

  test("a file that is gone, or is something else, is not there", async () => {
    const staging = await leaveSome();
    const content = join(staging, "content");
    await rename(join(content, "d", "large"), join(base, "elsewhere"));
    await symlink(join(base, "elsewhere"), join(content, "d", "large"));
    await rename(join(content, "top"), join(base, "top-elsewhere"));
    const resumed = await Resuming.start(base, entries);
    expect(resumed.leftovers).toEqual(readOnly);
    const before = await readFile(join(base, "elsewhere"));
    await resumed.putAll();
    expect(await readFile(join(base, "elsewhere"))).toEqual(before);
  });

  test("a file with a second name is left to that name", async () => {
    const staging = await leaveSome();
    await link(join(staging, "content", "top"), join(base, "second"));
    const resumed = await Resuming.start(base, entries);
    expect(resumed.leftovers).not.toContain(105);
    const before = await readFile(join(base, "second"));
    await resumed.putAll();
    expect(await readFile(join(base, "second"))).toEqual(before);
  });
});

describe("a directory that looks like one of ours is left alone", () => {
  test.each<[string, (staging: string) => Promise<void>]>([
    ["that others may enter", (staging) => chmod(staging, 0o755)],
    ["without a journal", (staging) => rename(join(staging, "journal"), join(staging, "j"))],
    ["with a journal that is cut off", (staging) => truncate(join(staging, "journal"), 60)],
    ["with a byte of the manifest flipped", (staging) => flip(join(staging, "journal"), 60)],
    [
      "with a journal that is a directory",
      async (staging) => {
        await rename(join(staging, "journal"), join(staging, "j"));
        await mkdir(join(staging, "journal"));
      },
    ],
    [
      "with a journal that is a link",
      async (staging) => {
        await rename(join(staging, "journal"), join(staging, "j"));
        await symlink(join(staging, "j"), join(staging, "journal"));
      },
    ],
    ["with what it was replacing", (staging) => writeFile(join(staging, "replaced", "old"), "")],
    ["of a process of another machine", (staging) => writeOwner(staging, { host: "elsewhere" })],
  ])("%s", async (_, change) => {
    const staging = await leaveSome();
    await change(staging);
    const resumed = await Resuming.start(base, entries);
    expect(resumed.leftovers).toEqual([]);
    expect((await stat(staging)).isDirectory()).toBe(true);
  });

  test("that is a link to a directory", async () => {
    const staging = await leaveSome();
    const target = join(base, "target");
    await rename(staging, target);
    await symlink(target, staging);
    const resumed = await Resuming.start(base, entries);
    expect(resumed.leftovers).toEqual([]);
    expect(await discardLeftStaging(base, Date.now() + 60_000)).toBe(0);
    expect(await readdir(target)).toContain("content");
  });

  test("of a process that lives, and not any more when it has ended", async () => {
    const staging = await leaveSome();
    const other = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1_000)"]);
    onTestFinished(() => void other.kill("SIGKILL"));
    await once(other, "spawn");
    await writeOwner(staging, { pid: other.pid ?? 0, started: "" });
    expect((await Resuming.start(base, entries)).leftovers).toEqual([]);
    // The same process id, but of a process that was started at another time.
    await writeOwner(staging, { pid: other.pid ?? 0, started: "1" });
    if (process.platform === "linux") await expectTaken(base);
    else {
      other.kill("SIGKILL");
      await once(other, "exit");
      await expectTaken(base);
    }
  });
});

test("a journal may be any bytes", async () => {
  const staging = await leaveSome();
  const journal = await readFile(join(staging, "journal"));
  for (const noise of [Buffer.alloc(0), Buffer.alloc(1_000, 0xff), journal.subarray(0, 44)]) {
    await writeFile(join(staging, "journal"), noise);
    const resumed = await Resuming.start(base, entries);
    expect(resumed.leftovers).toEqual([]);
    await resumed.store.abandon();
  }
  // Records that are not whole, and one of another manifest, between those that are.
  await writeFile(join(staging, "journal"), Buffer.concat([journal, Buffer.alloc(1_000, 7)]));
  expect((await Resuming.start(base, entries)).leftovers).toEqual(some);
});

async function expectTaken(base: string): Promise<void> {
  expect((await Resuming.start(base, entries)).leftovers).toEqual(some);
}

async function writeOwner(staging: string, owner: object): Promise<void> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  const base = { pid: 1, host: hostname(), boot: boot.trim(), started: "1" };
  await writeFile(join(staging, "owner"), JSON.stringify({ ...base, ...owner }));
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] as number) ^ 1;
  const { atime, mtime } = await stat(path);
  await writeFile(path, bytes);
  await utimes(path, atime, mtime);
}

async function zero(path: string, at: number): Promise<void> {
  const file = await open(path, "r+");
  await file.write(Buffer.alloc(1_024), 0, 1_024, at);
  await file.close();
}
