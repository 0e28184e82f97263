import { Bitmap } from "@palmtree/files/core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { type Hunger, Pull } from "../../src/core/transfer/pull.js";
import type { PullPolicyName } from "../../src/core/transfer/pull-policy.js";
import { bitmap, indexesIn, makeContext, only, range, runs } from "./parts.js";

const chunkCount = 200;

let context: Context;
let pull: Pull;

beforeEach(() => {
  context = makeContext();
  pull = new Pull(context);
});

/** A helper over that connection, which holds those chunks. */
function help(
  connection: number,
  indexes: readonly number[],
  { isIdle = false }: { readonly isIdle?: boolean } = {},
): void {
  pull.add(connection, chunkCount);
  pull.onHave(connection, isIdle, runs(...indexes));
}

/** The same of one that has answered at once, so often that as much is asked of it as of anybody. */
function helpFast(...[connection, indexes, state]: Parameters<typeof help>): void {
  help(connection, [0]);
  const hunger = { findHeld: () => new Bitmap(chunkCount), overdue: [0], isTail: false };
  for (const _ of range(0, 20)) {
    pull.ask(hunger);
    pull.onChunk(0, connection);
  }
  pull.ask(hunger);
  pull.onRefuse(connection, 0, "not-held");
  context.takeEffects();
  help(connection, indexes, state);
}

/** By connection, what it is asked for when these chunks are overdue, or those are held. */
function ask(hunger: Partial<Hunger>): Record<number, number[]> {
  pull.ask({ findHeld: () => new Bitmap(chunkCount), overdue: [], isTail: false, ...hunger });
  return asked();
}

function asked(): Record<number, number[]> {
  const wants = only(context.takeEffects(), "send-frame").map(({ connection, frame }) => {
    if (frame.type !== "want") throw new Error(`a ${frame.type} frame of a puller`);
    return [connection, indexesIn(frame.runs)] as const;
  });
  expect(new Set(wants.map(([connection]) => connection)).size).toBe(wants.length);
  return Object.fromEntries(wants);
}

describe("what is overdue", () => {
  test("is asked of who holds it, and nobody else is asked, idle or not", () => {
    help(1, [4, 5, 9], { isIdle: true });
    help(2, [7]);
    help(3, [8], { isIdle: true });
    expect(ask({ overdue: [4, 5, 6, 7] })).toEqual({ 1: [4, 5], 2: [7] });
  });

  test("is asked for rarest first, and of what is as rare the lowest", () => {
    // A busy one, which holds all but a few of them too.
    helpFast(1, []);
    help(2, range(0, 36));
    ask({ overdue: [0] });
    pull.onRefuse(2, 0, "busy");
    help(1, range(0, 40));
    expect(ask({ overdue: range(0, 40) })).toEqual({ 1: [...range(0, 12), ...range(36, 40)] });
  });

  test("is asked for in the order that the peer was told to prefer", () => {
    const held = (pullPolicy: PullPolicyName): Record<number, number[]> => {
      context = makeContext({ pullPolicy });
      pull = new Pull(context);
      if (pullPolicy !== "none") helpFast(1, []);
      help(2, range(0, 36));
      pull.ask({ findHeld: () => new Bitmap(chunkCount), overdue: [0], isTail: false });
      pull.onRefuse(2, 0, "busy");
      context.takeEffects();
      help(1, range(0, 40), { isIdle: true });
      return ask({ overdue: range(0, 40), isTail: true });
    };
    expect(held("rarest-first")).toEqual({ 1: [...range(0, 12), ...range(36, 40)] });
    expect(held("lowest-first")).toEqual({ 1: range(0, 16) });
    expect(held("random")[1]).toHaveLength(16);
    expect(held("random")).not.toEqual({ 1: range(0, 16) });
    expect(held("none")).toEqual({});
  });

  test("is not asked for while nothing is known of who holds it, of which the caller is told", () => {
    const hunger = { findHeld: () => new Bitmap(chunkCount), isTail: false };
    expect(pull.ask({ ...hunger, overdue: [] })).toBe(false);
    expect(pull.ask({ ...hunger, overdue: [3] })).toBe(true);
    help(1, [3]);
    expect(pull.ask({ ...hunger, overdue: [3] })).toBe(false);
    expect(pull.ask({ ...hunger, overdue: [3, 4] })).toBe(true);
  });

  test("has nobody to be asked of where those that hold it are busy, or do not answer", () => {
    const hunger = { findHeld: () => new Bitmap(chunkCount), isTail: false, overdue: [3, 4] };
    help(1, [3, 4]);
    expect(pull.ask(hunger)).toBe(false);
    pull.onRefuse(1, 3, "busy");
    expect(pull.ask(hunger)).toBe(true);
    context.now = 500;
    expect(pull.ask(hunger)).toBe(true);
    context.now = 1_000;
    expect(pull.ask(hunger)).toBe(false);
    context.now = 1_500;
    expect(pull.ask(hunger)).toBe(true);
  });

  test("is asked for two at once of each, one more for each that comes in time, up to 16", () => {
    help(1, range(0, 100));
    expect(ask({ overdue: range(0, 64) })).toEqual({ 1: [0, 1] });
    expect(ask({ overdue: range(0, 64) })).toEqual({});
    for (const index of [0, 1]) expect(pull.onChunk(index, 1)).toBe(true);
    expect(ask({ overdue: range(2, 64) })).toEqual({ 1: range(2, 6) });
    for (const index of range(2, 6)) pull.onChunk(index, 1);
    expect(ask({ overdue: range(6, 64) })).toEqual({ 1: range(6, 14) });
    for (const index of range(6, 14)) pull.onChunk(index, 1);
    expect(ask({ overdue: range(14, 64) })).toEqual({ 1: range(14, 30) });
    pull.onChunk(14, 1);
    expect(ask({ overdue: range(15, 64) })).toEqual({ 1: [30] });
  });

  test("is asked for half as many at once for each that comes late, but two at least", () => {
    helpFast(1, range(0, 100));
    expect(ask({ overdue: range(0, 64) })).toEqual({ 1: range(0, 16) });
    // One after the other, as over a slow link: what waits behind another is asked of nobody else.
    help(2, range(0, 16));
    for (const index of range(0, 16)) {
      context.now += 300;
      expect(ask({ overdue: range(index, 16) })).toEqual({});
      pull.onChunk(index, 1);
    }
    expect(ask({ overdue: range(20, 64) })).toEqual({ 1: [20, 21] });
  });
});

