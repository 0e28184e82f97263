import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Liveness } from "../../src/core/link/liveness.js";
import { makeContext } from "./parts.js";

let context: Context;
let liveness: Liveness;

/** A link that becomes active at 0. */
beforeEach(() => {
  context = makeContext({ silentAfterMs: 5_000, aliveIntervalMs: 1_000 });
  liveness = new Liveness(context);
  liveness.onHeard();
  liveness.onSent();
});

/** What comes of looking every 100 ms, with `alive` sent when it is due, from one time to another. */
function look(from: number, to: number): Map<number, string> {
  const seen = new Map<number, string>();
  for (context.now = from; context.now <= to; context.now += 100) {
    const state = liveness.look();
    if (state !== "trusted") seen.set(context.now, state);
    if (liveness.isAliveDue) liveness.onSent();
  }
  context.now = to;
  return seen;
}

describe("a neighbour at the other end of an active link", () => {
  test("is trusted for two fifths of the limit, and then asked every tenth of it", () => {
    expect([...look(0, 3_000)]).toEqual([
      [2_000, "doubted"],
      [2_500, "doubted"],
      [3_000, "doubted"],
    ]);
  });

  test("is lost at the limit, after four questions that it has not answered", () => {
    const seen = look(0, 5_000);
    expect([...seen.values()]).toEqual([...Array.from({ length: 6 }, () => "doubted"), "lost"]);
    expect(seen.get(5_000)).toBe("lost");
  });

  test("is not lost before it was asked four times, however long nobody looked", () => {
    expect([...look(60_000, 62_000).values()]).toEqual([...Array(4).fill("doubted"), "lost"]);
  });

  test("is trusted anew once something comes from it", () => {
    look(0, 4_900);
    liveness.onHeard();
    expect(look(4_900, 6_800).size).toBe(0);
  });

  test("is forgiven the silence while this machine stood still", () => {
    look(0, 4_900);
    context.now = 8_000;
    liveness.forgive(3_100);
    const seen = [...look(8_000, 10_000)];
    expect(seen.slice(0, 4).map(([, state]) => state)).toEqual(Array(4).fill("doubted"));
    expect(seen.at(-1)).toEqual([10_000, "lost"]);
  });

  test("is told that this peer is there when nothing was sent to it for a while", () => {
    context.now = 999;
    expect(liveness.isAliveDue).toBe(false);
    context.now = 1_000;
    expect(liveness.isAliveDue).toBe(true);
    liveness.onSent();
    expect(liveness.isAliveDue).toBe(false);
  });

  test("need not be looked at before something of that is so", () => {
    expect(liveness.dueAt).toBe(1_000);
    context.now = 1_900;
    liveness.onSent();
    expect(liveness.dueAt).toBe(2_000);
  });
});
