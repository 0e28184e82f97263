import { defineConfig } from "tsup";

/**
 * `npm run fuzz`, as one file, made of the sources: what it drives is inside the packages, beside
 * what it tries, and no part of what they publish.
 */
export default defineConfig({
  entry: { "fuzz/main": "src/fuzz/main.ts" },
  format: "esm",
  target: "node20.19",
  platform: "node",
  sourcemap: true,
  splitting: false,
  dts: false,
  clean: false,
  silent: true,
  noExternal: [/.*/],
  esbuildOptions: (options) => {
    options.conditions = ["palmtree-source", "module", "node"];
  },
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
});
