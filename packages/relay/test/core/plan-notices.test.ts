import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { PlanNotices } from "../../src/core/plan/plan-notices.js";
import { makeContext, peer, peers, saidIn } from "./parts.js";

let context: Context;
let notices: PlanNotices;

/** The root and receivers 1 to 3, of which the root is told nothing. */
beforeEach(() => {
  context = makeContext();
  notices = new PlanNotices(context, new Map(peers(0, 1, 2, 3).map((each) => [each.number, each])));
  for (const number of [1, 2, 3]) notices.add(peer(number));
});

/** Each in this line is fed by the one before it. @returns who was moved */
function line(...numbers: readonly number[]): readonly number[] {
  const pairs = numbers.slice(1).map((number, place) => [number, numbers[place] ?? 0] as const);
  return notices.update(
    new Map(pairs.map(([sink, source]) => [sink, [source]])),
    new Map(pairs.map(([sink, source]) => [source, [sink]])),
  );
}

/** Who was told since the last look. */
function told(): number[] {
  return saidIn(context.takeEffects()).map(({ to }) => to);
}

/** When something is told again up to that time, and to whom; nobody acknowledges anything. */
function pass(until: number): { readonly at: number; readonly to: number }[] {
  const all: { readonly at: number; readonly to: number }[] = [];
  for (let due = notices.deadline(); due !== undefined && due <= until; due = notices.deadline()) {
    context.now = due;
    notices.onTick();
    for (const to of told()) all.push({ at: due, to });
  }
  context.now = until;
  return all;
}

describe("what a peer is told of the plan", () => {
  test("is its sources, and its neighbours with their addresses", () => {
    line(0, 1, 2, 3);
    expect(saidIn(context.takeEffects())).toEqual([
      { to: 1, type: "plan", revision: 1, sources: [0], peers: peers(0, 2) },
      { to: 2, type: "plan", revision: 1, sources: [1], peers: peers(1, 3) },
      { to: 3, type: "plan", revision: 1, sources: [2], peers: peers(2) },
    ]);
  });

  test("is told again, after longer and longer pauses, until it is acknowledged", () => {
    notices.remove(2);
    notices.remove(3);
    line(0, 1);
    told();
    const times = pass(6_000).map(({ at }) => at);
    const pauses = times.map((at, place) => at - (times[place - 1] ?? 0));
    const expected = [100, 200, 400, 800, 800, 800, 800];
    for (const [place, pause] of expected.entries())
      expect(Math.abs((pauses[place] ?? 0) - pause)).toBeLessThanOrEqual(pause / 4);
    expect(notices.isAcknowledged(1)).toBe(false);
    notices.onAck(1, 1);
    expect(notices.isAcknowledged(1)).toBe(true);
    expect(notices.deadline()).toBeUndefined();
  });

  test("is still told when only an older one is acknowledged", () => {
    line(0, 1, 2, 3);
    notices.remove(2);
    line(0, 1, 3);
    told();
    notices.onAck(3, 1);
    expect(pass(200).map(({ to }) => to)).toContain(3);
    notices.onAck(3, 2);
    notices.onAck(1, 2);
    expect(notices.deadline()).toBeUndefined();
  });

  test("is no news to who keeps its sources and gets no other neighbours", () => {
    line(0, 1, 2, 3);
    told();
    line(0, 1, 2, 3);
    expect(told()).toEqual([]);
    line(0, 1, 3, 2);
    expect(told()).toEqual([1, 2, 3]);
  });

  test("moves those that had other sources, and not those that had none", () => {
    expect(line(0, 1, 2)).toEqual([]);
    context.now = 100;
    expect(line(0, 1, 3, 2)).toEqual([2]);
    expect([0, 1, 2, 3].map((number) => notices.movedAt(number))).toEqual([
      Number.NEGATIVE_INFINITY,
      0,
      100,
      100,
    ]);
  });
});
