import type { Frame, Report } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import { Summary } from "../../src/core/completion/summary.js";
import type { ConnectionId } from "../../src/core/event.js";
import { Bench } from "./bench.js";
import { framesIn, range, reportOf } from "./parts.js";

let bench: Bench;
let summary: Summary;
let parent: ConnectionId;
beforeEach(() => {
  bench = new Bench({
    options: { progressIntervalMs: 250, aliveIntervalMs: 1e9, silentAfterMs: 1e9 },
  });
  summary = new Summary(bench.context, bench.relay.links);
});

/** Get a parent, of which only the summary under test knows what to tell. */
function gain(number: number): Frame[] {
  parent = bench.joinUnder(number);
  return framesIn(
    bench.do(() => summary.onParentGained(number)),
    parent,
  );
}

function lose(): void {
  bench.cut(parent);
  summary.onParentLost();
}

const entry = (number: number, chunksHeld: number) => ({ number, parent: 1, chunksHeld });

function report(number: number, status: Report["status"] = "complete"): Report {
  return reportOf(number, { status });
}

function during(act: () => void): Frame[] {
  return framesIn(bench.do(act), parent);
}

function pass(until: number): Frame[] {
  const frames: Frame[] = [];
  for (let due = summary.deadline(); due !== undefined && due <= until; due = summary.deadline()) {
    bench.context.now = Math.max(due, bench.now);
    frames.push(...during(() => summary.onTick()));
  }
  bench.context.now = until;
  return frames;
}

