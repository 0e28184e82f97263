import { copyFile, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { Resuming } from "./support/resuming.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { file } from "./support/tree.js";

vi.mock("node:fs/promises", async (importActual) => {
  const actual = await importActual<typeof import("node:fs/promises")>();
  return { ...actual, copyFile: vi.fn(actual.copyFile) };
});

const entries = [file("top", 5_000)];

/** An earlier session has landed, and then the first byte of each chunk named changed. */
async function landAndSpoil(...chunks: readonly number[]): Promise<string> {
  const base = join(await temporaryDirectory(), "in");
  await (await Resuming.start(base, entries)).finish();
  const path = join(base, "top");
  const bytes = await readFile(path);
  for (const index of chunks) bytes[index * 1024] = (bytes[index * 1024] as number) ^ 1;
  const { atime, mtime } = await stat(path);
  await writeFile(path, bytes);
  await utimes(path, atime, mtime);
  return base;
}

/** The next copy waits. @returns what lets it go on, or fail */
function holdCopy(): { readonly begun: Promise<void>; end(error?: Error): void } {
  let onBegun: () => void = () => undefined;
  let end: (error?: Error) => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    onBegun = resolve;
  });
  const ended = new Promise<Error | undefined>((resolve) => {
    end = resolve;
  });
  vi.mocked(copyFile).mockImplementationOnce(async (from, to, mode) => {
    onBegun();
    const error = await ended;
    if (error !== undefined) throw error;
    const { copyFile: copy } =
      await vi.importActual<typeof import("node:fs/promises")>("node:fs/promises");
    await copy(from, to, mode);
  });
  return { begun, end };
}

/** Time in which what does not wait for the copy would get ahead of it. */
async function aMoment(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

test("what is written and loaded while a standing file is copied waits for the copy", async () => {
  const base = await landAndSpoil(0, 4);
  const again = await Resuming.start(base, entries, { onConflict: "overwrite" });
  expect(await again.check()).toEqual([0, 4]);
  const copy = holdCopy();
  // The end of a file is written beside what is being written already.
  const writes = [again.put(0), again.put(4)];
  await copy.begun;
  const loaded = again.store.load(2);
  await aMoment();
  copy.end();
  await Promise.all(writes);
  expect(Buffer.from(await loaded)).toEqual(Buffer.from(again.chunk(2)));
  await again.store.land();
  const landed = await readFile(join(base, "top"));
  expect(landed).toEqual(Buffer.concat(again.all.map((index) => again.chunk(index))));
});

test("a standing file that cannot be copied is stored anew when nothing of it is right", async () => {
  const base = await landAndSpoil(0, 1, 2, 3, 4);
  const again = await Resuming.start(base, entries, { onConflict: "overwrite" });
  const copy = holdCopy();
  const writes = [again.put(0), again.put(4)];
  await copy.begun;
  await aMoment();
  copy.end(new Error("no copies here"));
  await Promise.all(writes);
  expect(again.leftovers).toEqual([]);
  await again.putAll([1, 2, 3]);
  await again.store.land();
  const landed = await readFile(join(base, "top"));
  expect(landed).toEqual(Buffer.concat(again.all.map((index) => again.chunk(index))));
});

test("a chunk that is kept while its file cannot be copied is not lost", async () => {
  const base = await landAndSpoil(0);
  const again = await Resuming.start(base, entries, { onConflict: "overwrite" });
  const copy = holdCopy();
  const write = again.put(0);
  await copy.begun;
  expect(await again.store.keep(1)).toBe(true);
  copy.end(new Error("no copies here"));
  await expect(write).rejects.toMatchObject({ code: "store-failed" });
  expect(Buffer.from(await again.store.load(1))).toEqual(Buffer.from(again.chunk(1)));
});
