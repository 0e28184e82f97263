import { describe, expect, test } from "vitest";
import { describePromised, isHeld, type Promised } from "../src/promised.js";
import { summarize } from "../src/statistics.js";

const rate: Promised = {
  metric: "slowest-receiver-rate",
  comparison: "at-least",
  limit: 300,
  judged: "median",
};
const memory: Promised = {
  metric: "receiver-memory",
  comparison: "below",
  limit: 200,
  judged: "every-run",
};
const copies: Promised = { ...rate, metric: "intact-copies", limit: 32, judged: "every-run" };

describe("a promise of at least a rate", () => {
  test("is held when the median reaches it, whatever the slowest run was", () => {
    expect(isHeld(rate, summarize([10, 300, 301]))).toBe(true);
  });

  test("is not held when only the best run reaches it", () => {
    expect(isHeld(rate, summarize([299, 298, 500]))).toBe(false);
  });
});

describe("a promise to stay below a limit in every run", () => {
  test("is held when the largest run is below", () => {
    expect(isHeld(memory, summarize([100, 199.9, 120]))).toBe(true);
  });

  test("is not held when one run reaches the limit", () => {
    expect(isHeld(memory, summarize([100, 100, 200]))).toBe(false);
  });

  test("judged by the median allows for one run above", () => {
    expect(isHeld({ ...memory, judged: "median" }, summarize([100, 100, 300]))).toBe(true);
    expect(isHeld({ ...memory, judged: "median" }, summarize([100, 200, 300]))).toBe(false);
  });
});

test("a promise of copies is not held when one copy is missing in one run", () => {
  expect(isHeld(copies, summarize([32, 32, 32]))).toBe(true);
  expect(isHeld(copies, summarize([32, 31, 32]))).toBe(false);
});

test("a promise is described with its sign, number and unit", () => {
  expect([rate, memory, copies].map(describePromised)).toEqual([
    "≥ 300 MB/s",
    "< 200 MiB",
    "≥ 32 copies",
  ]);
});
