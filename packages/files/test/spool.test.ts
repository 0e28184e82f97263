import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Spool } from "../src/spool.js";
import { pattern } from "./support/pattern.js";
import { temporaryDirectory } from "./support/temporary-directory.js";

const bytes = pattern(10_000, 1);

describe("a spool", () => {
  it("gives back what was written, from any place on", async () => {
    const spool = await Spool.open(await temporaryDirectory());
    onTestFinished(() => spool.close());
    await spool.write(bytes.subarray(4_000), 4_000);
    await spool.write(bytes.subarray(0, 4_000), 0);
    expect(await spool.read(0, 10_000)).toEqual(bytes);
    expect(await spool.read(3_999, 2)).toEqual(bytes.subarray(3_999, 4_001));
  });

  it("does not give what was not written, and says where it is", async () => {
    const directory = await temporaryDirectory();
    const spool = await Spool.open(directory);
    onTestFinished(() => spool.close());
    await spool.write(bytes, 0);
    const failure = { code: "store-failed", facts: { path: directory } };
    await expect(spool.read(9_999, 2)).rejects.toMatchObject(failure);
  });

  it("that cannot be made says which directory to replace by another", async () => {
    const missing = join(await temporaryDirectory(), "missing");
    await expect(Spool.open(missing)).rejects.toThrow(/missing does not take .*; choose another$/);
  });
});
