import { beforeEach, describe, expect, test } from "vitest";
import type { Intake } from "../../src/core/transfer/intake.js";
import { ParentWatch } from "../../src/core/tree/parent-watch.js";
import { Bench } from "./bench.js";
import { makeInvite } from "./parts.js";

/** A receiver that waits for its manifest, below peer 1. */
const lacksManifest = { content: undefined, manifest: undefined, isHoldingBack: false, flows: [] };

let bench: Bench;
let watch: ParentWatch;

beforeEach(() => {
  bench = new Bench({ options: { aliveIntervalMs: 1e9, silentAfterMs: 1e9 } });
  bench.joinUnder(1);
  watch = new ParentWatch(bench.context, bench.relay, makeInvite({ manifestBytes: 1 }));
  watch.onParent(1);
});

/** @returns whether there is a parent after so many milliseconds */
function isKeptFor(milliseconds: number): boolean {
  const until = bench.now + milliseconds;
  for (let due = watch.deadline(); due !== undefined && due <= until; due = watch.deadline()) {
    bench.context.now = due;
    bench.do(() => watch.onTick(lacksManifest as Partial<Intake> as Intake));
    if (bench.relay.tree.parent === undefined) return false;
  }
  bench.context.now = until;
  return true;
}

describe("a parent that passes no manifest on", () => {
  test("is kept as long as the root may keep it back, and 2 s", () => {
    expect(isKeptFor(7_000)).toBe(true);
    expect(isKeptFor(1_000)).toBe(false);
  });

  test("is kept for 2 s from when somebody else has it, however often that is told", () => {
    expect(isKeptFor(3_000)).toBe(true);
    watch.onManifestElsewhere();
    expect(isKeptFor(1_900)).toBe(true);
    watch.onManifestElsewhere();
    expect(isKeptFor(700)).toBe(false);
  });
});
