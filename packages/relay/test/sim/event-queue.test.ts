import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventQueue } from "../../src/sim/event-queue.js";

/** Take everything out, in the order in which it comes. */
function drain(queue: EventQueue, happened: () => unknown): [time: number, what: unknown][] {
  const all: [number, unknown][] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    next.action();
    all.push([next.time, happened()]);
  }
  return all;
}

describe("EventQueue", () => {
  test("what is due earlier happens earlier, and at one time what was pushed first", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (times) => {
        const queue = new EventQueue();
        let last = -1;
        for (const [order, time] of times.entries())
          queue.push(time, () => {
            last = order;
          });
        const expected = times
          .map((time, order): [number, unknown] => [time, order])
          .sort((one, other) => one[0] - other[0]);
        expect(drain(queue, () => last)).toEqual(expected);
      }),
    );
  });

  test("the order holds when things are pushed while others happen", () => {
    const act = fc.oneof(fc.nat(10), fc.constant("pop" as const));
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const queue = new EventQueue();
        const model: { readonly time: number; readonly order: number }[] = [];
        let last = -1;
        for (const [order, one] of acts.entries()) {
          if (one !== "pop") {
            queue.push(one, () => {
              last = order;
            });
            model.push({ time: one, order });
          } else {
            model.sort((a, b) => a.time - b.time || a.order - b.order);
            const expected = model.shift();
            const popped = queue.pop();
            popped?.action();
            expect(popped?.time).toBe(expected?.time);
            if (expected !== undefined) expect(last).toBe(expected.order);
          }
          expect(queue.size).toBe(model.length);
        }
      }),
    );
  });

  test("it grows beyond what it has room for at first", () => {
    const queue = new EventQueue();
    let last = -1;
    // Two at every time, the later time first.
    for (let order = 0; order < 5_000; order += 1)
      queue.push(2_500 - Math.floor(order / 2), () => {
        last = order;
      });
    const expected = Array.from({ length: 5_000 }, (_, place) => [
      Math.floor(place / 2) + 1,
      4_998 - 2 * Math.floor(place / 2) + (place % 2),
    ]);
    expect(drain(queue, () => last)).toEqual(expected);
  });

  test("an empty one gives nothing", () => {
    const queue = new EventQueue();
    expect(queue.pop()).toBeUndefined();
    queue.push(1, () => undefined);
    queue.pop();
    expect(queue.pop()).toBeUndefined();
    expect(queue.size).toBe(0);
  });
});
