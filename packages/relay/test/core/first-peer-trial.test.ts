import { expect, test } from "vitest";
import { FirstPeerTrial } from "../../src/core/plan/first-peer-trial.js";

/** Looks every 100 ms while `number` takes `rate` bytes a millisecond of `total`. */
function watch(
  trial: FirstPeerTrial,
  {
    number,
    rate,
    total,
    from,
    to,
  }: { number: number; rate: number; total: number; from: number; to: number },
): unknown[] {
  const verdicts: unknown[] = [];
  for (let now = from; now <= to; now += 100) {
    const bytesSent = rate * (now - from);
    const verdict = trial.look({ number, bytesSent, bytesLeft: total - bytesSent }, now);
    if (verdict !== undefined) verdicts.push(verdict);
  }
  return verdicts;
}

test("a first peer of which the rest would take long makes room for another, and is slow if that is faster", () => {
  const trial = new FirstPeerTrial();
  const slow = { number: 1, rate: 1, total: 100_000, from: 0, to: 1_000 };
  expect(watch(trial, slow)).toEqual([{ type: "rotate", number: 1 }]);
  const next = { number: 2, rate: 10, total: 100_000, from: 1_100, to: 2_200 };
  expect(watch(trial, next)).toEqual([{ type: "demote", number: 1 }]);
});

test("nobody is slow when the next one is not faster, and the next trial is far", () => {
  const trial = new FirstPeerTrial();
  watch(trial, { number: 1, rate: 1, total: 100_000, from: 0, to: 1_000 });
  const next = { number: 2, rate: 1, total: 100_000, from: 1_100, to: 19_000 };
  expect(watch(trial, next)).toEqual([]);
});

test("no trial is made when the rest is short, or when nothing flows", () => {
  const short = { number: 1, rate: 10, total: 100_000, from: 0, to: 9_000 };
  expect(watch(new FirstPeerTrial(), short)).toEqual([]);
  expect(watch(new FirstPeerTrial(), { ...short, rate: 0 })).toEqual([]);
});
