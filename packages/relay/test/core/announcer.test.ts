import { Bitmap } from "@palmtree/files/core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Announcer } from "../../src/core/transfer/announcer.js";
import { bitmap, indexesIn, makeContext, only, range } from "./parts.js";

let context: Context;
let announcer: Announcer;
let held: Bitmap;
let isIdle: boolean;

interface Heard {
  readonly at: number;
  readonly connection: number;
  readonly isIdle: boolean;
  readonly chunks: readonly number[];
}

beforeEach(() => {
  context = makeContext();
  announcer = new Announcer(context);
  held = new Bitmap(100);
  isIdle = false;
});

function hold(...indexes: readonly number[]): void {
  for (const index of indexes) {
    held.set(index);
    announcer.onChunkHeld(index);
  }
}

/** Let time pass, tick by tick. */
function pass(until: number): Heard[] {
  const all: Heard[] = [];
  for (let due = announcer.deadline(); due !== undefined && due <= until; ) {
    context.now = Math.max(context.now, due);
    announcer.onTick(held, isIdle);
    all.push(...heard());
    due = announcer.deadline();
  }
  context.now = until;
  return all;
}

function heard(): Heard[] {
  return only(context.takeEffects(), "send-frame").map(({ connection, frame }) => {
    if (frame.type !== "have") throw new Error(`a ${frame.type} frame of an announcer`);
    expect(frame.runs.length).toBeLessThanOrEqual(1_024);
    return { at: context.now, connection, isIdle: frame.isIdle, chunks: indexesIn(frame.runs) };
  });
}

describe("a new listener", () => {
  test("is told everything that is held, at once", () => {
    held = bitmap(100, 1, 2, 3, 50);
    context.now = 40;
    announcer.add(1);
    expect(pass(40)).toEqual([{ at: 40, connection: 1, isIdle: false, chunks: [1, 2, 3, 50] }]);
    expect(pass(10_000)).toEqual([]);
  });

  test("is told nothing where there is nothing to tell", () => {
    announcer.add(1);
    expect(pass(10_000)).toEqual([]);
    hold(4);
    expect(pass(20_000).map(({ chunks }) => chunks)).toEqual([[4]]);
  });

  test("is told everything again when it comes back", () => {
    held = bitmap(100, 1);
    announcer.add(1);
    pass(100);
    announcer.remove(1);
    announcer.add(1);
    expect(pass(200).map(({ chunks }) => chunks)).toEqual([[1]]);
  });

  test("is told all of it, in parts, where one frame has no room, and what came meanwhile once", () => {
    held = bitmap(5_000, ...range(0, 2_500).map((place) => 2 * place));
    announcer.add(1);
    const first = pass(0);
    expect(first.map(({ chunks }) => chunks.length)).toEqual([1_024]);
    // One among those that were told of, one among the others.
    hold(1, 4_999);
    const rest = pass(10_000);
    expect(rest.map(({ at }) => at)).toEqual([100, 200, 300]);
    const told = [...first, ...rest].flatMap(({ chunks }) => chunks);
    expect(told.length).toBe(held.count);
    expect(new Set(told)).toEqual(new Set(held.indexes()));
  });
});

describe("news", () => {
  beforeEach(() => {
    announcer.add(1);
    pass(0);
  });

  test("is told in batches of a tenth of a second, ascending", () => {
    hold(7);
    context.now = 60;
    hold(5, 6, 90);
    expect(pass(99)).toEqual([]);
    const batch = { at: 100, connection: 1, isIdle: false, chunks: [5, 6, 7, 90] };
    expect(pass(100)).toEqual([batch]);
    hold(8);
    expect(pass(1_000).map(({ at, chunks }) => ({ at, chunks }))).toEqual([
      { at: 200, chunks: [8] },
    ]);
  });

  test("of more than a frame has room for is told to the end", () => {
    held = new Bitmap(4_000);
    announcer.add(1);
    pass(0);
    const odd = range(0, 2_000).map((place) => 2 * place + 1);
    hold(...odd.toReversed());
    const all = pass(10_000);
    expect(all.map(({ chunks }) => chunks.length)).toEqual([1_024, 976]);
    expect(all.flatMap(({ chunks }) => chunks)).toEqual(odd);
  });

  test("is told to each listener as it needs it", () => {
    hold(3);
    pass(100);
    announcer.add(2);
    hold(4);
    expect(pass(1_000).map(({ connection, chunks }) => ({ connection, chunks }))).toEqual([
      { connection: 1, chunks: [4] },
      { connection: 2, chunks: [3, 4] },
    ]);
  });

  test("is not kept for who has gone, and leads to nothing where nobody listens", () => {
    announcer.remove(1);
    hold(3);
    expect(announcer.deadline()).toBeUndefined();
    announcer.reconsider();
    expect(announcer.deadline()).toBeUndefined();
  });
});

describe("idleness", () => {
  beforeEach(() => {
    announcer.add(1);
    pass(0);
  });

  test("is news, when it begins and when it ends, without any chunk", () => {
    isIdle = true;
    announcer.reconsider();
    expect(pass(500)).toEqual([{ at: 100, connection: 1, isIdle: true, chunks: [] }]);
    announcer.reconsider();
    expect(pass(1_000)).toEqual([]);
    isIdle = false;
    announcer.reconsider();
    expect(pass(1_500)).toEqual([{ at: 1_100, connection: 1, isIdle: false, chunks: [] }]);
  });

  test("that is to be looked for later does not hold back what is news before", () => {
    announcer.reconsider(300);
    hold(3);
    isIdle = true;
    expect(pass(1_000).map(({ at }) => at)).toEqual([100]);
    announcer.reconsider(2_000);
    expect(announcer.deadline()).toBe(2_000);
  });
});
