import { describe, expect, test } from "vitest";
import { isCounted, linkRatesOf, linkSeconds, neededBytes } from "../src/shaped/scenario.js";
import { shapedScenarios } from "../src/shaped/scenarios.js";
import { mebibyte } from "../src/units.js";

const named = (name: string) => shapedScenarios.find((scenario) => scenario.name === name)!;

describe("every scenario of the lab", () => {
  test.each(shapedScenarios)("$name: is about what it does", (scenario) => {
    const { about, receiverCount, bitsPerSecond, sizeBytes } = scenario;
    const size = sizeBytes >= 1024 * mebibyte ? "1 GiB" : `${sizeBytes / mebibyte} MiB`;
    const rate = bitsPerSecond === undefined ? "as fast as" : `${bitsPerSecond / 1e6} Mbit/s`;
    expect(about).toContain(`${size} to ${receiverCount} receiver`);
    expect(about).toContain(rate);
  });

  test.each(shapedScenarios)("$name: leaves room for what it promises", (scenario) => {
    const seconds = linkSeconds(scenario);
    const ratio = scenario.promises.find(({ metric }) => metric === "ratio")?.atMost ?? 1;
    expect(scenario.timeoutMs / 1_000).toBeGreaterThan(2 * ratio * (seconds ?? 0));
    expect(scenario.tools).toContain("palmtree");
    for (const { by = "palmtree", versus = by } of scenario.promises)
      expect(scenario.tools).toEqual(expect.arrayContaining([by, versus]));
  });
});

test("F/B is the time of the file's bits over one link, without headers", () => {
  expect(linkSeconds(named("eight-at-50"))).toBeCloseTo(10.737, 3);
  expect(linkSeconds(named("one-unshaped"))).toBeUndefined();
});

test("all links are alike, the root's too, but for the slow host's", () => {
  expect(linkRatesOf(named("eight-at-50"))).toEqual(Array.from({ length: 9 }, () => 50e6));
  const rates = linkRatesOf(named("one-slow"));
  expect(rates.filter((rate) => rate === 50e6)).toHaveLength(8);
  expect(rates[4]).toBe(5e6);
});

test("hosts that join late have links and take room too", () => {
  expect(linkRatesOf(named("two-late"))).toHaveLength(11);
  expect(neededBytes(named("two-late"))).toBe(11 * 64 * mebibyte);
});

test("slow hosts and those that are cut off do not count, the others do", () => {
  const countedOf = (name: string) =>
    [1, 2, 3, 4, 5, 6, 7, 8].filter((host) => isCounted(named(name), host));
  expect(countedOf("eight-at-50")).toHaveLength(8);
  expect(countedOf("one-slow")).toEqual([1, 2, 3, 5, 6, 7, 8]);
  expect(countedOf("one-cut-off")).toEqual([2, 3, 4, 5, 6, 7, 8]);
});
