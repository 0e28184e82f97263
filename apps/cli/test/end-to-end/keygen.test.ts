import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { GroupKey } from "@palmtree/relay";
import { afterEach, beforeEach, expect, test } from "vitest";
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
  const [one, two] = [first, second].map(({ stdout }) => GroupKey.parse(stdout).format());
  expect(one).not.toBe(two);
  expect(first.stdout.trimEnd()).toMatch(/^palmtree-key-1-[\w-]{48}$/);
});

test("keygen --out writes a file for its owner's eyes only, and never replaces one", async () => {
  const path = join(place.path, "group.key");
  expect(await place.run(["keygen", "--out", "group.key"])).toMatchObject({ code: 0, stdout: "" });
  const key = await readFile(path, "utf8");
  expect(`${GroupKey.parse(key).format()}\n`).toBe(key);
  expect((await stat(path)).mode & 0o777).toBe(0o600);

  const again = await place.run(["keygen", "--out", "group.key"]);
  expect(again).toMatchObject({
    code: 1,
    stderr:
      'palmtree: cannot write the key to "group.key": it is there already, and keys are never overwritten\n',
  });
  expect(await readFile(path, "utf8")).toBe(key);
});
