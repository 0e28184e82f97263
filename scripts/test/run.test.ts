import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { pinnedPnpm, withoutNpmVariables } from "../environment.mjs";

test("the pinned pnpm is an exact version", () => {
  expect(pinnedPnpm()).toMatch(/^\d+\.\d+\.\d+$/);
});

test("a child process that asks for node gets the Node that runs the tests", () => {
  const { stdout } = spawnSync("node", ["--version"], { encoding: "utf8" });
  expect(stdout.trim()).toBe(process.version);
});

test("what npm adds for its scripts is left out, and what reaches a registry is kept", () => {
  const kept = { HOME: "/h", npm_config_registry: "r", "npm_config_@palmtree:registry": "p" };
  const added = {
    npm_lifecycle_event: "test",
    npm_package_name: "palmtree",
    npm_config_prefix: "/",
  };
  expect(withoutNpmVariables({ ...kept, ...added })).toEqual(kept);
});
