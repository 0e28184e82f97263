import { corpusOf, runCases } from "@palmtree/wire/fuzz";
import { describe, expect, test } from "vitest";
import { relayTargets } from "./index.js";

describe.each(relayTargets)("$name", (target) => {
  test(target.promise, { timeout: 120_000 }, async () => {
    const cases = target.name === "swarm" ? 40 : 2;
    const { accepted } = await runCases(target, 1, cases);
    // Most hostile peers keep nobody from the content.
    expect(accepted).toBeGreaterThan(0.75 * cases);
  });

  test("still keeps it in every session that was kept", { timeout: 60_000 }, () => {
    for (const { why, input } of corpusOf(target, import.meta.url))
      expect(() => target.check(target.read(input)), why).not.toThrow();
  });
});
