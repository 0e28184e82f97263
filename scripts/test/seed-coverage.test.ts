/** docs/seed-coverage.md names code that is there and tests that are there. */
import { describe, expect, test } from "vitest";
import { filesBelow, textOf } from "./repository.js";

const prefixes = new Map([
  ["core/", "packages/relay/src/core/"],
  ["runtime/", "packages/relay/src/runtime/"],
]);

function fullPath(path: string): string {
  for (const [short, long] of prefixes)
    if (path.startsWith(short)) return long + path.slice(short.length);
  return path;
}

const rows = textOf("docs/seed-coverage.md")
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| the seed says"))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, feature = "", code = "", quoted = ""]) => ({ feature, code, quoted }));

const files = filesBelow("packages");

describe("the seed's coverage", () => {
  test("has a line for each feature", () => expect(rows.length).toBeGreaterThan(40));

  test.each(rows)("$feature: its code is there", ({ code }) => {
    const paths = [...code.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => fullPath(path));
    expect(paths).not.toEqual([]);
    for (const path of paths) expect(files.filter((file) => file.startsWith(path))).not.toEqual([]);
  });

  test.each(rows)("$feature: its test is there", ({ quoted }) => {
    const [, path = "", name = ""] = /^`([^`]+)`: (.+)$/.exec(quoted) ?? [];
    expect(files).toContain(path);
    expect(textOf(path)).toContain(name);
  });
});
