import { describe, expect, test } from "vitest";
import { ChildQueue } from "../../src/core/transfer/child-queue.js";
import { bitmap, range } from "./parts.js";

const size = 20;
const lengthOf = (): number => 100;
const all = bitmap(size, ...range(0, size));

function makeQueue({ has = bitmap(size), chunks = 4, bytes = 1_000_000 } = {}): ChildQueue {
  return new ChildQueue(-1, has, { chunks, bytes });
}

/** Take as long as there is room and something to send. */
function takeAll(queue: ChildQueue, held = all, length: () => number = lengthOf): number[] {
  const taken: number[] = [];
  while (queue.hasRoom) {
    const index = queue.take(held, length);
    if (index === -1) break;
    taken.push(index);
  }
  return taken;
}

/** Everything that is taken when each chunk goes out at once. */
function drain(queue: ChildQueue, held = all): number[] {
  const taken: number[] = [];
  for (let index = queue.take(held, lengthOf); index !== -1; index = queue.take(held, lengthOf)) {
    taken.push(index);
    queue.sent(index);
  }
  return taken;
}

describe("ChildQueue", () => {
  test("gives every chunk that is held and that the child lacks, once, in ascending order", () => {
    const queue = makeQueue({ has: bitmap(size, 0, 1, 5, 19) });
    const held = bitmap(size, 0, 1, 2, 4, 5, 6, 18, 19);
    expect(drain(queue, held)).toEqual([2, 4, 6, 18]);
    expect(queue.take(held, lengthOf)).toBe(-1);
  });

  test("has no more chunks under way than the forward limiter allows", () => {
    const queue = makeQueue({ chunks: 4 });
    expect(takeAll(queue)).toEqual([0, 1, 2, 3]);
    expect(queue.hasRoom).toBe(false);
    queue.sent(0);
    expect(takeAll(queue)).toEqual([4]);
    queue.sent(2);
    queue.sent(3);
    expect(takeAll(queue)).toEqual([5, 6]);
  });

  test("has no more bytes under way than the forward limiter allows", () => {
    const queue = makeQueue({ chunks: 16, bytes: 250 });
    // The third begins below the limit and goes beyond it.
    expect(takeAll(queue)).toEqual([0, 1, 2]);
    queue.sent(0);
    expect(takeAll(queue)).toEqual([3]);
  });

  test("lets two chunks be under way however large they are, so that the line is never idle", () => {
    const queue = makeQueue({ chunks: 16, bytes: 250 });
    expect(takeAll(queue, all, () => 10_000)).toEqual([0, 1]);
    const narrow = makeQueue({ chunks: 1 });
    expect(takeAll(narrow)).toEqual([0, 1]);
  });

  test("a chunk that is said to be sent twice, or was never under way, frees no room", () => {
    const queue = makeQueue({ chunks: 2 });
    takeAll(queue);
    queue.sent(0);
    queue.sent(0);
    queue.sent(9);
    expect(takeAll(queue)).toEqual([2]);
  });

  test("gives a chunk that came to be held after the cursor had passed it", () => {
    const queue = makeQueue();
    const held = bitmap(size, 0, 1, 4, 5);
    expect(drain(queue, held)).toEqual([0, 1, 4, 5]);
    for (const index of [3, 2]) {
      held.set(index);
      queue.offer(index);
    }
    expect(drain(queue, held)).toEqual([2, 3]);
  });

  test("an offer of what the child has or was sent changes nothing", () => {
    const queue = makeQueue({ has: bitmap(size, 0) });
    const held = bitmap(size, 0, 1, 2);
    expect(drain(queue, held)).toEqual([1, 2]);
    queue.offer(0);
    queue.offer(1);
    expect(queue.cursor).toBe(3);
    expect(drain(queue, held)).toEqual([]);
  });

  test("gives a wanted chunk again, although it was sent", () => {
    const queue = makeQueue({ has: bitmap(size, 7) });
    drain(queue);
    queue.want(3);
    queue.want(7);
    expect(drain(queue)).toEqual([3, 7]);
  });

  test("does not give a wanted chunk again while it is still under way", () => {
    const queue = makeQueue({ chunks: 4 });
    takeAll(queue);
    queue.want(2);
    queue.sent(0);
    expect(takeAll(queue)).toEqual([4]);
    queue.sent(2);
    queue.want(2);
    expect(takeAll(queue)).toEqual([2]);
  });

  test("each page is to be sent once", () => {
    const queue = makeQueue();
    expect(queue.takePage(0)).toBe(true);
    expect(queue.takePage(0)).toBe(false);
    expect(queue.takePage(1)).toBe(true);
  });
});
