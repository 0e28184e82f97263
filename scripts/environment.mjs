/**
 * The environment every child process gets: the pinned pnpm and this very Node on PATH, none of
 * the variables npm adds to a script, no telemetry.
 */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root folder of the repository. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const WINDOWS = process.platform === "win32";

/** What a user may have set on purpose to reach a registry; npm's other variables are its own. */
const KEPT_CONFIG =
  /^npm_config_(.*registry|(https?[-_])?proxy|no[-_]?proxy|ca|cafile|strict[-_]ssl|cache|userconfig|globalconfig)$/i;

/** @typedef {Record<string, string | undefined>} Environment */

/**
 * The environment for all tasks. Fetches the pinned pnpm with `npx` unless exactly that version
 * is on PATH already.
 * @returns {Environment}
 */
export function environment() {
  const env = withoutNpmVariables(process.env);
  env.TURBO_TELEMETRY_DISABLED = "1";
  env.TURBO_NO_UPDATE_NOTIFIER = "1";
  env.DO_NOT_TRACK = "1";
  env.COREPACK_ENABLE_DOWNLOAD_PROMPT = "0";
  env.npm_config_update_notifier = "false";
  if (!process.stdout.isTTY && env.FORCE_COLOR === undefined) env.NO_COLOR = "1";
  const pathKey = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  env[pathKey] = [dirname(process.execPath), env[pathKey]].join(delimiter);
  if (pnpmVersion(env) !== pinnedPnpm()) env[pathKey] = pathWithPnpm(env);
  return env;
}

/**
 * @param {Environment} source
 * @returns {Environment} a copy without what npm adds for the scripts it runs
 */
export function withoutNpmVariables(source) {
  const entries = Object.entries(source);
  return Object.fromEntries(
    entries.filter(([key]) => !/^npm_/i.test(key) || KEPT_CONFIG.test(key)),
  );
}

/** @returns {string} the version that `packageManager` in package.json pins */
export function pinnedPnpm() {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const version = /^pnpm@(\d+\.\d+\.\d+)/.exec(manifest.packageManager)?.[1];
  if (version === undefined) throw new Error("package.json: packageManager must be pnpm@X.Y.Z");
  return version;
}

/**
 * @param {Environment} env
 * @returns {string | undefined} the version of the pnpm on PATH, asked outside the repository,
 *   where it does not try to become another version
 */
function pnpmVersion(env) {
  const options = { env, cwd: tmpdir(), encoding: "utf8", shell: WINDOWS, timeout: 20_000 };
  const { status, stdout } = spawnSync("pnpm", ["--version"], /** @type {any} */ (options));
  return status === 0 ? String(stdout).trim() : undefined;
}

/**
 * @param {Environment} env
 * @returns {string} the PATH that npx gives to its children, with the pinned pnpm in front
 */
function pathWithPnpm(env) {
  const script = join(ROOT, "scripts", "print-path.mjs");
  const { status, stdout } = spawnSync(
    "npx",
    ["--yes", `--package=pnpm@${pinnedPnpm()}`, "--", "node", WINDOWS ? `"${script}"` : script],
    { env, cwd: tmpdir(), encoding: "utf8", shell: WINDOWS, stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) throw new Error(`cannot fetch pnpm ${pinnedPnpm()} with npx`);
  return stdout.trim();
}

/**
 * Runs a program in the repository with our own standard streams.
 * @param {Environment} env
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<number>} its exit code; 1 if a signal ended it
 */
export function run(env, program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      cwd: ROOT,
      stdio: "inherit",
      shell: WINDOWS && program !== process.execPath,
    });
    // Ctrl-C reaches the child by itself; we wait for it to end. A SIGTERM is ours to hand on.
    const ignore = () => {};
    const terminate = () => child.kill("SIGTERM");
    process.on("SIGINT", ignore).on("SIGTERM", terminate);
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("SIGINT", ignore).off("SIGTERM", terminate);
      resolve(code ?? 1);
    });
  });
}
