/**
 * Everything a change must pass but the tests, one step after the other; a step that fails does
 * not keep the others from running.
 */
import { spawnSync } from "node:child_process";
import { ROOT } from "./environment.mjs";

/** @typedef {import("./environment.mjs").Environment} Environment */

/**
 * @param {Readonly<Record<string, import("./tasks.mjs").Task>>} tasks - every task, by name
 * @param {Environment} env
 * @param {readonly string[]} args - `--no-test` leaves out the tests
 * @returns {Promise<number>} 0 if every step passed
 */
export async function check(tasks, env, args) {
  const before = treeState();
  const names = ["typecheck", "lint", "tarballs", "docs"];
  const failed = [];
  for (const name of args.includes("--no-test") ? names : ["test", ...names]) {
    console.log(`\n== ${name}`);
    if ((await tasks[name]?.run(env, [])) !== 0) failed.push(name);
  }
  console.log("\n== tree");
  const after = treeState();
  if (after !== before) {
    console.error(`The checks changed the tree.\nbefore:\n${before}after:\n${after}`);
    failed.push("tree");
  }
  console.log(failed.length === 0 ? "every check passed" : `failed checks: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
}

/** @returns {string} what git sees as changed, or "" without git */
function treeState() {
  const { status, stdout } = spawnSync("git", ["status", "--porcelain"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return status === 0 ? stdout : "";
}
