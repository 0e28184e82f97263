import { expect, test } from "vitest";
import { Draw } from "./draw.js";

test("the same seed draws the same, and seeds beside each other draw other things, all alike often", () => {
  expect(new Draw(9).bytes(8)).toEqual(new Draw(9).bytes(8));
  const counts = Array.from({ length: 16 }, () => 0);
  for (let seed = 0; seed < 16_000; seed += 1) {
    const drawn = new Draw(seed).below(16);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

test("integers stay in their range and reach its edges", () => {
  const draw = new Draw(1);
  const drawn = Array.from({ length: 2_000 }, () => draw.integer(3, 300));
  expect(Math.min(...drawn)).toBe(3);
  expect(Math.max(...drawn)).toBe(300);
  const wide = Array.from({ length: 2_000 }, () => draw.integer(0, Number.MAX_SAFE_INTEGER));
  expect(wide.every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
  expect(wide).toContain(Number.MAX_SAFE_INTEGER);
});

test("lengths are mostly short, and at times at the limit", () => {
  const draw = new Draw(1);
  const drawn = Array.from({ length: 5_000 }, () => draw.length(1_024));
  expect(Math.max(...drawn)).toBe(1_024);
  expect(drawn.filter((length) => length <= 8).length).toBeGreaterThan(4_000);
});
