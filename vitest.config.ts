import { defineConfig } from "vitest/config";

// Unit tests run on the sources of every package: the condition `palmtree-source` resolves
// `@palmtree/*` to `src`. The rest are Vite's own conditions for code that runs on a server.
const conditions = ["palmtree-source", "module", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "scripts/test/**/*.test.ts",
    ],
    pool: "forks",
    maxWorkers: 2,
    // After this a test hangs; how fast something is, benchmarks say, and machines are shared.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A failing test is a finding, never something to try again.
    retry: 0,
    reporters: ["default", "./scripts/summary-reporter.mjs"],
  },
});
