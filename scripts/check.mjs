/**
 * Everything a change must pass but the tests; a step that fails does not keep the others from
 * running.
 */
import { spawnSync } from "node:child_process";
import { ROOT } from "./environment.mjs";

/** @typedef {import("./environment.mjs").Environment} Environment */

/**
 * Steps that run one after the other, each of one task, or of several that run at the same time:
 * those that take one core each, say little, and need the same build.
 */
const STEPS = [["typecheck"], ["lint"], ["build"], ["tarballs", "docs"]];

/**
 * @param {Readonly<Record<string, import("./tasks.mjs").Task>>} tasks - every task, by name
 * @param {Environment} env
 * @param {readonly string[]} args - `--no-test` leaves out the tests
 * @returns {Promise<number>} 0 if every step passed
 */
export async function check(tasks, env, args) {
  const before = treeState();
  /** @type {string[]} */
  const failed = [];
  for (const names of args.includes("--no-test") ? STEPS : [["test"], ...STEPS]) {
    console.log(`\n== ${names.join(", ")}`);
    /** @param {string} name */
    const run = async (name) => {
      if ((await tasks[name]?.run(env, [])) !== 0) failed.push(name);
    };
    await Promise.all(names.map(run));
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
