import { expect, test } from "vitest";
import { EfficiencyMeter } from "../../src/runtime/send/efficiency-meter.js";

/** Peers that take those bytes a millisecond, looked at ten times a second until `until`. */
function measured(rates: readonly number[], until: number, total = 10_000): EfficiencyMeter {
  const meter = new EfficiencyMeter(total);
  meter.start(0);
  for (let at = 0; at <= until; at += 100)
    for (const [place, rate] of rates.entries()) meter.note(place + 1, rate * at, at);
  return meter;
}

test("all at the same rate from the start are at the limit, and the root's link is what bounds them", () => {
  expect(measured([5, 5], 2_000).at(2_000)).toEqual({
    share: 1,
    limitSeconds: 2,
    bytesPerSecond: 5_000,
    bottleneck: 0,
  });
});

test("a peer that takes clearly less than others is the bottleneck", () => {
  expect(measured([5, 1], 2_000).at(2_000)).toMatchObject({ bottleneck: 2, limitSeconds: 10 });
});

test("time in which nothing flows is lost", () => {
  expect(measured([5], 2_000).at(4_000)?.share).toBeCloseTo(0.5);
});

test("a peer that is given up does not count", () => {
  const meter = measured([5, 1], 2_000);
  meter.forget(2);
  expect(meter.at(2_000)).toMatchObject({ bottleneck: 0, bytesPerSecond: 5_000 });
});

test("in less than a second nothing can be said", () => {
  expect(measured([5], 900).at(900)).toBeUndefined();
});
