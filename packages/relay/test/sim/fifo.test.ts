import fc from "fast-check";
import { expect, test } from "vitest";
import { Fifo } from "../../src/sim/network/fifo.js";

test("what entered first leaves first, however many come and go meanwhile", () => {
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.constant("push" as const) },
    { weight: 5, arbitrary: fc.constant("shift" as const) },
    { weight: 1, arbitrary: fc.constant("clear" as const) },
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 300 }), (acts) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const [order, one] of acts.entries()) {
        if (one === "push") {
          fifo.push(order);
          model.push(order);
        } else if (one === "clear") {
          fifo.clear();
          model.length = 0;
        } else expect(fifo.shift()).toBe(model.shift());
        expect(fifo.first).toBe(model[0]);
        expect(fifo.size).toBe(model.length);
      }
    }),
  );
});
