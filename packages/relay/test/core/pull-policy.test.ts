import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.js";
import {
  type OverdueChunk,
  type PullPolicy,
  pullPolicies,
} from "../../src/core/transfer/pull-policy.js";

const chunks: readonly OverdueChunk[] = [3, 1, 2, 1, 3, 2].map((holders, place) => ({
  index: 10 + place,
  holders,
}));

function choose(policy: PullPolicy, count: number, seed = 1): readonly number[] {
  return policy(chunks, count, new Random(seed));
}

test("rarest first takes what the fewest hold, and of what is as rare the lowest", () => {
  expect(choose(pullPolicies["rarest-first"], 3)).toEqual([11, 13, 12]);
  expect(choose(pullPolicies["rarest-first"], 9)).toEqual([11, 13, 12, 15, 10, 14]);
});

test("lowest first takes the lowest, however many hold them", () => {
  expect(choose(pullPolicies["lowest-first"], 3)).toEqual([10, 11, 12]);
});

test("a random choice is another with another seed, and the same with the same", () => {
  const choices = [1, 2, 3, 4, 5, 6].map((seed) => choose(pullPolicies.random, 3, seed).join());
  expect(new Set(choices).size).toBeGreaterThan(3);
  expect(choose(pullPolicies.random, 3, 1)).toEqual(choose(pullPolicies.random, 3, 1));
});

describe.each(Object.entries(pullPolicies))("%s", (_, policy) => {
  test("takes as many as it may, each of them once, and none that is not overdue", () => {
    const overdue = fc
      .uniqueArray(fc.nat(500), { maxLength: 70 })
      .map((indexes) => indexes.sort((a, b) => a - b))
      .map((indexes) => indexes.map((index) => ({ index, holders: 1 + (index % 5) })));
    fc.assert(
      fc.property(overdue, fc.nat(20), fc.nat(), (late, count, seed) => {
        const before = structuredClone(late);
        const chosen = policy(late, count, new Random(seed));
        expect(late).toEqual(before);
        expect(new Set(chosen).size).toBe(Math.min(count, late.length));
        expect(chosen.length).toBe(new Set(chosen).size);
        for (const index of chosen) expect(late.map((chunk) => chunk.index)).toContain(index);
      }),
    );
  });
});
