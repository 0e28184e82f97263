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

/** Chunks come one by one, and somebody looks every 50 ms. @returns whether there ever was room */
function everHasRoom(arrivals: Arrivals, pauses: Iterable<number>, since = 0): boolean {
  let now = since;
  let lookAt = since + 50;
  let isEver = false;
  for (const pauseMs of pauses) {
    now += pauseMs;
    for (; lookAt <= now; lookAt += 50) isEver ||= arrivals.hasRoom(lookAt);
    arrivals.note(now, false);
  }
  return isEver;
}

const evenly = (pauseMs: number, count: number): number[] =>
  Array.from({ length: count }, () => pauseMs);

test.each([1, 5, 13, 60, 164, 500])(
  "there is no room where a chunk comes every %i ms, and some where clearly less comes later",
  (pauseMs) => {
    const arrivals = new Arrivals(0);
    const count = Math.max(200, 2_000 / pauseMs);
    expect(everHasRoom(arrivals, evenly(pauseMs, count))).toBe(false);
    const since = count * pauseMs;
    expect(everHasRoom(arrivals, evenly(1.2 * pauseMs, count), since)).toBe(false);
    expect(everHasRoom(arrivals, evenly(2 * pauseMs, count), 2.2 * since)).toBe(true);
  },
);

test("there is room soon after the last chunk", () => {
  const arrivals = new Arrivals(0);
  everHasRoom(arrivals, evenly(5, 400));
  for (let now = 2_050; now < 8_000; now += 50) arrivals.hasRoom(now);
  expect(arrivals.hasRoom(8_000)).toBe(true);
});
