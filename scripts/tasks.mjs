import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./check.mjs";
import { run } from "./environment.mjs";

/** @typedef {import("./environment.mjs").Environment} Environment */
/** @typedef {(env: Environment, args: readonly string[]) => Promise<number>} Run */
/** @typedef {{ readonly run: Run }} Task */

/**
 * Every task of the repository, by name. Each installs what it needs first.
 * @type {Readonly<Record<string, Task>>}
 */
export const TASKS = {
  install: { run: (env) => install(env) },
  build: {
    run: (env, args) =>
      inOrder(
        () => install(env),
        () => build(env, args),
      ),
  },
  demo: { run: (env, args) => built(env, "demo", args) },
  bench: { run: (env, args) => built(env, "lab", args) },
  "bench:sim": { run: (env, args) => built(env, "lab", args, join("simulated", "main.js")) },
  chaos: { run: (env, args) => built(env, "lab", args, join("chaos", "main.js")) },
  hostile: { run: (env, args) => built(env, "lab", args, join("hostile", "main.js")) },
  soak: { run: (env, args) => built(env, "lab", args, join("soak", "main.js")) },
  fuzz: {
    run: (env, args) =>
      inOrder(
        () => install(env),
        () => pnpm(env, ["--filter", "@palmtree/lab", "--silent", "run", "build:fuzz"]),
        () => run(env, process.execPath, [join("apps", "lab", "dist", "fuzz", "main.js"), ...args]),
      ),
  },
  test: { run: test },
  typecheck: {
    run: (env) =>
      inOrder(
        () => install(env),
        // Programs that are checked once each: packages of their own would check every package below
        // them again, and take three times as long. Each takes one core.
        () =>
          together(
            () => pnpm(env, ["exec", "tsc", "-p", "tsconfig.workspace.json"]),
            () =>
              all(
                () => pnpm(env, ["exec", "tsc", "-p", "tsconfig.core.json"]),
                () => pnpm(env, ["exec", "tsc", "-p", "tsconfig.json"]),
              ),
          ),
      ),
  },
  lint: {
    run: (env) =>
      inOrder(
        () => install(env),
        () =>
          all(
            () => pnpm(env, ["exec", "biome", "ci", "."]),
            () => pnpm(env, ["exec", "oxlint", "--type-aware", "--deny-warnings"]),
            () => pnpm(env, ["exec", "knip", "--no-config-hints"]),
          ),
      ),
  },
  format: {
    run: (env) =>
      inOrder(
        () => install(env),
        () => pnpm(env, ["exec", "biome", "check", "--write", "."]),
      ),
  },
  docs: {
    run: (env) =>
      inOrder(
        () => install(env),
        () => build(env, []),
        () => pnpm(env, ["exec", "typedoc"]),
      ),
  },
  tarballs: {
    run: (env) =>
      inOrder(
        () => install(env),
        () => build(env, []),
        () => run(env, process.execPath, [join("scripts", "check-tarballs.mjs")]),
      ),
  },
  check: { run: (env, args) => check(TASKS, env, args) },
};

/**
 * Runs steps one after the other until one fails.
 * @param {...(() => Promise<number>)} steps
 * @returns {Promise<number>} 0, or the exit code of the step that failed
 */
async function inOrder(...steps) {
  for (const step of steps) {
    const code = await step();
    if (code !== 0) return code;
  }
  return 0;
}

/**
 * Runs every step, whether the others fail or not.
 * @param {...(() => Promise<number>)} steps
 * @returns {Promise<number>} 0, or the exit code of the last step that failed
 */
async function all(...steps) {
  let failure = 0;
  for (const step of steps) failure = (await step()) || failure;
  return failure;
}

/**
 * Runs steps at the same time.
 * @param {...(() => Promise<number>)} steps
 * @returns {Promise<number>} 0, or the exit code of the last of them that failed
 */
async function together(...steps) {
  const codes = await Promise.all(steps.map((step) => step()));
  return codes.findLast((code) => code !== 0) ?? 0;
}

/** @type {Run} */
function pnpm(env, args) {
  return run(env, "pnpm", args);
}

/** @param {Environment} env */
function install(env) {
  const flags = ["--frozen-lockfile", "--prefer-offline", "--reporter=append-only"];
  return pnpm(env, ["install", ...flags, "--loglevel=error"]);
}

/** @type {Run} */
function build(env, args) {
  return pnpm(env, ["exec", "turbo", "run", "build", "--output-logs=errors-only", ...args]);
}

/**
 * Installs, builds one app with all it depends on, and runs it.
 * @param {Environment} env
 * @param {string} app
 * @param {readonly string[]} args
 * @param {string} [entry] where it begins, in the app's `dist`
 */
function built(env, app, args, entry = "main.js") {
  return inOrder(
    () => install(env),
    () => build(env, [`--filter=@palmtree/${app}...`]),
    () => run(env, process.execPath, [join("apps", app, "dist", entry), ...args]),
  );
}

/**
 * Installs, builds, runs every test, and prints the counts as the very last line.
 * @type {Run}
 */
async function test(env, args) {
  const folder = mkdtempSync(join(tmpdir(), "palmtree-test-"));
  const summary = join(folder, "summary.json");
  const vitest = { ...env, PALMTREE_TEST_SUMMARY: summary };
  const code = await inOrder(
    () => install(env),
    () => build(env, []),
    () => pnpm(vitest, ["exec", "vitest", "run", ...args]),
  );
  const { passed, failed, skipped } = readCounts(summary);
  rmSync(folder, { recursive: true });
  const failures = code !== 0 && failed === 0 ? 1 : failed;
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`${passed} passed, ${failures} failed${tail}`);
  return failures > 0 ? 1 : code;
}

/**
 * @param {string} path
 * @returns {{ passed: number, failed: number, skipped: number }} zeros if the tests never ended
 */
function readCounts(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
