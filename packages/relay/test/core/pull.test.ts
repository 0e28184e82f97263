import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Pull } from "../../src/core/transfer/pull.js";
import { bitmap, makeContext, only, range } from "./parts.js";

let context: Context;
let pull: Pull;
beforeEach(() => {
  context = makeContext();
  pull = new Pull(context);
  for (const connection of [1, 2]) pull.add(connection, 100);
});

function has(connection: number, first: number, count: number, isIdle = false): void {
  pull.onHave(connection, isIdle, [{ first, count }]);
}

/** What is asked of whom, when these chunks are overdue. */
function ask(overdue: readonly number[], isTail = false, held = bitmap(100)): [number, number[]][] {
  pull.ask({ held, overdue, isTail });
  return only(context.takeEffects(), "send-frame").map(({ connection, frame }) => [
    connection,
    frame.type === "want"
      ? frame.runs.flatMap(({ first, count }) => range(first, first + count))
      : [],
  ]);
}

describe("what is overdue", () => {
  test("asks for what is overdue, what fewest hold first", () => {
    has(1, 0, 40);
    has(2, 0, 20);
    expect(ask(range(0, 40))[0]).toEqual([1, range(20, 36)]);
  });

  test("is asked of one peer at a time", () => {
    has(1, 0, 4);
    has(2, 0, 4);
    expect(ask(range(0, 4))).toEqual([[1, range(0, 4)]]);
    expect(ask(range(0, 4))).toEqual([]);
  });

  test("is asked of another when it has not come in half a second", () => {
    has(1, 0, 4);
    has(2, 0, 4);
    ask(range(0, 4));
    context.now = 500;
    expect(ask(range(0, 4))).toEqual([[2, range(0, 4)]]);
  });

  test("is not asked of who is busy for half a second, nor of who does not hold it", () => {
    has(1, 0, 2);
    ask([0, 1]);
    pull.onRefuse(1, 0, "busy");
    pull.onRefuse(1, 1, "not-held");
    context.now = 499;
    expect(ask([0, 1])).toEqual([]);
    context.now = 500;
    expect(ask([0, 1])).toEqual([[1, [0]]]);
  });

  test("has nobody to be asked of where nobody holds it", () => {
    has(1, 0, 4);
    expect(pull.ask({ held: bitmap(100), overdue: [50], isTail: false })).toBe(true);
    expect(pull.ask({ held: bitmap(100), overdue: [3], isTail: false })).toBe(false);
  });
});

test("a refusal of what was not asked is nothing, whatever its index", () => {
  has(1, 0, 4);
  pull.onRefuse(1, 3, "not-held");
  pull.onRefuse(1, 2 ** 24 - 1, "not-held");
  expect(ask([3])).toEqual([[1, [3]]]);
});

describe("the last chunks", () => {
  test("are asked of the idle, from the end, and not those that come anyhow", () => {
    has(1, 0, 100, true);
    has(2, 0, 100);
    expect(ask([], true, bitmap(100, ...range(0, 70)))).toEqual([[1, range(87, 100)]]);
  });

  test("are not asked for as long as more may be produced", () => {
    has(1, 0, 100, true);
    expect(ask([], false)).toEqual([]);
  });
});
