import { describe, expect, test } from "vitest";
import type { Lie } from "../../src/hostile/lie.js";
import { lies } from "../../src/hostile/lies.js";
import { parseOrder, usage } from "../../src/hostile/order.js";
import { renderHostile, renderHostilePage } from "../../src/hostile/report.js";
import { usualShape } from "../../src/hostile/shape.js";
import type { Trial } from "../../src/hostile/trial.js";
import { judge } from "../../src/hostile/verdict.js";

const lie: Lie = { name: "boasts", about: "says more than it has", make: () => ({}) };
const well: Trial = {
  seconds: 12,
  endSeconds: 13,
  faults: [],
  blamed: ["host-1 by host-2"],
  putAside: ["host-1"],
  foreignPercent: 3,
};

describe("what the command is asked to do", () => {
  test("is every lie in both strategies, or what is named", () => {
    expect(parseOrder([], lies)).toMatchObject({
      lies,
      strategies: ["pipeline", "tree"],
      shape: usualShape,
      isTimed: true,
      runCount: 1,
      command: "npm run hostile",
    });
    const words = ["serves-nothing", "--strategy", "tree", "--runs=3", "--liar", "2", "--small"];
    const order = parseOrder([...words, "--dir", "/tmp/x", "--save"], lies);
    expect(order?.lies.map(({ name }) => name)).toEqual(["serves-nothing"]);
    expect(order).toMatchObject({
      strategies: ["tree"],
      isTimed: false,
      runCount: 3,
      shape: { liar: { pipeline: 2, tree: 2 }, receiverCount: 3 },
      isSaved: true,
      command: `npm run hostile -- ${words.join(" ")}`,
    });
    expect(parseOrder(["--help"], lies)).toBeUndefined();
  });

  test("is refused when there is no such thing", () => {
    expect(() => parseOrder(["truth"], lies)).toThrow(/truth/);
    expect(() => parseOrder(["--strategy", "star"], lies)).toThrow(/star/);
    expect(() => parseOrder(["--liar", "6"], lies)).toThrow(/--liar/);
    expect(() => parseOrder(["--small", "--liar", "4"], lies)).toThrow(/--liar/);
    expect(() => parseOrder(["--runs", "0"], lies)).toThrow(/--runs/);
  });

  test("is told of every lie what it is", () => {
    for (const { name, about } of lies) {
      expect(usage(lies)).toContain(`  ${name}`);
      expect(usage(lies)).toContain(about);
    }
  });
});

describe("a lie's promise", () => {
  const tried = { lie, strategy: "tree", trials: [well] } as const;

  test("is held when everybody is whole within 1.3 times the time, in the median", () => {
    expect(judge({ ...tried, ratios: [1.29] }, true)).toMatchObject({ isHeld: true, ratio: 1.29 });
    expect(judge({ ...tried, ratios: [1.1, 9, 1.2] }, true)).toMatchObject({ isHeld: true });
    expect(judge({ ...tried, ratios: [1.31] }, true)).toMatchObject({ isHeld: false });
  });

  test("is of the time only where that is judged", () => {
    expect(judge({ ...tried, ratios: [5] }, false)).toMatchObject({ isHeld: true });
  });

  test("is broken when one host is not whole, whatever the time", () => {
    const trials = [well, { ...well, faults: ["host-2 has no copy: timed-out"] }];
    const verdict = judge({ ...tried, trials, ratios: [1, 1] }, false);
    expect(verdict).toMatchObject({ isHeld: false, isWhole: false });
    const never = judge({ ...tried, ratios: [Number.POSITIVE_INFINITY] }, false);
    expect(never).toMatchObject({ isHeld: false, ratio: undefined });
  });
});

describe("the report", () => {
  const verdict = judge({ lie, strategy: "tree", trials: [well], ratios: [1.12] }, true);

  test("says of each lie the time, who is whole, and who was cut off or put aside", () => {
    expect(renderHostile([verdict])).toMatch(
      /boasts +tree +12\.0 +1\.12 +≤ 1\.3 +yes +host-1 by host-2 +host-1 +yes +3/,
    );
    expect(renderHostile([verdict])).toContain("1 lies, 0 with broken promises");
    const trials = [{ ...well, faults: ["host-2 has no copy: timed-out"], blamed: [] }];
    const broken = judge({ lie, strategy: "tree", trials, ratios: [1.12] }, true);
    expect(renderHostile([broken])).toMatch(
      /NO: host-2 has no copy: timed-out +nobody +host-1 +NO +3/,
    );
    expect(renderHostile([broken])).toContain("1 lies, 1 with broken promises");
  });

  test("is a page with the command that repeats it", () => {
    const conditions = { command: "npm run hostile", machine: "2 cores", shape: usualShape };
    const page = renderHostilePage([verdict], conditions);
    expect(page).toContain("`npm run hostile`");
    expect(page).toContain("32 MiB to 5 receivers");
    expect(page).toContain("- `boasts`: says more than it has");
    expect(page).toContain(
      "| boasts | tree | 12.0 | 1.12 | ≤ 1.3 | yes | host-1 by host-2 | host-1 | yes | 3 |",
    );
  });
});
