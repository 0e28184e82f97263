import { expect, test } from "vitest";
import { Allowance } from "../../src/core/allowance.js";

function takenAt(allowance: Allowance, now: number): number {
  return Array.from({ length: 100 }).filter(() => allowance.take(now)).length;
}

test("an allowance is used up, comes back with time, and never grows beyond what it was", () => {
  const allowance = new Allowance(10, 0.5, 1_000);
  expect(takenAt(allowance, 1_000)).toBe(10);
  expect(takenAt(allowance, 1_001)).toBe(0);
  expect(takenAt(allowance, 1_002)).toBe(1);
  expect(takenAt(allowance, 1_008)).toBe(3);
  expect(takenAt(allowance, 1_000_000)).toBe(10);
});
