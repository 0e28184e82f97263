import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../environment.mjs";
import { textOf } from "./repository.js";

/** What `tsconfig.core.json` must cover. */
const CORES: readonly string[] = [
  "packages/wire/src",
  "packages/topology/src",
  "packages/files/src/core",
  "packages/transport/src/core",
  "packages/relay/src/core",
  "packages/relay/src/sim",
];

/** Things that only a runtime has, each with code that mentions it. */
const VIOLATIONS: Readonly<Record<string, string>> = {
  buffer: "export const value: unknown = Buffer.alloc(1);",
  "set-timeout": "setTimeout(() => {}, 1);",
  "node-fs": 'export { readFileSync } from "node:fs";',
  process: "export const value: unknown = process.pid;",
  performance: "export const value: unknown = performance.now();",
  console: 'console.log("");',
  crypto: "export const value: unknown = crypto.randomUUID();",
};

let folder = "";

// Below the root's node_modules, so that the compiler could find Node's types if it wanted to.
beforeAll(() => {
  const cache = join(ROOT, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, "purity-"));
  for (const [name, code] of Object.entries(VIOLATIONS)) {
    writeFileSync(join(folder, `${name}.ts`), `${code}\nexport {};\n`);
  }
  writeFileSync(join(folder, "pure.ts"), "export const value: number = Math.max(1, 2);\n");
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("the core of every package", () => {
  test("is what tsconfig.core.json covers", () => {
    expect(JSON.parse(textOf("tsconfig.core.json")).include).toEqual(CORES);
  });

  test("does not compile if it mentions anything that only a runtime has", () => {
    const project = join(folder, "tsconfig.json");
    const files = [...Object.keys(VIOLATIONS), "pure"].map((file) => `${file}.ts`);
    const core = join(ROOT, "tsconfig.core.json");
    writeFileSync(project, JSON.stringify({ extends: core, files, include: [] }));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { stdout, status } = spawnSync(
      process.execPath,
      [tsc, "-p", project, "--pretty", "false"],
      {
        encoding: "utf8",
      },
    );
    const refused = new Set(
      [...stdout.matchAll(/([a-z-]+)\.ts\(\d+,\d+\): error/g)].map((m) => m[1]),
    );
    expect(refused).toEqual(new Set(Object.keys(VIOLATIONS)));
    expect(status).not.toBe(0);
  });
});
