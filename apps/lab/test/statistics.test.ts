import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { summarize } from "../src/statistics.js";

describe("a summary", () => {
  test("of an odd number of values has the middle one", () => {
    expect(summarize([9, 1, 4])).toEqual({ median: 4, min: 1, max: 9, values: [9, 1, 4] });
  });

  test("of an even number of values has the mean of the two in the middle", () => {
    expect(summarize([4, 1, 9, 5]).median).toBe(4.5);
  });

  test("of one value is that value", () => {
    expect(summarize([7])).toEqual({ median: 7, min: 7, max: 7, values: [7] });
  });

  test("has at least half of the values on either side of its median", () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1 });
    fc.assert(
      fc.property(values, (list) => {
        const { median, min, max } = summarize(list);
        expect(2 * list.filter((value) => value <= median).length).toBeGreaterThanOrEqual(
          list.length,
        );
        expect(2 * list.filter((value) => value >= median).length).toBeGreaterThanOrEqual(
          list.length,
        );
        expect([min, max]).toEqual([Math.min(...list), Math.max(...list)]);
      }),
    );
  });

  test("of nothing, or of what is no number, is refused", () => {
    expect(() => summarize([])).toThrow(RangeError);
    expect(() => summarize([1, Number.NaN])).toThrow("NaN");
    expect(() => summarize([Number.POSITIVE_INFINITY])).toThrow(RangeError);
  });
});
