import { corpusOf, runCases } from "@palmtree/wire/fuzz";
import { describe, expect, test } from "vitest";
import { transportTargets } from "./index.js";
import { sealedTarget } from "./sealed-target.js";

describe.each(transportTargets)("$name", (target) => {
  test(target.promise, { timeout: 60_000 }, async () => {
    const { accepted, refused } = await runCases(target, 1, 1_500);
    // Else the drawn inputs have come to be all alike, and try nothing any more.
    expect(accepted).toBeGreaterThan(150);
    expect(refused).toBeGreaterThan(150);
  });

  test("still keeps it for every case that was kept", async () => {
    for (const { why, input } of corpusOf(target, import.meta.url))
      await expect(
        Promise.resolve(input).then((kept) => target.check(target.read(kept))),
        why,
      ).resolves.toBeDefined();
  });
});

test("sealed datagrams are still read after thousands, and not put aside for being so many", {
  timeout: 60_000,
}, async () => {
  const { accepted } = await runCases(sealedTarget, 1, 12_000);
  expect(accepted).toBeGreaterThan(1_200);
});
