import { fstatSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Descriptor, openFile } from "../src/descriptor.js";
import { OpenFiles } from "../src/open-files.js";
import { temporaryDirectory } from "./support/temporary-directory.js";
import { makeTree } from "./support/tree.js";

async function setUp(limit: number) {
  const base = await temporaryDirectory();
  await makeTree(base, Object.fromEntries([0, 1, 2, 3, 4].map((name) => [`${name}`, "x"])));
  const opened: number[] = [];
  const files = new OpenFiles(limit, async (entry) => {
    opened.push(entry);
    return await openFile(join(base, String(entry)), 0);
  });
  /** Opens a file, if need be, and returns its descriptor, which may be closed by then. */
  const touch = (entry: number) => files.use(entry, async (descriptor) => descriptor);
  return { files, opened, touch };
}

function isOpen(descriptor: Descriptor): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}

describe("open files", () => {
  it("are opened once, and stay open up to the limit; the one used longest ago goes", async () => {
    const { files, opened, touch } = await setUp(2);
    await touch(0);
    await touch(1);
    await touch(0);
    await touch(2);
    await touch(0);
    await touch(1);
    expect(opened).toEqual([0, 1, 2, 1]);
    await files.close();
  });

  it("are not closed while they are in use", async () => {
    const { files, opened, touch } = await setUp(1);
    await files.use(0, async (descriptor) => {
      await touch(1);
      await touch(2);
      await touch(0);
      expect(opened).toEqual([0, 1, 2]);
      files.retire(0);
      await touch(3);
      expect(isOpen(descriptor)).toBe(true);
    });
    await files.close();
  });

  it("are all closed when close resolves, those in use when they no longer are", async () => {
    const { files, touch } = await setUp(3);
    const descriptors = [await touch(0), await touch(1)];
    let release: () => void = () => undefined;
    const use = files.use(2, async (descriptor) => {
      descriptors.push(descriptor);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      expect(isOpen(descriptor)).toBe(true);
    });
    await touch(2);
    const closed = files.close();
    release();
    await Promise.all([use, closed]);
    expect(descriptors.map(isOpen)).toEqual([false, false, false]);
  });

  it("tell who uses them when they cannot be opened, and are tried again", async () => {
    let attempts = 0;
    const files = new OpenFiles(1, async () => {
      attempts += 1;
      throw new Error("no");
    });
    await expect(files.use(0, async () => 1)).rejects.toThrow("no");
    await expect(files.use(0, async () => 1)).rejects.toThrow("no");
    expect(attempts).toBe(2);
    await files.close();
  });

  it("report a failing close", async () => {
    const failures: unknown[] = [];
    const files = new OpenFiles(
      1,
      async () => 1_000_000, // no such descriptor
      (entry, error) => failures.push([entry, (error as NodeJS.ErrnoException).code]),
    );
    await files.use(7, async () => undefined);
    await files.close();
    expect(failures).toEqual([[7, "EBADF"]]);
  });
});
