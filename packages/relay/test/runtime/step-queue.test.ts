import { expect, test } from "vitest";
import type { SenderStep } from "../../src/index.js";
import { StepQueue } from "../../src/runtime/send/step-queue.js";

const progress = (number: number, chunksHeld: number): SenderStep => ({
  type: "progress",
  number,
  address: `10.0.0.${number}:1`,
  parent: 0,
  chunksHeld,
  chunkCount: 1_000_000,
});
const joined = (address: string): SenderStep => ({ type: "joined", address });

test("a slow reader gets only the newest progress of each peer, and every other step", async () => {
  const queue = new StepQueue();
  for (let held = 0; held < 100_000; held += 1) queue.push(progress(1 + (held % 2), held));
  for (let at = 0; at < 10; at += 1) queue.push(joined(`10.0.0.${at}:1`));
  const steps = await queue.take();
  expect(steps).toHaveLength(12);
  expect(steps.slice(0, 2)).toEqual([progress(1, 99_998), progress(2, 99_999)]);
});

test("a slow reader gets only the newest efficiency", async () => {
  const queue = new StepQueue();
  const limit = { limitSeconds: 5, bytesPerSecond: 100, bottleneck: 0 };
  for (let at = 1; at <= 1_000; at += 1)
    queue.push({ type: "efficiency", share: at / 1_000, ...limit });
  expect(await queue.take()).toEqual([{ type: "efficiency", share: 1, ...limit }]);
});

test("progress after a batch was taken comes with the next batch", async () => {
  const queue = new StepQueue();
  queue.push(progress(1, 5));
  expect(await queue.take()).toEqual([progress(1, 5)]);
  const next = queue.take();
  queue.push(progress(1, 6));
  expect(await next).toEqual([progress(1, 6)]);
});

test("what waits is delivered before the end, and nothing after it", async () => {
  const queue = new StepQueue();
  queue.push(joined("a"));
  queue.end();
  queue.push(joined("b"));
  expect(await queue.take()).toEqual([joined("a")]);
  expect(await queue.take()).toEqual([]);
});

test("a failure is thrown at once, to a reader that waits too", async () => {
  const queue = new StepQueue();
  const taking = queue.take();
  const reason = new Error("enough");
  queue.fail(reason);
  await expect(taking).rejects.toBe(reason);
  await expect(queue.take()).rejects.toBe(reason);
});
