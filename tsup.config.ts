import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

/**
 * The one build configuration of every package. The entry points are read from the package's own
 * `exports` (the `palmtree-source` condition) and `bin`, so that they are listed once.
 * Type declarations come from `tsc`, which also makes declaration maps.
 */
interface Manifest {
  readonly exports?: Record<string, string | { readonly "palmtree-source"?: string }>;
  readonly bin?: Record<string, string>;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

const sources = [
  ...Object.values(manifest.exports ?? {}).flatMap((target) =>
    typeof target === "string" ? [] : [target["palmtree-source"]],
  ),
  ...Object.values(manifest.bin ?? {}).map((path) =>
    path.replace(/^(\.\/)?dist\//, "src/").replace(/\.js$/, ".ts"),
  ),
].filter((source) => source !== undefined);

export default defineConfig({
  entry: Object.fromEntries(
    sources.map((source) => [source.replace(/^(\.\/)?src\/(.*)\.ts$/, "$2"), source]),
  ),
  format: "esm",
  target: "node20.19",
  platform: "node",
  sourcemap: true,
  splitting: true,
  dts: false,
  // Declarations stay while they are rebuilt: another package may be reading them.
  clean: ["!**/*.d.ts", "!**/*.d.ts.map"],
  silent: true,
});
