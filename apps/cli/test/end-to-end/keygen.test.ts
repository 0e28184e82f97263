import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseKey } from "../../src/key.js";
import { Place } from "./place.js";

let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

test("keygen prints a key that is another each time", async () => {
  const first = await place.run(["keygen"]);
  const second = await place.run(["keygen"]);
  expect([first.code, second.code]).toEqual([0, 0]);
  expect(parseKey(first.stdout)).not.toEqual(parseKey(second.stdout));
  expect(first.stdout.trimEnd()).toMatch(/^palmtree-key-1-[\w-]{48}$/);
});

test("keygen --out writes a file for its owner's eyes only, and never replaces one", async () => {
  const path = join(place.path, "group.key");
  expect(await place.run(["keygen", "--out", "group.key"])).toMatchObject({ code: 0, stdout: "" });
  const key = await readFile(path, "utf8");
  expect(parseKey(key)).toHaveLength(32);
  expect((await stat(path)).mode & 0o777).toBe(0o600);

  const again = await place.run(["keygen", "--out", "group.key"]);
  expect(again).toMatchObject({
    code: 1,
    stderr:
      'palmtree: cannot write the key to "group.key": it is there already, and keys are never overwritten\n',
  });
  expect(await readFile(path, "utf8")).toBe(key);
});

test("a key is checked where it is given, although it is not used yet", async () => {
  await place.run(["keygen", "--out", "group.key"]);
  await place.write({ "out/a": 10 });
  const receiving = await place.receive("in", "--once", "--key-file", "group.key");
  const args = ["send", "out/a", "--to", receiving.address];
  const mistyped = await place.run(args, { env: { PALMTREE_KEY: "palmtree-key-1-x" } });
  expect(mistyped.code).toBe(2);
  expect(mistyped.stderr).toContain("PALMTREE_KEY: the key has 1 characters");
  const { code, stderr } = await place.run([...args, "--key-file", "group.key"]);
  expect(code).toBe(0);
  expect(stderr).toContain("the key is checked, and not used yet");
});
