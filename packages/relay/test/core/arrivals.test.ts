import { expect, test } from "vitest";
import { Arrivals } from "../../src/core/transfer/arrivals.js";

/** Chunks come every `pauseMs` from 0 to `until`. */
function regular(pauseMs: number, until: number): Arrivals {
  const arrivals = new Arrivals(0);
  for (let now = 0; now <= until; now += pauseMs) arrivals.note(now, false);
  return arrivals;
}

test("the first chunk may take 1.3 s before the plan counts as stalled", () => {
  const arrivals = new Arrivals(0);
  expect(arrivals.isStalled(1_299)).toBe(false);
  expect(arrivals.isStalled(1_300)).toBe(true);
});

test("where chunks come fast, 300 ms without one are a stall", () => {
  const arrivals = regular(5, 2_000);
  expect(arrivals.isStalled(2_299)).toBe(false);
  expect(arrivals.isStalled(2_300)).toBe(true);
});

test("where chunks come rarely, so do stalls: 16 usual pauses", () => {
  const arrivals = regular(200, 40_000);
  expect(arrivals.isStalled(43_000)).toBe(false);
  expect(arrivals.isStalled(43_201)).toBe(true);
});

test("what was asked for does not hide that the plan has stalled", () => {
  const arrivals = regular(5, 2_000);
  for (let now = 2_000; now < 2_400; now += 5) arrivals.note(now, true);
  expect(arrivals.isStalled(2_400)).toBe(true);
});

test("there is room when clearly less comes than at best, and none at an even rate", () => {
  const arrivals = new Arrivals(0);
  const look = (chunks: number): boolean => {
    for (let count = 0; count < chunks; count += 1) arrivals.note(0, false);
    return arrivals.hasRoom();
  };
  for (let count = 0; count < 20; count += 1) expect(look(10)).toBe(false);
  for (let count = 0; count < 4; count += 1) look(2);
  expect(look(2)).toBe(true);
});
