import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readCommit } from "../src/commit.js";
import { runCommand } from "../src/network/run-command.js";

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "palmtree-lab-"));
});
afterEach(() => rm(place, { recursive: true }));

test("what is measured has the commit of its sources, and a mark where they were changed", async () => {
  const git = (...args: readonly string[]) => runCommand("git", ["-C", place, ...args]);
  const me = ["-c", "user.name=me", "-c", "user.email=me@example.org"];
  await git("init");
  for (const folder of ["apps", "docs"]) await mkdir(join(place, folder));
  await writeFile(join(place, "apps", "source"), "");
  await git("add", "-A");
  await git(...me, "commit", "-m", "first");
  const head = (await git("rev-parse", "HEAD")).trim();
  expect(await readCommit(place)).toBe(head.slice(0, 10));
  await writeFile(join(place, "docs", "page"), "saved");
  expect(await readCommit(place)).toBe(head.slice(0, 10));
  await writeFile(join(place, "apps", "source"), "changed");
  expect(await readCommit(place)).toBe(`${head.slice(0, 10)}+`);
});

test("what is measured outside of a clone has no commit", async () => {
  expect(await readCommit(place)).toBeUndefined();
});
