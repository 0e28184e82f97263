import { homedir } from "node:os";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../environment.mjs";
import { filesBelow, type Import, importsBelow, packages, textOf } from "./repository.js";

/** The dependency arrows: who may use which of our packages. They point down only. */
const LIBRARIES = ["relay", "transport", "files", "topology", "wire"];
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  topology: [],
  files: ["wire"],
  transport: ["wire"],
  relay: ["transport", "files", "topology", "wire"],
  cli: LIBRARIES,
  demo: [...LIBRARIES, "cli"],
  lab: [...LIBRARIES, "cli"],
};

/** The folders that hold pure code only, each with the folders it may reach by relative paths. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  "packages/wire/src": ["packages/wire/src"],
  "packages/topology/src": ["packages/topology/src"],
  "packages/files/src/core": ["packages/files/src/core"],
  "packages/transport/src/core": ["packages/transport/src/core"],
  "packages/relay/src/core": ["packages/relay/src/core"],
  "packages/relay/src/sim": ["packages/relay/src/core", "packages/relay/src/sim"],
};

/** What pure code may import by name: entries that are pure themselves. */
const PURE_ENTRIES = [
  "@palmtree/wire",
  "@palmtree/topology",
  "@palmtree/files/core",
  "@palmtree/transport/core",
  "@msgpack/msgpack",
];

const LINE_LIMIT = 350;
const LINE_GOAL = 300;

const ALL = packages();
const FILES = filesBelow("");
const CODE = FILES.filter((file) => /\.(ts|mjs|js|cjs|mts)$/.test(file));
const SOURCES = CODE.filter((file) => /^(packages|apps)\/[^/]+\/src\/|^scripts\/[^/]+$/.test(file));
const TESTS = CODE.filter((file) => file.endsWith(".test.ts"));
/** Files that a tool loads by their default export. */
const LOADED_BY_TOOLS = /^[^/]+\.config\.ts$|^scripts\/summary-reporter\.mjs$/;

const show = ({ file, specifier }: Import) => `${file} imports ${specifier}`;

/** The target of a relative import, relative to the root. */
function targetOf({ file, specifier }: Import): string {
  return posix.join(posix.dirname(file), specifier);
}

/** A file without its comment lines. */
function codeOnly(file: string): string {
  return textOf(file).replace(/^\s*(\/\*\*|\*|\/\/).*$/gm, "");
}

describe("dependency arrows", () => {
  test("every package of the workspace has its place among the arrows", () => {
    expect(ALL.map(({ name }) => name).sort()).toEqual(Object.keys(ARROWS).sort());
  });

  test.each(ALL)("package.json of $name declares only packages below it", (our) => {
    const allowed = ARROWS[our.name] ?? [];
    expect(our.declared.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  test.each(ALL)("the sources of $name import only packages below it, by their entries", (our) => {
    const allowed = ARROWS[our.name] ?? [];
    const entries = ALL.filter(({ name }) => allowed.includes(name)).flatMap((o) => o.entries);
    const ours = importsBelow(`${our.folder}/src`).filter(({ specifier }) =>
      specifier.startsWith("@palmtree/"),
    );
    expect(ours.filter(({ specifier }) => !entries.includes(specifier)).map(show)).toEqual([]);
  });

  test.each(ALL)("no file of $name reaches into another package by a relative path", (our) => {
    const strays = importsBelow(our.folder)
      .filter(({ specifier }) => specifier.startsWith("."))
      .filter((found) => !targetOf(found).startsWith(`${our.folder}/`));
    expect(strays.map(show)).toEqual([]);
  });
});

describe("purity", () => {
  test.each(Object.entries(PURE))("%s imports only pure code", (folder, reachable) => {
    const impure = importsBelow(folder).filter((found) => {
      if (!found.specifier.startsWith(".")) return !PURE_ENTRIES.includes(found.specifier);
      return !reachable.some((place) => targetOf(found).startsWith(`${place}/`));
    });
    expect(impure.map(show)).toEqual([]);
  });

  test("pure code asks neither a clock nor a dice", () => {
    const forbidden = /\bDate\.now\b|\bnew Date\b|\bMath\.random\b/;
    const pure = SOURCES.filter((file) =>
      Object.keys(PURE).some((at) => file.startsWith(`${at}/`)),
    );
    expect(pure.filter((file) => forbidden.test(codeOnly(file)))).toEqual([]);
  });

  test("pure code never waits: its functions are synchronous", () => {
    const pure = SOURCES.filter((file) => /\/src\/core\//.test(file));
    expect(
      pure.filter((file) => /\basync\b|\bawait\b|\bnew Promise\b/.test(codeOnly(file))),
    ).toEqual([]);
  });
});

describe("files", () => {
  test(`no source file has more than ${LINE_LIMIT} lines`, () => {
    const lengths = SOURCES.map((file) => ({ file, lines: textOf(file).split("\n").length - 1 }));
    for (const { file, lines } of lengths) {
      if (lines > LINE_GOAL) console.warn(`${file} has ${lines} lines; the goal is ${LINE_GOAL}`);
    }
    expect(lengths.filter(({ lines }) => lines > LINE_LIMIT)).toEqual([]);
  });

  test("every file of code has a kebab-case name", () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.(ts|mjs)$/;
    expect(CODE.filter((file) => !kebab.test(posix.basename(file)))).toEqual([]);
  });

  test("no file is a drawer for everything", () => {
    const drawer = /(^|[-/])(utils?|helpers?|misc|common)([-./]|$)/;
    expect(CODE.filter((file) => drawer.test(file))).toEqual([]);
  });

  test("no file has a default export", () => {
    const pattern = /\bexport\s+default\b|\bas\s+default\b/;
    const own = CODE.filter((file) => !LOADED_BY_TOOLS.test(file));
    expect(own.filter((file) => pattern.test(codeOnly(file)))).toEqual([]);
  });

  test("relative imports name the file that Node will load, with .js", () => {
    const imports = ALL.flatMap(({ folder }) => importsBelow(folder));
    const relative = imports.filter(({ specifier }) => specifier.startsWith("."));
    expect(relative.filter(({ specifier }) => !/\.m?js(on)?$/.test(specifier)).map(show)).toEqual(
      [],
    );
  });

  test("no test is switched off or favoured", () => {
    const pattern = /\b(test|it|describe)(\.concurrent)?\.(only|skip|todo)\b/;
    expect(TESTS.filter((file) => pattern.test(textOf(file)))).toEqual([]);
  });

  test.each(ALL)("$name has a README", ({ folder }) => {
    expect(textOf(`${folder}/README.md`)).toMatch(/^# /);
  });

  test("no file holds a path of somebody's machine", () => {
    const places = [
      ["", "root", ""],
      ["", "work", ""],
    ].map((parts) => parts.join("/"));
    for (const place of [homedir(), ROOT]) {
      if (place.split("/").length > 2) places.push(place);
    }
    const text = FILES.filter((file) => /\.([cm]?[jt]s|json|md|ya?ml)$|\/run$/.test(file));
    const escaped = places.map((place) => place.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = new RegExp(`(?<![\\w.])(${escaped.join("|")})`);
    expect(text.filter((file) => pattern.test(textOf(file)))).toEqual([]);
  });

  test("the lockfile holds no download address", () => {
    const lines = textOf("pnpm-lock.yaml").split("\n");
    expect(lines.filter((line) => /tarball:|https?:/.test(line))).toEqual([]);
  });
});
