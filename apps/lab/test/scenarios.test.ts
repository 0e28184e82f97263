import { expect, test } from "vitest";
import { isHeld } from "../src/promised.js";
import { neededBytes } from "../src/scenario.js";
import { scenarios } from "../src/scenarios.js";
import { summarize } from "../src/statistics.js";
import { gibibyte, mebibyte } from "../src/units.js";

const named = (name: string) => scenarios.find((scenario) => scenario.name === name)!;

test("every scenario promises that every copy is intact", () => {
  for (const { promises, receiverCount } of scenarios) {
    const copies = promises.find(({ metric }) => metric === "intact-copies")!;
    expect(isHeld(copies, summarize([receiverCount]))).toBe(true);
    expect(isHeld(copies, summarize([receiverCount, receiverCount - 1]))).toBe(false);
  }
});

test("names are unlike each other, and no process lives longer than five minutes", () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  for (const { timeoutMs } of scenarios) expect(timeoutMs).toBeLessThanOrEqual(300_000);
});

test("the room that a scenario needs is its source and all copies", () => {
  expect(neededBytes(named("one-receiver"))).toBe(2 * gibibyte);
  expect(neededBytes(named("tree-six"))).toBe(7 * 256 * mebibyte);
});

test("a sparse source takes no room, its copy does", () => {
  expect(neededBytes(named("memory-4gib"))).toBe(4 * gibibyte);
});

test("small files take whole blocks", () => {
  expect(neededBytes(named("memory-100k-files"))).toBe(2 * 100_000 * 4_096);
});
