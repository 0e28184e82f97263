import { expect, test } from "vitest";
import { foreignPercent, readMachineTimes } from "../src/processes/machine-load.js";

const before = { busySeconds: 100, totalSeconds: 1_000 };

test("what others used is what was busy without what we used, of all cores", () => {
  const after = { busySeconds: 108, totalSeconds: 1_020 };
  expect(foreignPercent(before, after, 3)).toBe(25);
});

test("it is never below 0, though clocks tick coarsely, nor above 100", () => {
  const after = { busySeconds: 108, totalSeconds: 1_020 };
  expect(foreignPercent(before, after, 8.1)).toBe(0);
  expect(foreignPercent(before, { busySeconds: 200, totalSeconds: 1_010 }, 0)).toBe(100);
  expect(foreignPercent(before, before, 0)).toBe(0);
});

test("the machine's clocks run forward", () => {
  const first = readMachineTimes();
  const second = readMachineTimes();
  expect(second.totalSeconds).toBeGreaterThanOrEqual(first.totalSeconds);
  expect(first.busySeconds).toBeLessThanOrEqual(first.totalSeconds);
});
