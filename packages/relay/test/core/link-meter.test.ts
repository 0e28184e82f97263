import { beforeEach, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { LinkMeter } from "../../src/core/feed/link-meter.js";
import { makeContext, peer, saidIn } from "./parts.js";

let context: Context;
let meter: LinkMeter;

beforeEach(() => {
  context = makeContext();
  meter = new LinkMeter(context);
});

/** The counts of the probes that went out, by the time and by whom they were for. */
function ticked(isHungry = true): { readonly to: number; readonly count: number }[] {
  meter.onTick(isHungry, peer);
  return saidIn(context.takeEffects()).flatMap((said) =>
    said.type === "probe" ? [{ to: said.to, count: said.count }] : [],
  );
}

test("a link's rate is what came after the first chunk, over the time that it took", () => {
  for (const at of [1_000, 1_100, 1_200, 1_500]) {
    context.now = at;
    meter.onChunk(3, 50_000);
  }
  expect(meter.links).toMatchObject([{ number: 3, bytesPerSecond: 300_000 }]);
});

test("one chunk says nothing about a rate, and a neighbour without any is no link", () => {
  meter.onChunk(3, 50_000);
  meter.probe(peer(4));
  expect(meter.links).toEqual([{ number: 3, roundTripUs: 0, lossPermille: 0, bytesPerSecond: 0 }]);
});

test("the round trip is the shortest from a probe to its answer", () => {
  meter.onChunk(3, 1_000);
  for (const roundTripMs of [5, 0.75, 3]) {
    const [probe] = ticked();
    context.now += roundTripMs;
    meter.onAnswer(3, probe?.count ?? -1);
    context.now += 1_000 - roundTripMs;
    meter.onChunk(3, 1_000);
  }
  expect(meter.links[0]).toMatchObject({ number: 3, roundTripUs: 750, lossPermille: 0 });
});

test("a probe that is not answered within two seconds is lost, and a later answer counts for nothing", () => {
  meter.onChunk(3, 1_000);
  const counts: number[] = [];
  for (let second = 0; second < 10; second += 1) {
    const [probe] = ticked();
    const count = probe?.count ?? -1;
    counts.push(count);
    if (second !== 2 && second !== 5) meter.onAnswer(3, count);
    context.now += 1_000;
    meter.onChunk(3, 1_000);
  }
  ticked();
  expect(meter.links[0]).toMatchObject({ lossPermille: 200 });
  meter.onAnswer(3, counts[2] ?? -1);
  expect(meter.links[0]).toMatchObject({ lossPermille: 200, roundTripUs: 1 });
});

test("an answer of somebody else, or to what was not asked, is none", () => {
  meter.onChunk(3, 1_000);
  const [probe] = ticked();
  context.now += 7;
  meter.onAnswer(4, probe?.count ?? -1);
  meter.onAnswer(3, 99);
  expect(meter.links[0]).toMatchObject({ roundTripUs: 0 });
});

test("a neighbour is asked once a second, while it sends and chunks are awaited", () => {
  expect(meter.deadline()).toBeUndefined();
  meter.onChunk(3, 1_000);
  meter.onChunk(5, 1_000);
  expect(ticked().map(({ to }) => to)).toEqual([3, 5]);
  expect(meter.deadline()).toBe(context.now + 1_000);
  context.now += 500;
  expect(ticked()).toEqual([]);
  context.now += 1_000;
  meter.onChunk(5, 1_000);
  context.now += 1_000;
  // Nothing came from 3 for 2.5 s.
  expect(ticked().map(({ to }) => to)).toEqual([5]);
  context.now += 1_000;
  expect(ticked(false)).toEqual([]);
  expect(meter.deadline()).toBeUndefined();
});

test("the link that brought most comes first", () => {
  for (const number of [1, 2, 2, 2, 3, 3]) meter.onChunk(number, 1_000);
  expect(meter.links.map(({ number }) => number)).toEqual([2, 3, 1]);
});
