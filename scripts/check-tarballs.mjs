/**
 * Checks every published package as its users get it: packs it, lints the tarball with publint and
 * attw, installs it with plain npm into an empty folder, imports every entry point, starts its
 * command, and runs the examples of its README there. The root README's examples likewise.
 *
 * Needs a build and pnpm on PATH: run it by `node scripts/run.mjs tarballs`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./environment.mjs";
import { examplesOf } from "./examples.mjs";

/**
 * A published package: its folder, its manifest, and its tarball once packed.
 * @typedef {{ folder: string, manifest: any, tarball: string }} Packed
 */

const BIN = join(ROOT, "node_modules", ".bin");
const EXAMPLE_TIMEOUT_MS = 60_000;

const scratch = mkdtempSync(join(tmpdir(), "palmtree-tarballs-"));
/** @type {string[]} */
const failures = [];

try {
  const packed = publishedPackages().map(pack);
  for (const one of packed) {
    attempt(`${one.manifest.name}: contents`, () => checkContents(one));
    attempt(`${one.manifest.name}: publint`, () => {
      sh(ROOT, join(BIN, "publint"), ["run", one.tarball, "--strict"]);
    });
    if (entriesOf(one).length > 0) {
      attempt(`${one.manifest.name}: attw`, () => {
        sh(ROOT, join(BIN, "attw"), [one.tarball, "--profile", "esm-only", "--no-emoji"]);
      });
    }
    attempt(`${one.manifest.name}: installed by npm`, () => checkInstalled(one, packed));
  }
  attempt("README.md: examples", () => checkRootReadme(packed));
} finally {
  rmSync(scratch, { recursive: true });
}

for (const failure of failures) console.error(`FAILED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;

/**
 * Does one check, and goes on with the others if it fails.
 * @param {string} title
 * @param {() => void} check
 */
function attempt(title, check) {
  try {
    check();
    console.log(`ok     ${title}`);
  } catch (error) {
    failures.push(title);
    console.error(`FAILED ${title}\n${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @returns {{ folder: string, manifest: any }[]} every package that is not private */
function publishedPackages() {
  return ["packages", "apps"]
    .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => join(ROOT, parent, name)))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")),
    }))
    .filter(({ manifest }) => manifest.private !== true);
}

/**
 * @param {{ folder: string, manifest: any }} source
 * @returns {Packed}
 */
function pack({ folder, manifest }) {
  const flags = ["--pack-destination", scratch, "--json"];
  const { filename } = JSON.parse(sh(folder, "pnpm", ["pack", ...flags]));
  return { folder, manifest, tarball: join(scratch, filename.split(/[\\/]/).at(-1)) };
}

/** @param {Packed} packed */
function checkContents({ tarball }) {
  const names = sh(scratch, "tar", ["-tzf", tarball]).trim().split("\n");
  const files = names.map((name) => name.replace(/^package\//, ""));
  for (const needed of ["LICENSE", "README.md", "package.json"]) {
    if (!files.includes(needed)) throw new Error(`${needed} is missing`);
  }
  const strays = files.filter(
    (file) => !/^(dist\/.*\.(js|d\.ts)(\.map)?|LICENSE|README\.md|package\.json)$/.test(file),
  );
  if (strays.length > 0) throw new Error(`does not belong there: ${strays.join(", ")}`);
  const manifest = JSON.parse(sh(scratch, "tar", ["-xzOf", tarball, "package/package.json"]));
  const text = JSON.stringify([manifest.exports, manifest.dependencies]);
  if (/palmtree-source|workspace:|catalog:/.test(text))
    throw new Error(`of the workspace: ${text}`);
}

/**
 * @param {Packed} one
 * @param {readonly Packed[]} all
 */
function checkInstalled(one, all) {
  const folder = installInto([one], all);
  const entries = entriesOf(one);
  const code = entries.map((entry) => `await import(${JSON.stringify(entry)});\n`).join("");
  writeFileSync(join(folder, "import-every-entry.mjs"), code);
  sh(folder, process.execPath, ["import-every-entry.mjs"]);
  for (const command of Object.keys(one.manifest.bin ?? {})) {
    sh(folder, join(folder, "node_modules", ".bin", command), ["--help"]);
  }
  runExamples(join(one.folder, "README.md"), folder, entries.length > 0);
}

/** @param {readonly Packed[]} all */
function checkRootReadme(all) {
  runExamples(join(ROOT, "README.md"), installInto(all, all), true);
}

/**
 * Installs packages into a new empty folder; what they need of ours comes from the tarballs too.
 * @param {readonly Packed[]} wanted
 * @param {readonly Packed[]} all
 * @returns {string} the folder
 */
function installInto(wanted, all) {
  const folder = mkdtempSync(join(scratch, "user-"));
  /** @type {(some: readonly Packed[]) => Record<string, string>} */
  const files = (some) =>
    Object.fromEntries(some.map((p) => [p.manifest.name, pathToFileURL(p.tarball).href]));
  const overrides = files(all.filter((one) => !wanted.includes(one)));
  const manifest = { private: true, type: "module", dependencies: files(wanted), overrides };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, null, 2));
  sh(folder, "npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]);
  return folder;
}

/**
 * Runs every example of a README inside a folder where the package is installed.
 * @param {string} readme
 * @param {string} folder
 * @param {boolean} required - whether a README without an example is a failure
 */
function runExamples(readme, folder, required) {
  const examples = examplesOf(readFileSync(readme, "utf8"));
  if (examples.length === 0 && required) {
    throw new Error("the README has no fence tagged `js example` or `sh example`");
  }
  for (const [index, { language, code }] of examples.entries()) {
    const place = join(folder, `example-${index}`);
    mkdirSync(place);
    const file = join(place, language === "js" ? "example.mjs" : "example.sh");
    writeFileSync(file, code);
    if (language === "js") sh(place, process.execPath, [file], EXAMPLE_TIMEOUT_MS);
    else sh(place, "bash", ["-euo", "pipefail", file], EXAMPLE_TIMEOUT_MS, folder);
  }
}

/**
 * @param {Packed} packed
 * @returns {string[]} the specifiers under which it may be imported
 */
function entriesOf({ manifest }) {
  // What the workspace exports beyond that stays in it.
  return Object.keys(manifest.publishConfig?.exports ?? manifest.exports ?? {})
    .filter((key) => key !== "./package.json")
    .map((key) => manifest.name + key.slice(1));
}

/**
 * Runs a program to its end.
 * @param {string} cwd
 * @param {string} program
 * @param {readonly string[]} args
 * @param {number} [timeoutMs] - after which it is a failure
 * @param {string} [installed] - a folder whose installed commands are put on PATH
 * @returns {string} what it wrote to stdout
 * @throws {Error} with its output if it does not end with code 0
 */
function sh(cwd, program, args, timeoutMs = 180_000, installed) {
  const path = process.env.PATH ?? "";
  const bin = installed === undefined ? "" : join(installed, "node_modules", ".bin") + delimiter;
  const env = { ...process.env, PATH: bin + path };
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    encoding: "utf8",
    timeout: timeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  const reason = error?.message ?? signal ?? `exit code ${status}`;
  throw new Error(`${program} ${args.join(" ")}: ${reason}\n${stdout}\n${stderr}`);
}
