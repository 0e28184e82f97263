import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../environment.mjs";

/** A package of the workspace, as its folder has it. */
export interface Package {
  /** The name without the scope: `wire`. */
  readonly name: string;
  /** The folder, relative to the root: `packages/wire`. */
  readonly folder: string;
  /** The names of our own packages that package.json declares, in any kind of dependency. */
  readonly declared: readonly string[];
  /** The specifiers under which others may import it: `@palmtree/wire`, `@palmtree/files/core`. */
  readonly entries: readonly string[];
}

/** An import, export-from or dynamic import in a source file. */
export interface Import {
  /** The importing file, relative to the root. */
  readonly file: string;
  /** What stands between the quotes. */
  readonly specifier: string;
}

const SKIPPED = new Set(["node_modules", "dist", "coverage", ".git", ".turbo", "reference"]);

/**
 * Every file below a folder that is not made by a tool, in alphabetical order.
 *
 * @param folder - relative to the root; `""` is the root itself
 * @returns paths relative to the root, with `/`
 */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return filesBelow(path);
      return entry.isFile() ? [path] : [];
    });
}

/** The text of a file, given relative to the root. */
export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Every package and app of the workspace. */
export function packages(): readonly Package[] {
  return ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(ROOT, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => readPackage(`${parent}/${entry.name}`)),
  );
}

function readPackage(folder: string): Package {
  const manifest = JSON.parse(textOf(`${folder}/package.json`));
  const kinds = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
  return {
    name: manifest.name.replace("@palmtree/", ""),
    folder,
    declared: kinds
      .flatMap((kind) => Object.keys(manifest[kind] ?? {}))
      .filter((name) => name.startsWith("@palmtree/"))
      .map((name) => name.replace("@palmtree/", "")),
    entries: Object.keys(manifest.exports ?? {}).map((key) => manifest.name + key.slice(1)),
  };
}

/** Every import of the TypeScript files below a folder, given relative to the root. */
export function importsBelow(folder: string): readonly Import[] {
  return filesBelow(folder)
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const code = textOf(file).replace(/^\s*(\/\*\*|\*|\/\/).*$/gm, "");
      const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|(?:^|;)\s*import\s+)["']([^"'\n]+)["']/gm;
      return [...code.matchAll(pattern)].map((match) => ({ file, specifier: match[1] ?? "" }));
    });
}
