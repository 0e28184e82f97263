import { beforeEach, describe, expect, test } from "vitest";
import type { Step } from "../../src/core/index.js";
import { EfficiencyReport } from "../../src/runtime/send/efficiency-report.js";

const totalBytes = 10_000_000;

let report: EfficiencyReport;
beforeEach(() => {
  report = new EfficiencyReport({ totalBytes, chunkSizeBytes: 100_000 }, 0);
});

function progress(number: number, chunksHeld: number, chunkCount = 100): Step {
  const address = `10.0.0.${number}:1`;
  return { type: "progress", number, address, parent: 0, chunksHeld, chunkCount };
}

function ended(number: number | undefined, status: "complete" | "failed"): Step {
  const result = { address: "10.0.0.9:1", number, status, bytes: 0, seconds: 1 } as const;
  return { type: "peer-ended", result };
}

/** Peers get a chunk, a hundredth of the whole, every tenth of a second; returns when there was news. */
function pass(from: number, until: number, ...numbers: readonly number[]): number[] {
  const told: number[] = [];
  for (let at = from; at <= until; at += 100)
    for (const number of numbers)
      if (report.note(progress(number, at / 100), at) !== undefined) told.push(at);
  return told;
}

describe("news of the efficiency", () => {
  test("comes twice a second at most, however many tell of their progress", () => {
    const told = pass(0, 5_000, 1, 2, 3);
    expect(told.length).toBeGreaterThanOrEqual(8);
    for (const [place, at] of told.entries())
      expect(at - (told[place - 1] ?? -500)).toBeGreaterThanOrEqual(500);
    expect(told[0]).toBeLessThanOrEqual(1_500);
  });

  test("says how it stands, in bytes", () => {
    pass(0, 1_900, 1);
    expect(report.note(progress(1, 20), 2_000)).toEqual({
      type: "efficiency",
      share: 1,
      limitSeconds: 10,
      bytesPerSecond: 1_000_000,
      bottleneck: 0,
    });
  });

  test("does not come of other steps, nor of a session without any chunk", () => {
    pass(0, 2_000, 1);
    expect(report.note({ type: "joined", address: "10.0.0.1:1" }, 5_000)).toBeUndefined();
    expect(report.note(progress(1, 0, 0), 5_000)).toBeUndefined();
    expect(report.note(ended(1, "complete"), 5_000)).toBeUndefined();
  });
});

describe("the efficiency that was reached", () => {
  test("is not known before a peer is complete", () => {
    pass(0, 9_000, 1);
    expect(report.final).toBeUndefined();
    report.note(ended(1, "failed"), 9_500);
    expect(report.final).toBeUndefined();
  });

  test("is that by the last peer that completed, however long others are waited for", () => {
    pass(0, 10_000, 1, 2);
    report.note(ended(1, "complete"), 10_000);
    expect(report.final?.share).toBe(1);
    report.note(ended(2, "complete"), 12_500);
    expect(report.final?.share).toBeCloseTo(0.8, 9);
    report.note(ended(3, "failed"), 40_000);
    expect(report.final?.share).toBeCloseTo(0.8, 9);
  });

  test("does not count who never joined", () => {
    pass(0, 10_000, 1);
    report.note(ended(undefined, "failed"), 5_000);
    report.note(ended(1, "complete"), 10_000);
    expect(report.final).toMatchObject({ share: 1, bottleneck: 0 });
  });

  test("is not known of what is over in less than a second", () => {
    report.note(progress(1, 0), 0);
    report.note(progress(1, 50), 400);
    report.note(ended(1, "complete"), 800);
    expect(report.final).toBeUndefined();
  });
});
