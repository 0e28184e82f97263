import { describe, expect, it } from "vitest";
import { forEachBounded } from "../src/bounded.js";

describe("bounded work", () => {
  it("is done for each number, in order, as many at a time as it may be", async () => {
    const begun: number[] = [];
    let underWay = 0;
    let most = 0;
    await forEachBounded(10, 3, async (index) => {
      begun.push(index);
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
    });
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(3);
    await forEachBounded(0, 3, () => Promise.reject(new Error("never called")));
  });

  it("begins nothing after a failure, and ends when nothing is under way", async () => {
    const ended: number[] = [];
    const work = forEachBounded(10, 2, async (index) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (index === 1) throw new Error("one");
      if (index === 2) throw new Error("two");
      ended.push(index);
    });
    await expect(work).rejects.toThrow("one");
    expect(ended).toEqual([0]);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const begun: number[] = [];
    const work = forEachBounded(
      10,
      1,
      async (index) => {
        begun.push(index);
        if (index === 2) controller.abort("enough");
      },
      controller.signal,
    );
    await expect(work).rejects.toBe("enough");
    expect(begun).toEqual([0, 1, 2]);
  });
});
