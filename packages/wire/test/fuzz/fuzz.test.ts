import { describe, expect, test } from "vitest";
import { corpusOf } from "./corpus.js";
import { wireTargets } from "./index.js";
import { runCases } from "./run.js";
import { datagramShapes, frameShapes } from "./shape.js";

describe.each(wireTargets)("$name", (target) => {
  test(target.promise, { timeout: 60_000 }, async () => {
    const { accepted, refused } = await runCases(target, 1, 2_500);
    // Else the drawn inputs have come to be all alike, and try nothing any more.
    expect(accepted).toBeGreaterThan(250);
    expect(refused).toBeGreaterThan(250);
  });

  test("still keeps it for every case that was kept", () => {
    for (const { why, input } of corpusOf(target, import.meta.url))
      expect(() => target.check(target.read(input)), why).not.toThrow();
  });
});

test("every message of the tables is fuzzed", () => {
  expect(datagramShapes.length).toBeGreaterThan(20);
  expect(frameShapes.length).toBeGreaterThan(14);
});