describe("Summary", () => {
  test("progress is gathered and sent at most every so often, the newest of each peer", () => {
    gain(1);
    pass(1_000);
    expect(during(() => summary.note(entry(5, 1), 100))).toEqual([]);
    summary.note(entry(6, 3), 100);
    bench.context.now = 1_100;
    summary.note(entry(5, 2), 100);
    expect(pass(1_249)).toEqual([]);
    expect(pass(1_250)).toEqual([{ type: "progress", entries: [entry(5, 2), entry(6, 3)] }]);
    expect(pass(5_000)).toEqual([]);
  });

  test("only those that moved since are sent", () => {
    gain(1);
    summary.note(entry(5, 1), 100);
    summary.note(entry(6, 1), 100);
    pass(1_000);
    summary.note(entry(6, 2), 100);
    expect(pass(2_000)).toEqual([{ type: "progress", entries: [entry(6, 2)] }]);
  });

  test("old news of a peer, told again by somebody it hung below before, hides no newer one", () => {
    gain(1);
    pass(1_000);
    summary.note(entry(5, 64), 64);
    summary.note(entry(5, 47), 64);
    expect(pass(1_250)).toEqual([{ type: "progress", entries: [entry(5, 64)] }]);
    summary.note(entry(5, 47), 64);
    expect(pass(2_000)).toEqual([]);
    lose();
    expect([...gain(2), ...pass(bench.now)].slice(1)).toEqual([
      { type: "progress", entries: [entry(5, 64)] },
    ]);
  });

  test("nobody is hidden by whoever says that it holds more than there is", () => {
    gain(1);
    pass(1_000);
    summary.note(entry(5, 65), 64);
    summary.note(entry(5, 47), 64);
    expect(pass(1_250)).toEqual([{ type: "progress", entries: [entry(5, 47)] }]);
  });

  test("more than 1,024 peers are told in several frames", () => {
    gain(1);
    pass(500);
    for (const number of range(0, 2_500)) summary.note(entry(number, 1), 100);
    const sizes = pass(1_000).map((frame) =>
      frame.type === "progress" ? frame.entries.length : 0,
    );
    expect(sizes).toEqual([1_024, 1_024, 452]);
  });

  test("a report goes up at once, after the progress that led to it", () => {
    gain(1);
    pass(500);
    summary.note(entry(6, 9), 100);
    expect(during(() => summary.report(report(6)))).toEqual([
      { type: "progress", entries: [entry(6, 9)] },
      report(6),
    ]);
  });

  test("a peer's report is passed on once", () => {
    gain(1);
    during(() => summary.report(report(6, "failed")));
    expect(during(() => summary.report(report(6, "failed")))).toEqual([]);
    lose();
    expect(gain(2).filter(({ type }) => type === "report")).toEqual([report(6, "failed")]);
  });

  test("a report that was changed on the way, and kept its signature, does not hide the true one", () => {
    gain(1);
    const changed: Report[] = [
      { ...report(6), bytes: 7 },
      { ...report(6), status: "failed" },
      { ...report(6), code: "disk-full" },
      { ...report(6), number: 7 },
      { ...report(6), publicKey: new Uint8Array(32).fill(7) },
    ];
    const said = [...changed, report(6)];
    expect(said.flatMap((each) => during(() => summary.report(each)))).toEqual(said);
    expect(during(() => summary.report(report(6)))).toEqual([]);
  });

  test("a report with another signature is passed on as well, since one of them may be made up", () => {
    gain(1);
    const signed = (by: number): Report => {
      return { ...report(6), signature: new Uint8Array(64).fill(by) };
    };
    const passedOn = range(0, 6).flatMap((by) => during(() => summary.report(signed(by))));
    expect(passedOn).toEqual(range(0, 6).map(signed));
  });

  test("whatever others say, the newest of it and this peer's own end are told a new parent", () => {
    const madeUp = (count: number): Report => {
      const signature = new Uint8Array(64);
      new DataView(signature.buffer).setUint32(0, count);
      return { ...report(6), signature };
    };
    for (let count = 0; count < 20_000; count += 1) summary.report(madeUp(count));
    summary.conclude(report(1));
    summary.report(report(7));
    const told = gain(2).filter(({ type }) => type === "report");
    expect(told).toHaveLength(1 + 16_384);
    expect(told[0]).toEqual(report(1));
    expect(told.at(-1)).toEqual(report(7));
  });

  test("the subtree's size goes up when it changes, and not otherwise", () => {
    gain(1);
    expect(during(() => summary.onSubtreeResized(4))).toEqual([{ type: "subtree", size: 4 }]);
    expect(during(() => summary.onSubtreeResized(4))).toEqual([]);
  });

  test("a new parent is told everything again: size, reports and all progress", () => {
    gain(1);
    summary.onSubtreeResized(3);
    summary.note(entry(5, 7), 100);
    summary.note(entry(6, 8), 100);
    summary.report(report(6));
    pass(1_000);
    lose();
    const frames = [...gain(2), ...pass(bench.now)];
    expect(frames).toEqual([
      { type: "subtree", size: 3 },
      report(6),
      { type: "progress", entries: [entry(5, 7), entry(6, 8)] },
    ]);
  });

  test("nothing is lost that happens while there is no parent", () => {
    expect(bench.do(() => summary.note(entry(6, 2), 100))).toEqual([]);
    expect(bench.do(() => summary.report(report(6)))).toEqual([]);
    expect(bench.do(() => summary.onSubtreeResized(2))).toEqual([]);
    expect(summary.deadline()).toBeUndefined();
    expect([...gain(1), ...pass(bench.now)]).toEqual([
      { type: "subtree", size: 2 },
      report(6),
      { type: "progress", entries: [entry(6, 2)] },
    ]);
  });
});

test("of invented peers that fail with long details no more than 1 MiB of text is kept", () => {
  gain(1);
  const detail = "x".repeat(1_024);
  for (const number of range(1, 2_049)) summary.report({ ...report(number, "failed"), detail });
  lose();
  const told = gain(2).filter((frame) => frame.type === "report");
  expect(told).toHaveLength(2_048);
  expect(told.filter((frame) => frame.detail !== "")).toHaveLength(1_024);
  expect(told.at(0)).toMatchObject({ number: 1, detail });
  expect(told.at(-1)).toMatchObject({ number: 2_048, status: "failed", detail: "" });
});
