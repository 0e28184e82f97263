import { chmod, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { onWindows } from "../platform.js";
import { lastOf, Place } from "./place.js";

let place: Place;
beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

const mebibyte = 1024 * 1024;

test.each(["pipeline", "tree"])(
  "with a key, %s carries everything to everybody",
  async (strategy) => {
    await place.secure();
    await place.write({ "out/a": 8 * mebibyte, "out/deep/b": 1, "out/empty": "directory" });
    const receiving = await place.receiveMany(4, "--once");
    const sent = await place.send(["out"], receiving, "--strategy", strategy, "--fanout", "2")
      .ended;
    expect(sent.code).toBe(0);
    expect(lastOf(sent)).toMatchObject({ type: "result", status: "complete" });
    const original = await place.contentOf("out");
    for (const { process } of receiving) expect((await process.ended).code).toBe(0);
    for (const number of [1, 2, 3, 4])
      expect(await place.contentOf(`in-${number}/out`)).toEqual(original);
  },
);

test("with a key, a stream comes too, and who comes late", async () => {
  await place.secure();
  const [first] = await place.receiveMany(1, "--once");
  const sending = place.sendStream("x.bin", [first!], "--listen", "127.0.0.1:0");
  const { address, port } = await sending.event("listening");
  await sending.write(Buffer.alloc(3 * mebibyte, 1));
  const late = await place.receive("late", "--once", "--join", `${address}:${port}`);
  await late.process.event("joined");
  await sending.write(Buffer.alloc(100, 2));
  sending.end();
  expect((await sending.ended).code).toBe(0);
  expect((await late.process.ended).code).toBe(0);
  expect(await place.contentOf("late")).toEqual(await place.contentOf("in-1"));
});

test.each([
  ["another key", ["--key-file", "other.key"]],
  ["no key", ["--insecure"]],
])("with %s nobody is reached, and nothing is written", async (_what, keys) => {
  await place.secure();
  await place.write({ "out/a": 100 });
  await place.run(["keygen", "--out", "other.key"]);
  const receiving = await place.receive("in", "--once");
  const args = ["send", "out", "--to", receiving.address, "--max-wait", "1", "--json", ...keys];
  const sent = await place.run(args);
  expect(sent.code).toBe(1);
  expect(lastOf(sent)).toMatchObject({
    peers: [{ status: "failed", error: { code: "not-answering" } }],
  });
  expect(await readdir(receiving.directory)).toEqual([]);
  // The right key still reaches it.
  expect((await place.send(["out"], [receiving]).ended).code).toBe(0);
});

test("a key is replaced host by host, without a transfer that fails", async () => {
  await place.secure();
  await place.write({ "out/a": 100 });
  await place.run(["keygen", "--out", "new.key"]);
  const [next, before] = await Promise.all(
    ["new.key", "group.key"].map((name) => readFile(join(place.path, name), "utf8")),
  );
  await place.write({ "both.key": `${next}${before}` });
  await chmod(join(place.path, "both.key"), 0o600);
  const old = await place.receive("old");
  const both = await place.receive("both", "--key-file", "both.key");
  expect((await place.send(["out"], [old, both]).ended).code).toBe(0);
  await place.write({ "new/b": 100 });
  const sent = await place.send(["new"], [both], "--key-file", "both.key").ended;
  expect(sent.code).toBe(0);
});

test.each(["send", "receive"])(
  "%s without a key says what to do, and does nothing",
  async (command) => {
    await place.write({ "out/a": 100 });
    const args = { send: ["out", "--to", "127.0.0.1:9"], receive: ["--dir", "in"] }[command] ?? [];
    const { code, stderr } = await place.run([command, ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/there is no key: .*palmtree keygen --out FILE.*--insecure/);
    expect(await readdir(place.path)).toEqual(["out"]);
  },
);

test("a key that is mistyped is recognised, and where it came from is said", async () => {
  await place.write({ "out/a": 10 });
  const env = { PALMTREE_KEY: "palmtree-key-1-x" };
  const { code, stderr } = await place.run(["send", "out", "--to", "127.0.0.1:9"], { env });
  expect(code).toBe(2);
  expect(stderr).toContain("PALMTREE_KEY: the key has 1 characters");
});

test.skipIf(onWindows)("a key that others can read is warned about", async () => {
  await place.secure();
  await chmod(join(place.path, "group.key"), 0o644);
  await place.write({ "out/a": 10 });
  const receiving = await place.receive("in", "--once");
  const { code, stderr } = await place.send(["out"], [receiving]).ended;
  expect(code).toBe(0);
  expect(stderr).toContain("chmod 600");
});
