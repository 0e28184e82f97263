import { beforeEach, describe, expect, test } from "vitest";
import { EfficiencyMeter } from "../../src/runtime/send/efficiency-meter.js";

const megabyte = 1_000_000;

let meter: EfficiencyMeter;
beforeEach(() => {
  meter = new EfficiencyMeter({ totalBytes: 10 * megabyte });
  meter.start(1_000);
});

/** The peer takes that many bytes a second from one time to the other, and says so ten times a second. */
function take(
  number: number,
  bytesPerSecond: number,
  { from = 1_000, until = 11_000, before = 0 } = {},
): void {
  for (let at = from; at <= until; at += 100)
    meter.note(number, before + (bytesPerSecond * (at - from)) / 1_000, at);
}

describe("the efficiency", () => {
  test("is 1 where the whole comes at the best rate that was seen, from the first moment on", () => {
    take(1, megabyte);
    take(2, megabyte);
    expect(meter.at(11_000)).toEqual({
      share: 1,
      limitSeconds: 10,
      bytesPerSecond: megabyte,
      bottleneck: 0,
    });
  });

  test("is less by the time in which nothing came", () => {
    take(1, 2 * megabyte, { from: 6_000, until: 11_000 });
    expect(meter.at(11_000)).toMatchObject({ share: 0.5, limitSeconds: 5 });
  });

  test("is measured by the worst link, and says whose it is where it is clearly slower", () => {
    take(1, 2 * megabyte, { until: 6_000 });
    take(2, megabyte);
    take(3, 2 * megabyte, { until: 6_000 });
    expect(meter.at(11_000)).toMatchObject({ bytesPerSecond: megabyte, bottleneck: 2 });
  });

  test("takes links that differ by less than a fifth for the same: the sender's, or a shared one", () => {
    take(1, megabyte);
    take(2, 0.81 * megabyte);
    expect(meter.at(11_000)).toMatchObject({ bytesPerSecond: 810_000, bottleneck: 0 });
    take(3, 0.79 * megabyte);
    expect(meter.at(11_000)).toMatchObject({ bytesPerSecond: 790_000, bottleneck: 3 });
  });

  test("goes by the average peer while it runs", () => {
    take(1, megabyte, { until: 5_000 });
    take(2, megabyte, { from: 3_000, until: 5_000 });
    // 4 and 2 megabytes in 4 seconds.
    expect(meter.at(5_000)?.share).toBeCloseTo(0.75, 9);
  });

  test("is not known before somebody was seen for a second", () => {
    expect(meter.at(5_000)).toBeUndefined();
    take(1, megabyte, { until: 1_900 });
    expect(meter.at(1_900)).toBeUndefined();
    take(1, megabyte, { from: 2_000, until: 2_000, before: megabyte });
    expect(meter.at(2_000)).toMatchObject({ bytesPerSecond: megabyte });
  });

  test("does not take a burst out of a buffer for the link's rate", () => {
    take(1, megabyte, { until: 5_000 });
    meter.note(1, 5 * megabyte, 5_001);
    // A second with the burst in it holds at most twice what the link brings.
    expect(meter.at(5_001)?.bytesPerSecond).toBeLessThan(2 * megabyte);
  });

  test("leaves out who is given up", () => {
    take(1, megabyte);
    take(2, megabyte / 10);
    meter.forget(2);
    expect(meter.at(11_000)).toMatchObject({ share: 1, bottleneck: 0 });
  });

  test("never says more than the limit", () => {
    take(1, megabyte, { from: 1_000, until: 3_000 });
    meter.note(1, 10 * megabyte, 3_100);
    expect(meter.at(3_100)?.share).toBeLessThanOrEqual(1);
  });

  test("counts from the first start", () => {
    meter.start(9_000);
    take(1, megabyte);
    expect(meter.at(11_000)?.share).toBe(1);
  });

  test("of a transfer that is slower than a report a second has a rate all the same", () => {
    for (const seconds of [0, 3, 6, 9]) meter.note(1, seconds * megabyte, 1_000 + seconds * 1_000);
    expect(meter.at(10_000)).toMatchObject({ bytesPerSecond: megabyte, share: 1 });
  });
});