describe("a chunk", () => {
  test("is not asked of two at once", () => {
    for (const connection of [1, 2]) helpFast(connection, []);
    for (const connection of [1, 2]) help(connection, range(0, 20));
    expect(ask({ overdue: range(0, 20) })).toEqual({ 1: range(0, 16), 2: range(16, 20) });
    context.now = 499;
    expect(ask({ overdue: range(0, 20) })).toEqual({});
  });

  test("that has not come in half a second is asked of another, and not of the same", () => {
    help(1, [5]);
    help(2, [5]);
    expect(ask({ overdue: [5] })).toEqual({ 1: [5] });
    context.now = 500;
    expect(ask({ overdue: [5] })).toEqual({ 2: [5] });
    // The first one may be asked again when the second one does not send it either.
    context.now = 1_000;
    expect(ask({ overdue: [5] })).toEqual({ 1: [5] });
  });

  test("that does not come makes its helper be asked for two again", () => {
    helpFast(1, range(0, 100));
    ask({ overdue: range(0, 64) });
    context.now = 500;
    ask({ overdue: range(0, 64) });
    context.now = 1_000;
    expect(ask({ overdue: range(0, 64) })).toEqual({ 1: [0, 1] });
  });

  test("that has not come in five seconds is asked of another, whatever else comes", () => {
    help(1, [5, ...range(20, 60)]);
    ask({ overdue: [5, 20] });
    help(2, [5]);
    for (const index of range(20, 32)) {
      expect(ask({ overdue: [5, index] })[2]).toBeUndefined();
      context.now += 400;
      pull.onChunk(index, 1);
    }
    context.now = 5_000;
    expect(ask({ overdue: [5] })).toEqual({ 2: [5] });
  });

  test("that was asked for and comes, from anywhere, is known to have been asked for", () => {
    help(1, [5, 6]);
    ask({ overdue: [5] });
    expect(pull.onChunk(6, 1)).toBe(false);
    expect(pull.onChunk(5, 1)).toBe(true);
    expect(pull.onChunk(5, 1)).toBe(false);
  });
});

