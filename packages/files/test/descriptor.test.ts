import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { closeFile, openFile } from "../src/descriptor.js";

/** What the system says to the next attempts; after them it does as it is asked. */
const trouble = vi.hoisted(() => ({ codes: [] as string[], attempts: 0 }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  const open = (
    path: string,
    flags: number,
    mode: number | undefined,
    done: (error: Error | null, file?: number) => void,
  ): void => {
    trouble.attempts += 1;
    const code = trouble.codes.shift();
    if (code !== undefined) done(Object.assign(new Error(code), { code }));
    else fs.open(path, flags, mode, done);
  };
  return { ...fs, open };
});

const path = fileURLToPath(import.meta.url);

beforeEach(() => {
  trouble.attempts = 0;
});

describe("a file for which there is no descriptor", () => {
  it.each(["EMFILE", "ENFILE"])("is opened when there is one again (%s)", async (code) => {
    trouble.codes = [code, code, code];
    const file = await openFile(path, 0);
    expect(file).toBeGreaterThan(2);
    expect(trouble.attempts).toBe(4);
    await closeFile(file);
  });

  it("is not waited for when something else is wrong with it by then", async () => {
    trouble.codes = ["EMFILE", "ENOENT"];
    await expect(openFile(path, 0)).rejects.toThrow("ENOENT");
    expect(trouble.attempts).toBe(2);
  });

  it("is what is waited for, and nothing else", async () => {
    trouble.codes = ["EACCES"];
    await expect(openFile(path, 0)).rejects.toThrow("EACCES");
    expect(trouble.attempts).toBe(1);
  });
});
