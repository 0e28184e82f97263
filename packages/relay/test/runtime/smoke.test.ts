import { mkdtemp, rm, writeFile, readFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FilesSender, PalmTreeRelay } from "../../src/index.js";

test("smoke", async () => {
  const dir = await mkdtemp(join(tmpdir(), "palmtree-"));
  await writeFile(join(dir, "a.bin"), Buffer.alloc(3_000_000, 7));
  const relay = await PalmTreeRelay.open({ directory: join(dir, "in"), host: "127.0.0.1", port: 0,
    onStep: (r, s) => console.log("R", JSON.stringify(s)), onTransferEnd: (r, res) => console.log("END", res) });
  const sender = new FilesSender([join(dir, "a.bin")], [relay.address]);
  for await (const step of sender.start()) console.log("S", JSON.stringify(step));
  await relay.close();
  expect((await readFile(join(dir, "in", "a.bin"))).length).toBe(3_000_000);
  await rm(dir, { recursive: true });
});