describe("a helper", () => {
  test("that is busy rests for half a second", () => {
    help(1, range(0, 20));
    ask({ overdue: [3, 4] });
    context.now = 100;
    for (const index of [3, 4]) pull.onRefuse(1, index, "busy");
    context.now = 599;
    expect(ask({ overdue: [3, 4] })).toEqual({});
    context.now = 600;
    expect(ask({ overdue: [3, 4] })).toEqual({ 1: [3, 4] });
  });

  test.each(["not-held", "unreadable", "leaving"] as const)(
    "that refuses a chunk as %s does not hold it, and is asked for others at once",
    (reason) => {
      help(1, [3, 4]);
      ask({ overdue: [3] });
      pull.onRefuse(1, 3, reason);
      expect(ask({ overdue: [3, 4] })).toEqual({ 1: [4] });
      // It may come to hold it.
      pull.onHave(1, false, runs(3));
      expect(ask({ overdue: [3] })).toEqual({ 1: [3] });
    },
  );

  test("that is gone is not asked, and what it was asked for is asked of another", () => {
    help(1, [3]);
    help(2, [3]);
    ask({ overdue: [3] });
    pull.remove(1);
    expect(pull.helperCount).toBe(1);
    expect(ask({ overdue: [3] })).toEqual({ 2: [3] });
  });

  test("that is added again keeps what is known of it", () => {
    help(1, [3]);
    pull.add(1, chunkCount);
    expect(ask({ overdue: [3] })).toEqual({ 1: [3] });
  });

  test("that nobody knows may say what it likes", () => {
    pull.onHave(7, true, runs(1));
    pull.onRefuse(7, 1, "busy");
    pull.remove(7);
    expect(pull.helperCount).toBe(0);
    expect(ask({ overdue: [1], isTail: true })).toEqual({});
  });

  test("has no more chunks asked of it than it has room for, whatever it refuses or leaves out", () => {
    helpFast(1, range(0, chunkCount), { isIdle: true });
    const seen: number[] = [];
    for (const _ of range(0, 100)) {
      context.now += 500;
      const { 1: wanted = [] } = ask({ overdue: range(0, 64), isTail: true });
      seen.push(wanted.length);
      pull.onRefuse(1, 150, "unreadable");
    }
    expect(Math.max(...seen)).toBe(16);
  });

  test("that refuses what it was not asked for says nothing by it, whatever the index", () => {
    help(1, [3]);
    for (const reason of ["not-held", "busy"] as const) {
      pull.onRefuse(1, 3, reason);
      pull.onRefuse(1, 2 ** 24 - 1, reason);
    }
    expect(ask({ overdue: [3] })).toEqual({ 1: [3] });
  });
});

describe("the last chunks", () => {
  test("are asked of the idle, from the end, when everything exists and there is room", () => {
    for (const connection of [1, 2]) helpFast(connection, []);
    help(1, range(0, chunkCount), { isIdle: true });
    help(2, range(0, chunkCount));
    expect(ask({ isTail: false })).toEqual({});
    expect(ask({ isTail: true })).toEqual({ 1: range(184, 200) });
    pull.onHave(2, true, []);
    expect(ask({ isTail: true })).toEqual({ 2: range(168, 184) });
  });

  test("that are held are passed over", () => {
    helpFast(1, range(0, chunkCount), { isIdle: true });
    const findHeld = () => bitmap(chunkCount, ...range(60, 190));
    expect(ask({ findHeld, isTail: true })).toEqual({ 1: [...range(54, 60), ...range(190, 200)] });
  });

  test("are left to the source where they are the next that it sends", () => {
    helpFast(1, range(0, chunkCount), { isIdle: true });
    const held = bitmap(chunkCount, ...range(0, 180));
    expect(ask({ findHeld: () => held, isTail: true })).toEqual({ 1: range(197, 200) });
    held.setRun(180, 10);
    context.now = 10_000;
    expect(ask({ findHeld: () => held, isTail: true })).toEqual({});
    held.setAll();
    expect(ask({ findHeld: () => held, isTail: true })).toEqual({});
  });

  test("come after what is overdue", () => {
    helpFast(1, range(0, chunkCount), { isIdle: true });
    expect(ask({ overdue: [0, 1], isTail: true })).toEqual({ 1: [0, 1] });
    expect(ask({ overdue: [0, 1], isTail: true })).toEqual({ 1: range(186, 200) });
  });

  test("are looked for only where somebody idle may be asked: what is held is copied for it", () => {
    const findHeld = () => expect.fail("nobody may be asked");
    help(1, range(0, chunkCount), { isIdle: false });
    expect(ask({ findHeld, isTail: true })).toEqual({});
    help(1, [], { isIdle: true });
    expect(ask({ findHeld, isTail: false })).toEqual({});
  });

  test("are not looked for one by one among all that there are", () => {
    const all = 2 ** 24;
    pull.add(1, all);
    pull.onHave(1, true, [{ first: 0, count: 40 }]);
    const held = new Bitmap(all);
    held.setRun(1, 16);
    const before = performance.now();
    for (const _ of range(0, 20)) pull.ask({ findHeld: () => held, overdue: [], isTail: true });
    expect(asked()).toEqual({ 1: [38, 39] });
    // Bit by bit each look takes more than 50 ms; by words less than 2 ms.
    expect(performance.now() - before).toBeLessThan(400);
  });
});
