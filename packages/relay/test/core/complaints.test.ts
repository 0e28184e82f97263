import { describe, expect, test } from "vitest";
import { type Complaint, Complaints } from "../../src/core/plan/complaints.js";

/** Everybody in these chains of sink and source complains, in that order, at one moment. */
function complain(
  complaints: Complaints,
  now: number,
  ...pairs: readonly [number, number][]
): void {
  for (const [sink, source] of pairs) {
    complaints.excuse(sink, now);
    complaints.note({ sink, source }, now);
  }
}

/** What is found when it is due. */
function judged(complaints: Complaints): readonly Complaint[] {
  return complaints.judge(complaints.deadline() ?? 0);
}

describe("of those that complain about their sources", () => {
  test("nobody is judged before all had time to", () => {
    const complaints = new Complaints();
    complain(complaints, 1_000, [5, 4]);
    expect(complaints.deadline()).toBe(1_300);
    expect(complaints.judge(1_299)).toEqual([]);
    expect(complaints.judge(1_300)).toEqual([{ sink: 5, source: 4 }]);
    expect(complaints.deadline()).toBeUndefined();
  });

  test("the one is right whose source does not complain, whoever speaks first", () => {
    const complaints = new Complaints();
    complain(complaints, 1_000, [6, 5], [5, 4]);
    complain(complaints, 1_250, [4, 3]);
    expect(judged(complaints)).toEqual([{ sink: 4, source: 3 }]);
  });

  test("each is counted once, however often it says so", () => {
    const complaints = new Complaints();
    complain(complaints, 1_000, [4, 3], [4, 3], [5, 3]);
    expect(judged(complaints)).toEqual([
      { sink: 4, source: 3 },
      { sink: 5, source: 3 },
    ]);
  });

  test("who complained a while ago is still excused, but not for ever", () => {
    const complaints = new Complaints();
    complain(complaints, 1_000, [4, 3]);
    expect(judged(complaints)).toHaveLength(1);
    complain(complaints, 3_100, [5, 4]);
    expect(judged(complaints)).toEqual([]);
    complain(complaints, 3_400, [5, 4]);
    expect(judged(complaints)).toEqual([{ sink: 5, source: 4 }]);
  });

  test("nobody is judged while chunks find their new ways, but what is said excuses", () => {
    const complaints = new Complaints();
    complain(complaints, 900, [7, 6]);
    complaints.onMove(1_000);
    expect(complaints.deadline()).toBeUndefined();
    complain(complaints, 2_400, [4, 3]);
    expect(complaints.deadline()).toBeUndefined();
    complain(complaints, 2_600, [5, 4], [9, 8]);
    expect(judged(complaints)).toEqual([{ sink: 9, source: 8 }]);
  });
});
