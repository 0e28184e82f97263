import { describe, expect, test } from "vitest";
import { SinkQueue } from "../../src/core/transfer/sink-queue.js";
import { everyChunk, noChunk } from "../../src/core/transfer/stripes.js";
import { bitmap, range } from "./parts.js";

const size = 20;
const lengthOf = (): number => 100;
const all = bitmap(size, ...range(0, size));

function makeQueue({
  has = bitmap(size),
  stripes = everyChunk,
  chunks = 4,
  bytes = 1_000_000,
} = {}): SinkQueue {
  return new SinkQueue(-1, has, stripes, { chunks, bytes });
}

/** Take as long as there is room and something to send. */
function takeAll(queue: SinkQueue, held = all, length: () => number = lengthOf): number[] {
  const taken: number[] = [];
  while (queue.hasRoom) {
    const index = queue.take(held, size - 1, length);
    if (index === -1) break;
    taken.push(index);
  }
  return taken;
}

/** Everything that is taken when each chunk goes out at once. */
function drain(queue: SinkQueue, held = all, highestHeld = size - 1): number[] {
  const taken: number[] = [];
  const take = (): number => queue.take(held, highestHeld, lengthOf);
  for (let index = take(); index !== -1; index = take()) {
    taken.push(index);
    queue.sent(index);
  }
  return taken;
}

describe("SinkQueue", () => {
  test("gives every chunk that is held and that the sink lacks, once, in ascending order", () => {
    const queue = makeQueue({ has: bitmap(size, 0, 1, 5, 19) });
    const held = bitmap(size, 0, 1, 2, 4, 5, 6, 18, 19);
    expect(drain(queue, held)).toEqual([2, 4, 6, 18]);
    expect(queue.take(held, 19, lengthOf)).toBe(-1);
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

  test("an offer of what the sink has or was sent changes nothing", () => {
    const queue = makeQueue({ has: bitmap(size, 0) });
    const held = bitmap(size, 0, 1, 2);
    expect(drain(queue, held, 2)).toEqual([1, 2]);
    queue.offer(0);
    queue.offer(1);
    expect(queue.cursor).toBe(3);
    expect(drain(queue, held, 2)).toEqual([]);
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

  test("gives the chunks of the stripes that are wanted, in ascending order, and no other", () => {
    const queue = makeQueue({ stripes: { count: 3, wanted: [0, 2] }, has: bitmap(size, 3, 4) });
    expect(drain(queue)).toEqual([0, 2, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]);
  });

  test("lacks what is wanted from here and was neither had nor sent", () => {
    const queue = makeQueue({ stripes: { count: 2, wanted: [1] }, has: bitmap(size, 5) });
    queue.take(all, 19, lengthOf);
    const lacking = range(0, size).filter((index) => queue.lacks(index));
    expect(lacking).toEqual([3, 7, 9, 11, 13, 15, 17, 19]);
  });

  test("of a sink that wants no stripe gives what is asked for by itself, and nothing else", () => {
    const queue = makeQueue({ stripes: noChunk });
    expect(queue.isFed).toBe(false);
    expect(queue.mayNeed(19)).toBe(false);
    expect(drain(queue)).toEqual([]);
    queue.want(7);
    expect(queue.mayNeed(19)).toBe(true);
    expect(drain(queue)).toEqual([7]);
  });

  test("gives what is asked for by itself first, of any stripe", () => {
    const queue = makeQueue({ stripes: { count: 2, wanted: [0] } });
    queue.want(9);
    queue.want(6);
    expect(drain(queue)).toEqual([9, 6, 0, 2, 4, 8, 10, 12, 14, 16, 18]);
  });

  test("does not give what the sink came to hold from elsewhere, asked for or not", () => {
    const queue = makeQueue();
    queue.want(8);
    queue.want(9);
    queue.has(2, 7);
    expect(drain(queue)).toEqual([9, 0, 1, ...range(10, size)]);
  });

  test("takes back that the sink has a chunk, or was sent it, and gives it in its turn", () => {
    const queue = makeQueue({ has: bitmap(size, 3), chunks: 2 });
    expect(takeAll(queue)).toEqual([0, 1]);
    queue.sent(0);
    expect(queue.takeBack(3)).toBe(true);
    expect(queue.takeBack(0)).toBe(true);
    expect(queue.takeBack(1)).toBe(true); // under way: that is enough
    queue.sent(1);
    expect(drain(queue)).toEqual([0, ...range(2, size)]);
    const other = makeQueue({ stripes: { count: 2, wanted: [0] } });
    expect(other.takeBack(3)).toBe(false);
    expect(drain(other)).toEqual(range(0, 10).map((half) => 2 * half));
  });

  test("takes news of chunks beyond the last as news of those up to it", () => {
    const queue = makeQueue();
    queue.has(18, 2 ** 24);
    expect(drain(queue)).toEqual(range(0, 18));
  });

  test("begins anew when the sink says anew what it holds and wants, but for what is under way", () => {
    const queue = makeQueue({ stripes: { count: 2, wanted: [0] }, chunks: 3 });
    expect(takeAll(queue)).toEqual([0, 2, 4]);
    queue.restart(bitmap(size, 1, 3), everyChunk);
    expect(takeAll(queue)).toEqual([]);
    for (const index of [0, 2, 4]) queue.sent(index);
    expect(drain(queue)).toEqual(range(5, size));
  });

  test("goes on from the beginning with a sink that is sent another stripe now", () => {
    const queue = makeQueue({ stripes: { count: 2, wanted: [0] } });
    drain(queue);
    expect(queue.mayNeed(19)).toBe(false);
    queue.restart(bitmap(size, ...range(0, 10).map((half) => 2 * half)), {
      count: 2,
      wanted: [1],
    });
    expect(queue.cursor).toBe(0);
    expect(drain(queue)).toEqual(range(0, 10).map((half) => 2 * half + 1));
  });

  test("looks no further than what is held", () => {
    const queue = makeQueue();
    const held = bitmap(size, 0, 1);
    expect(queue.mayNeed(-1)).toBe(false);
    expect(queue.mayNeed(1)).toBe(true);
    for (const _ of range(0, 3)) queue.take(held, 1, lengthOf);
    expect(queue.cursor).toBe(2);
    expect(queue.mayNeed(1)).toBe(false);
    expect(queue.mayNeed(2)).toBe(true);
  });

  test("counts the bytes that were taken, each chunk once, and knows whether some are under way", () => {
    const queue = makeQueue({ chunks: 2 });
    takeAll(queue);
    expect(queue).toMatchObject({ bytesSent: 0, isSending: true });
    queue.sent(0);
    queue.sent(0);
    expect(queue).toMatchObject({ bytesSent: 100, isSending: true });
    queue.sent(1);
    expect(queue).toMatchObject({ bytesSent: 200, isSending: false });
  });
});
