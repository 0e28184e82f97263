import { beforeEach, describe, expect, test } from "vitest";
import { Verdicts } from "../../src/core/completion/verdicts.js";
import type { Context } from "../../src/core/context.js";
import { address, makeContext, peer, reportOf, saidIn, session, stepsIn } from "./parts.js";

let context: Context;
let verdicts: Verdicts;
beforeEach(() => {
  context = makeContext();
  verdicts = new Verdicts(context, {
    session,
    timeoutMs: 10_000,
    extent: { chunkCount: 40, totalBytes: 4_000, isOpen: false, held: { count: 40 } },
  });
  for (const number of [1, 2]) verdicts.expect(peer(number));
});

const progress = (number: number, chunksHeld: number, parent = 0) =>
  verdicts.onProgress({ number, parent, chunksHeld });

const standing = (number: number, chunksHeld: number, isBusy = false) =>
  verdicts.onStanding(number, { type: "standing", chunksHeld, isBusy });

function pass(until: number): void {
  for (
    let due = verdicts.deadline();
    due !== undefined && due <= until;
    due = verdicts.deadline()
  ) {
    expect(due).toBeGreaterThan(context.now);
    context.now = due;
    verdicts.onTick();
  }
  context.now = until;
}

describe("Verdicts", () => {
  test("a complete peer's report is its result, with the time as the root saw it", () => {
    context.now = 2_500;
    verdicts.onReport(reportOf(1));
    expect(verdicts.results).toEqual([
      { address: address(1), number: 1, status: "complete", bytes: 4_000, seconds: 2.5, links: [] },
    ]);
    expect(verdicts.undecided).toEqual([peer(2)]);
    expect(verdicts.undecided).toHaveLength(1);
    expect(verdicts.isDecided).toBe(false);
    verdicts.onReport(reportOf(2));
    expect(verdicts.isDecided).toBe(true);
    expect(verdicts.deadline()).toBeUndefined();
  });

  test("a latecomer that was absent at first has the result of its own end only", () => {
    verdicts.absent(address(3), "not-answering", "no answer");
    verdicts.expect(peer(3));
    expect(verdicts.results).toEqual([]);
    verdicts.onReport(reportOf(3));
    expect(verdicts.results).toMatchObject([{ address: address(3), status: "complete" }]);
  });

  test("a process that is started anew takes the place of the one before at its address", () => {
    verdicts.expect({ ...peer(3), address: address(1) });
    expect(stepsIn(context.takeEffects())).toMatchObject([
      { type: "peer-ended", result: { number: 1, status: "failed", error: { code: "left" } } },
    ]);
    expect(verdicts.undecided.map(({ number }) => number)).toEqual([2, 3]);
    verdicts.onReport(reportOf(1));
    verdicts.onReport(reportOf(3));
    expect(verdicts.results).toMatchObject([{ number: 3, status: "complete" }]);
  });

  test("a failed peer's report is its result, with its own code and words", () => {
    verdicts.onReport(reportOf(1, { status: "failed", code: "disk-full", detail: "no space" }));
    expect(verdicts.results).toMatchObject([
      { status: "failed", bytes: 4_000, error: { code: "disk-full", message: "no space" } },
    ]);
  });

  test("the first report counts; nobody is counted twice, nor is a stranger", () => {
    verdicts.onReport(reportOf(1, { status: "failed", code: "left" }));
    verdicts.onReport(reportOf(1));
    verdicts.onReport(reportOf(7));
    verdicts.giveUp(1, "timed-out", "");
    expect(verdicts.results).toHaveLength(1);
    expect(verdicts.undecided).toHaveLength(1);
  });

  test("a report counts that the peer itself has signed, and as it has; another one hides it not", () => {
    const { publicKey, signature } = reportOf(2);
    verdicts.onReport({ ...reportOf(1), publicKey, signature });
    verdicts.onReport({ ...reportOf(1), signature });
    verdicts.onReport({ ...reportOf(1), publicKey });
    verdicts.onReport({
      ...reportOf(1, { status: "failed", code: "disk-full" }),
      code: "no-space",
    });
    verdicts.onReport({ ...reportOf(1), bytes: 1 });
    expect(verdicts.results).toEqual([]);
    verdicts.onReport({ ...reportOf(1), detail: "not signed, and may be left out" });
    expect(verdicts.results).toMatchObject([{ number: 1, status: "complete", bytes: 4_000 }]);
  });

  test("a peer that never took part has a result without a number, and is not awaited", () => {
    verdicts.absent(address(9), "declined", "declined: busy");
    expect(verdicts.results).toMatchObject([
      { address: address(9), number: undefined, status: "failed", error: { code: "declined" } },
    ]);
    expect(verdicts.undecided).toHaveLength(2);
  });

  test("a peer that stands still is given up after the time-out, and not a moment earlier", () => {
    context.now = 4_000;
    progress(2, 1);
    pass(9_999);
    expect(verdicts.results).toEqual([]);
    pass(10_000);
    expect(verdicts.results).toMatchObject([
      {
        number: 1,
        status: "failed",
        error: { code: "timed-out", message: "no progress for 10 s" },
      },
    ]);
    pass(13_999);
    expect(verdicts.results).toHaveLength(1);
    pass(14_000);
    expect(verdicts.isDecided).toBe(true);
    expect(verdicts.deadline()).toBeUndefined();
  });

  test("a peer that is given up for standing still is told so, in case it is there", () => {
    pass(10_000);
    expect(saidIn(context.takeEffects())).toMatchObject([
      { to: 1, type: "decline", reason: "refused", detail: "no progress for 10 s" },
      { to: 2, type: "decline", reason: "refused" },
    ]);
  });

  test("progress and signs of life put the time-out off", () => {
    for (const at of [5_000, 12_000, 20_000]) {
      pass(at);
      progress(1, 3);
    }
    pass(29_999);
    expect(verdicts.undecided).toEqual([peer(1)]);
  });

  test("signs of life without a new chunk put it off for an hour, as long as it takes to land much", () => {
    const live = (until: number, chunksHeld: number): void => {
      while (context.now < until) {
        pass(context.now + 5_000);
        progress(1, chunksHeld);
        progress(2, 1 + Math.floor(context.now / 3_000_000));
      }
    };
    live(3_500_000, 20);
    expect(verdicts.results).toEqual([]);
    live(7_000_000, 21);
    expect(verdicts.results).toEqual([]);
    live(7_300_000, 21);
    expect(verdicts.results).toMatchObject([{ number: 1, error: { code: "timed-out" } }]);
  });

  test("progress is told the user with the peer's place in the tree", () => {
    progress(2, 8, 1);
    expect(stepsIn(context.takeEffects())).toEqual([
      {
        type: "progress",
        number: 2,
        address: address(2),
        parent: 1,
        chunksHeld: 8,
        chunkCount: 40,
      },
    ]);
  });

  test("progress beyond what there is to hold is a lie, and hides nothing that is true", () => {
    progress(1, 41, 2);
    expect(context.takeEffects()).toEqual([]);
    progress(1, 3, 2);
    expect(stepsIn(context.takeEffects())).toMatchObject([{ number: 1, chunksHeld: 3 }]);
  });

  test("an old progress, told again from above an old place, neither sets a peer back nor is a sign of life", () => {
    progress(1, 8, 2);
    context.takeEffects();
    context.now = 5_000;
    progress(1, 7, 2);
    expect(context.takeEffects()).toEqual([]);
    pass(10_000);
    expect(verdicts.results).toContainEqual(expect.objectContaining({ number: 1 }));
  });

  test("what a peer says itself stands against what others say of it", () => {
    progress(1, 40, 2);
    pass(5_000);
    context.takeEffects();
    standing(1, 5);
    expect(stepsIn(context.takeEffects())).toMatchObject([{ number: 1, parent: 2, chunksHeld: 5 }]);
    progress(1, 6, 2);
    expect(stepsIn(context.takeEffects())).toMatchObject([{ number: 1, chunksHeld: 6 }]);
    pass(12_000);
    progress(1, 40, 2);
    standing(1, 7);
    pass(21_999);
    expect(verdicts.undecided).toEqual([peer(1)]);
  });

  test("what a peer says itself puts the time-out off if it has grown, or is busy; that for an hour at most", () => {
    for (const at of [3_000, 6_000, 9_000]) {
      pass(at);
      for (const number of [1, 2]) standing(number, 5);
    }
    pass(12_999);
    expect(verdicts.undecided).toEqual([peer(1), peer(2)]);
    standing(1, 5, true);
    pass(13_000);
    expect(verdicts.undecided).toEqual([peer(1)]);
    const goOn = (until: number): void => {
      while (context.now < until) {
        pass(context.now + 5_000);
        standing(1, 5, true);
      }
    };
    goOn(3_605_000);
    expect(verdicts.undecided).toEqual([peer(1)]);
    goOn(3_615_000);
    expect(verdicts.isDecided).toBe(true);
  });

  test("what a peer said before counts no more when it has said more", () => {
    standing(1, 8);
    progress(1, 9, 2);
    context.takeEffects();
    context.now = 5_000;
    standing(1, 7, true);
    expect(context.takeEffects()).toEqual([]);
    pass(10_000);
    expect(verdicts.results).toContainEqual(expect.objectContaining({ number: 1 }));
  });

  test("who is heard of only by its own word is asked again, though it gets on", () => {
    pass(2_000);
    standing(1, 5);
    expect(verdicts.missing).toEqual([address(1), address(2)]);
    progress(1, 6);
    expect(verdicts.missing).toEqual([address(2)]);
  });

  test("what a peer says itself is ignored where there is not as much, or no such peer", () => {
    standing(1, 41, true);
    standing(7, 3, true);
    expect(context.takeEffects()).toEqual([]);
    pass(10_000);
    expect(verdicts.isDecided).toBe(true);
  });

  test("who leaves has a second for its report to come up the tree", () => {
    context.now = 100;
    verdicts.onLeave(1, "aborted", "Ctrl-C");
    pass(1_099);
    verdicts.onReport(reportOf(1));
    pass(2_000);
    expect(verdicts.results).toMatchObject([{ number: 1, status: "complete" }]);
  });

  test("who leaves without a report has left, in its own words or in ours", () => {
    verdicts.onLeave(1, "aborted", "Ctrl-C");
    verdicts.onLeave(2, "", "");
    verdicts.onLeave(9, "left", "a stranger");
    pass(999);
    expect(verdicts.results).toEqual([]);
    context.now = 999.5;
    verdicts.onLeave(1, "left", "again");
    pass(1_000);
    expect(verdicts.results).toMatchObject([
      { number: 1, error: { code: "aborted", message: "Ctrl-C" } },
      { number: 2, status: "complete" },
    ]);
  });

  test("every result is told the user once", () => {
    verdicts.absent(address(9), "declined", "");
    verdicts.onReport(reportOf(1));
    verdicts.giveUp(2, "not-answering", "");
    const ended = stepsIn(context.takeEffects()).flatMap((step) =>
      step.type === "peer-ended" ? [step.result] : [],
    );
    expect(ended).toEqual(verdicts.results);
    expect(ended).toHaveLength(3);
  });
});

test("those are missing that failed, never answered, or stand still for two seconds", () => {
  verdicts.absent(address(8), "not-answering", "");
  verdicts.absent(address(9), "declined", "");
  context.now = 1_500;
  progress(1, 3);
  expect(verdicts.missing).toEqual([address(8)]);
  context.now = 2_000;
  expect(verdicts.missing).toEqual([address(8), address(2)]);
  verdicts.giveUp(2, "timed-out", "");
  verdicts.onReport(reportOf(1));
  context.now = 9_000;
  expect(verdicts.missing).toEqual([address(8), address(2)]);
});

test("of a stream that goes on nobody holds more than the root has: what says so is not believed", () => {
  const held = { count: 5 };
  verdicts = new Verdicts(context, {
    session,
    timeoutMs: 10_000,
    extent: { chunkCount: 2 ** 24, totalBytes: 2 ** 40, isOpen: true, held },
  });
  verdicts.expect(peer(1));
  progress(1, 2 ** 24);
  progress(1, 6);
  progress(1, 4);
  expect(stepsIn(context.takeEffects())).toMatchObject([{ type: "progress", chunksHeld: 4 }]);
});
