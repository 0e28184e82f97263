import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { type Patience, Questions } from "../../src/core/questions.js";
import { makeContext } from "./parts.js";

const patience: Patience = { retryMs: 100, timeoutMs: 2_000, window: 10 };

let context: Context;
let asked: { readonly key: string; readonly at: number }[];
beforeEach(() => {
  context = makeContext();
  asked = [];
});

function make(keys: readonly string[], changed: Partial<Patience> = {}): Questions<string> {
  return new Questions(context, keys, { ...patience, ...changed }, (key) =>
    asked.push({ key, at: context.now }),
  );
}

/** Let time pass, tick by tick, until `until` or until nothing is due. */
function pass(questions: Questions<string>, until: number): void {
  for (let due = questions.deadline(); due !== undefined && due <= until; ) {
    context.now = due;
    questions.ask();
    const next = questions.deadline();
    expect(next === undefined || next > due).toBe(true);
    due = next;
  }
  context.now = until;
}

function asksOf(key: string): number[] {
  return asked.filter((ask) => ask.key === key).map(({ at }) => at);
}

describe("Questions", () => {
  test("everybody is asked once at the beginning, in order", () => {
    make(["a", "b", "c"]).ask();
    expect(asked.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  });

  test("pauses grow from once to four times the first, each spread by a quarter", () => {
    const questions = make(["a"], { timeoutMs: 10_000 });
    questions.ask();
    pass(questions, 5_000);
    const times = asksOf("a");
    const pauses = times.slice(1).map((at, place) => at - (times[place] as number));
    for (const [place, pause] of pauses.entries()) {
      const meant = 100 * Math.min(4, 2 ** place);
      expect(pause).toBeGreaterThanOrEqual(meant * 0.75);
      expect(pause).toBeLessThanOrEqual(meant * 1.25);
    }
    expect(pauses.length).toBeGreaterThan(9);
    expect(new Set(pauses).size).toBe(pauses.length);
  });

  test("who has answered is not asked again", () => {
    const questions = make(["a", "b"]);
    questions.ask();
    expect(questions.answer("a")).toBe(true);
    pass(questions, 1_000);
    expect(asksOf("a")).toEqual([0]);
    expect(asksOf("b").length).toBeGreaterThan(2);
  });

  test("a second answer, and that of a stranger, is no answer", () => {
    const questions = make(["a", "b"]);
    questions.ask();
    expect(questions.answer("x")).toBe(false);
    expect(questions.answer("a")).toBe(true);
    expect(questions.answer("a")).toBe(false);
  });

  test("all is settled when all have answered", () => {
    const questions = make(["a", "b"]);
    questions.ask();
    questions.answer("a");
    expect(questions.isSettled).toBe(false);
    questions.answer("b");
    expect(questions.isSettled).toBe(true);
    expect(questions.silent).toEqual([]);
    expect(questions.deadline()).toBeUndefined();
  });

  test("who never answers is given up at the time-out, and not a moment earlier", () => {
    const questions = make(["a", "b"]);
    questions.ask();
    questions.answer("b");
    pass(questions, 1_999.9);
    expect(questions.isSettled).toBe(false);
    pass(questions, 2_000);
    expect(questions.silent).toEqual(["a"]);
    expect(questions.isSettled).toBe(true);
    expect(questions.answer("a")).toBe(false);
  });

  test("no more than the window are asked at first; an answer lets the next one be asked", () => {
    const questions = make(["a", "b", "c", "d"], { window: 2 });
    questions.ask();
    expect(asked.map(({ key }) => key)).toEqual(["a", "b"]);
    questions.answer("a");
    expect(asked.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  });

  test("who was asked three times in vain does not hold up those behind the window", () => {
    const questions = make(["a", "b", "c"], { window: 2 });
    questions.ask();
    pass(questions, 500);
    expect(asksOf("a").length).toBeGreaterThanOrEqual(3);
    expect(asksOf("c").length).toBeGreaterThanOrEqual(1);
  });

  test("the window opens only once for who answers late, after three questions", () => {
    const questions = make(["a", "b", "c", "d", "e"], { window: 1 });
    questions.ask();
    pass(questions, 500);
    expect(asksOf("b").length).toBeGreaterThan(0);
    const before = new Set(asked.map(({ key }) => key)).size;
    questions.answer("a");
    expect(new Set(asked.map(({ key }) => key)).size).toBe(before);
  });

  test("the time-out of each counts from its own first question", () => {
    const questions = make(["a", "b"], { window: 1 });
    questions.ask();
    pass(questions, 1_500);
    const first = asksOf("b")[0] as number;
    expect(first).toBeGreaterThan(0);
    pass(questions, first + 1_999);
    expect(questions.silent).toEqual(["a"]);
    pass(questions, first + 2_000);
    expect(questions.silent).toEqual(["a", "b"]);
  });

  test("to give up gives everybody up, asked or not, in order", () => {
    const questions = make(["a", "b", "c", "d"], { window: 2 });
    questions.ask();
    questions.answer("a");
    questions.giveUp();
    expect(questions.silent).toEqual(["b", "c", "d"]);
    expect(questions.isSettled).toBe(true);
    expect(questions.deadline()).toBeUndefined();
  });

  test("an early tick asks nobody twice", () => {
    const questions = make(["a"]);
    questions.ask();
    for (let early = 0; early < 5; early += 1) {
      context.now += 10;
      questions.ask();
    }
    expect(asked).toHaveLength(1);
  });
});
