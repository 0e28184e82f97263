import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ChunkLayout, ChunkStore, discardLeftStaging } from "../src/index.js";
import { onWindows } from "./support/platform.js";
import { Resuming } from "./support/resuming.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { file, makeTree, manifestOf, readTree } from "./support/tree.js";

vi.mock("node:fs/promises", async (importActual) => {
  const actual = await importActual<typeof import("node:fs/promises")>();
  return { ...actual, rename: vi.fn(actual.rename) };
});

const entries = [file("top", 5_000)];
const session = "f".repeat(32);

let base: string;

beforeEach(async () => {
  base = join(await temporaryDirectory(), "in");
  await mkdir(base);
});

/** What a process leaves that is killed while it receives a stream: there is no journal. */
async function leaveStream(): Promise<string> {
  const staging = join(base, `.palmtree-${session}`);
  await mkdir(staging, { mode: 0o700 });
  await makeTree(staging, { "content/stream": "some of it", replaced: undefined });
  await writeOwner(staging, hostname());
  return staging;
}

/** No process has that number. */
async function writeOwner(staging: string, host: string): Promise<void> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  const owner = { pid: 2 ** 30, host, boot: boot.trim(), started: "1" };
  await writeFile(join(staging, "owner"), JSON.stringify(owner));
}

async function startAgain(): Promise<ChunkStore> {
  const manifest = manifestOf(...entries);
  const layout = new ChunkLayout(manifest);
  const options = { directory: base, session, manifest, layout, sync: false } as const;
  return await ChunkStore.create({ ...options, onConflict: "fail" });
}

describe("a staging directory without a journal, of a process that was killed,", () => {
  test("is removed when it is old, or when that is wanted", async () => {
    const staging = await leaveStream();
    await utimes(staging, 1_000, 1_000);
    expect(await discardLeftStaging(base, 999_000)).toBe(0);
    expect(await discardLeftStaging(base, 1_001_000)).toBe(1);
    expect(await readdir(base)).toEqual([]);
    await leaveStream();
    expect(await discardLeftStaging(base, Date.now() + 1_000)).toBe(1);
    expect(await readdir(base)).toEqual([]);
  });

  test("is not in the way when the same session starts again", async () => {
    await leaveStream();
    const store = await startAgain();
    expect(await readTree(join(base, `.palmtree-${session}`))).toEqual({
      content: "directory",
      owner: expect.any(String),
      replaced: "directory",
    });
    await store.abandon();
    expect(await readdir(base)).toEqual([]);
  });

  test.each<[string, (staging: string) => Promise<void>]>([
    ["it may be in use on another machine", (staging) => writeOwner(staging, "elsewhere")],
    ["it is just being made", (staging) => rm(join(staging, "owner"))],
    ["it holds what it was replacing", (staging) => makeTree(staging, { "replaced/old": "mine" })],
  ])("is left alone when %s", async (_, change) => {
    const staging = await leaveStream();
    await change(staging);
    const before = await readTree(base);
    expect(await discardLeftStaging(base, Date.now() + 1_000)).toBe(0);
    await expect(startAgain()).rejects.toMatchObject({ code: "name-exists" });
    expect(await readTree(base)).toEqual(before);
  });

  test("is removed too when it says nothing, but was made a while ago", async () => {
    const staging = await leaveStream();
    await rm(join(staging, "owner"));
    const { mtimeMs } = await stat(staging);
    await utimes(staging, mtimeMs / 1000 - 61, mtimeMs / 1000 - 61);
    expect(await discardLeftStaging(base, Date.now())).toBe(1);
    expect(await readdir(base)).toEqual([]);
  });
});

describe("what an earlier session has left", () => {
  async function leave(): Promise<string> {
    const before = await Resuming.start(base, entries);
    await before.putAll([0, 1]);
    await before.store.suspend();
    return before.staging;
  }

  test("is not taken from a store that is just taking it", async () => {
    await leave();
    const actual = await vi.importActual<typeof import("node:fs/promises")>("node:fs/promises");
    let second: Resuming | undefined;
    vi.mocked(rename).mockImplementationOnce(async (from, to) => {
      await actual.rename(from, to);
      second = await Resuming.start(base, entries);
    });
    const first = await Resuming.start(base, entries);
    expect(second?.leftovers).toEqual([]);
    expect(first.leftovers).toEqual([0, 1]);
    expect(await first.check()).toEqual([]);
  });

  test.skipIf(onWindows)("is taken over though its owner's file is a pipe", async () => {
    const staging = await leave();
    const program = "mkfifo";
    execFileSync(program, [join(staging, "owner")]);
    const again = await Resuming.start(base, entries);
    expect(again.leftovers).toEqual([0, 1]);
    await again.finish();
    expect(await readdir(base)).toEqual(["top"]);
  });
});
