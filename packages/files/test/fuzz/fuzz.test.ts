import { corpusOf, runCases } from "@palmtree/wire/fuzz";
import { describe, expect, test } from "vitest";
import { filesTargets } from "./index.js";

describe.each(filesTargets)("$name", (target) => {
  test(target.promise, { timeout: 60_000 }, async () => {
    const cases = target.name === "staging" ? 300 : 2_000;
    const { accepted, refused } = await runCases(target, 1, cases);
    // Else the drawn inputs have come to be all alike, and try nothing any more.
    expect(accepted).toBeGreaterThan(0.1 * cases);
    expect(refused).toBeGreaterThan(0.1 * cases);
  });

  test("still keeps it for every case that was kept", async () => {
    for (const { why, input } of corpusOf(target, import.meta.url))
      await expect(
        Promise.resolve(input).then((kept) => target.check(target.read(kept))),
        why,
      ).resolves.toBeDefined();
  });
});
