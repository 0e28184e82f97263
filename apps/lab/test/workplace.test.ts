import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lackOfRoom, makeWorkplace, removeWorkplace } from "../src/workplace.js";

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "palmtree-lab-"));
});
afterEach(() => rm(place, { recursive: true }));

test("a chosen directory is made, used, and left empty", async () => {
  const chosen = join(place, "not", "there", "yet");
  const workplace = await makeWorkplace(chosen, 1);
  expect(workplace.directory.startsWith(chosen)).toBe(true);
  await writeFile(join(workplace.directory, "file"), "content");
  await removeWorkplace(workplace);
  expect(await readdir(chosen)).toEqual([]);
});

test("two workplaces in one directory do not meet", async () => {
  const [one, other] = await Promise.all([makeWorkplace(place, 1), makeWorkplace(place, 1)]);
  expect(one.directory).not.toBe(other.directory);
});

test("what does not fit is refused with what it needs and what is free", async () => {
  expect(await lackOfRoom(place, 2 ** 60)).toMatch(/needs .* GiB and 512 MiB to spare, and .* are/);
  expect(await lackOfRoom(place, -(2 ** 30))).toBeUndefined();
});
