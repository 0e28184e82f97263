import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.js";
import { range } from "./parts.js";

describe("Random", () => {
  test("the same seed draws the same numbers, another seed others", () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return range(0, 20).map(() => random.next());
    };
    expect(draw(42)).toEqual(draw(42));
    expect(draw(42)).not.toEqual(draw(43));
    expect(draw(0)).not.toEqual(draw(1));
  });

  test("the numbers are those of xoshiro128** seeded by splitmix32, so that seeds keep their meaning", () => {
    const random = new Random(1);
    expect(range(0, 4).map(() => random.below(2 ** 32))).toEqual(firstDraws);
  });

  test("numbers are in [0, 1) and fill it evenly", () => {
    const random = new Random(3);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let drawn = 0; drawn < 10_000; drawn += 1) {
      const tenth = Math.floor(random.next() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(tenths).toHaveLength(10);
    // The standard deviation of each count is 30.
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test("below draws every integer under its bound and none other", () => {
    const random = new Random(5);
    const drawn = new Set(range(0, 500).map(() => random.below(6)));
    expect([...drawn].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("a sample has as many different items as asked for, or all there are, and leaves the list as it is", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(30), fc.nat(40), (seed, size, count) => {
        const items = range(100, 100 + size);
        const sample = new Random(seed).sample(items, count);
        expect(sample).toHaveLength(Math.min(size, count));
        expect(new Set(sample).size).toBe(sample.length);
        expect(sample.every((item) => items.includes(item))).toBe(true);
        expect(items).toEqual(range(100, 100 + size));
      }),
    );
  });

  test("every item comes first in a sample about as often as any other", () => {
    const random = new Random(11);
    const firsts = Array.from({ length: 5 }, () => 0);
    for (let drawn = 0; drawn < 5_000; drawn += 1) {
      const [first = 0] = random.sample([0, 1, 2, 3, 4], 2);
      firsts[first] = (firsts[first] ?? 0) + 1;
    }
    for (const count of firsts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test("hex has as many lower-case digits as asked for", () => {
    expect(new Random(9).hex(32)).toMatch(/^[0-9a-f]{32}$/);
  });
});

/** From an implementation with unbounded integers, for seed 1. */
const firstDraws: readonly number[] = [393_288_148, 2_174_103_013, 3_814_759_091, 2_092_745_082];
