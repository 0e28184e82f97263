import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { ChildSlots } from "../../src/core/tree/child-slots.js";
import { makeContext } from "./parts.js";

const options = { probeRetryMs: 100, probeAttempts: 4 };

let context: Context;
let slots: ChildSlots;
beforeEach(() => {
  context = makeContext(options);
  slots = new ChildSlots(context, 2);
});

function probe(number: number): boolean {
  const isHeld = slots.hold(number);
  if (isHeld) slots.probed(number);
  return isHeld;
}

/** Repeat the checks that are due, and let the time-outs pass, until nothing is due any more. */
function passProbes(): number {
  let repeated = 0;
  for (let due = slots.deadline(); due !== undefined; due = slots.deadline()) {
    expect(due).toBeGreaterThan(context.now);
    context.now = due;
    for (const number of slots.expireProbes()) {
      slots.probed(number);
      repeated += 1;
    }
  }
  return repeated;
}

describe("ChildSlots", () => {
  test("a slot is held from the first check on, so that no more neighbours are checked than can be taken", () => {
    expect(probe(1)).toBe(true);
    expect(slots.free).toBe(1);
    expect(probe(2)).toBe(true);
    expect(probe(3)).toBe(false);
    expect(slots.free).toBe(0);
    expect(slots.hasProbe(1)).toBe(true);
    expect(slots.hasProbe(3)).toBe(false);
  });

  test("a rejection frees the slot, and the neighbour is no candidate again", () => {
    probe(1);
    slots.reject(1, "has-parent");
    expect(slots.free).toBe(2);
    expect(slots.isCandidate(1)).toBe(false);
    context.now = 1e9;
    expect(slots.isCandidate(1)).toBe(false);
  });

  test("who is deciding is checked again after a pause, because it may end up without a parent", () => {
    probe(1);
    slots.reject(1, "deciding");
    expect(slots.free).toBe(2);
    expect(slots.isCandidate(1)).toBe(false);
    expect(slots.deadline()).toBe(100);
    context.now = 100;
    expect(slots.isCandidate(1)).toBe(true);
    expect(slots.deadline()).toBeUndefined();
  });

  test("a neighbour that is known to be in the tree is no candidate, and its check frees its slot", () => {
    expect(slots.settle(1)).toBe(false);
    expect(slots.isCandidate(1)).toBe(false);
    probe(2);
    expect(slots.settle(2)).toBe(true);
    expect(slots.free).toBe(2);
  });

  test("an orphan that asked, an upgrade under way and a child keep their slots whatever is known of them", () => {
    slots.holdForOrphan(1);
    expect(slots.settle(1)).toBe(false);
    slots.hold(2);
    slots.beginUpgrade(2);
    expect(slots.settle(2)).toBe(false);
    slots.attach(2);
    expect(slots.settle(2)).toBe(false);
    expect(slots.free).toBe(0);
  });

  test("a rejection by a neighbour that was not checked changes nothing", () => {
    slots.reject(1, "has-parent");
    expect(slots.isCandidate(1)).toBe(true);
    slots.hold(2);
    slots.beginUpgrade(2);
    slots.reject(2, "has-parent");
    expect(slots.hasProbe(2)).toBe(true);
  });

  test("an unanswered check is repeated, and after four in vain the slot is free", () => {
    probe(1);
    expect(passProbes()).toBe(3);
    expect(slots.free).toBe(2);
    expect(slots.isCandidate(1)).toBe(false);
    expect(context.now).toBeGreaterThanOrEqual(300);
    expect(context.now).toBeLessThanOrEqual(500);
  });

  test("a check that was answered by an upgrade request is not repeated", () => {
    probe(1);
    slots.beginUpgrade(1);
    expect(slots.deadline()).toBeUndefined();
    context.now = 10_000;
    expect(slots.expireProbes()).toEqual([]);
    expect(slots.hasProbe(1)).toBe(true);
  });

  test("answers that race for the slots cannot overfill them", () => {
    for (const number of [1, 2]) {
      probe(number);
      slots.beginUpgrade(number);
    }
    expect(slots.attach(3)).toBe(false);
    expect(slots.attach(1)).toBe(true);
    expect(slots.attach(2)).toBe(true);
    expect(slots.attach(4)).toBe(false);
    expect(slots.children).toEqual([1, 2]);
  });

  test("a lost child frees its slot, and is told apart from an upgrade that failed", () => {
    probe(1);
    slots.beginUpgrade(1);
    slots.attach(1);
    probe(2);
    slots.beginUpgrade(2);
    expect(slots.release(1)).toBe(true);
    expect(slots.release(2)).toBe(false);
    expect(slots.free).toBe(2);
    expect(slots.isCandidate(1)).toBe(false);
  });

  test("a link that goes passive does not free a slot whose check is still unanswered", () => {
    probe(1);
    expect(slots.release(1)).toBe(false);
    expect(slots.free).toBe(1);
  });

  test("an orphan takes the slot of a neighbour that was only checked and has not answered", () => {
    probe(1);
    probe(2);
    expect(slots.holdForOrphan(7)).toBe(true);
    expect(slots.hasProbe(1)).toBe(false);
    expect(slots.hasProbe(2)).toBe(true);
    expect(slots.free).toBe(0);
    // The one that gave way may be checked again later.
    expect(slots.isCandidate(1)).toBe(true);
  });

  test("an orphan takes a free slot first", () => {
    probe(1);
    expect(slots.holdForOrphan(7)).toBe(true);
    expect(slots.hasProbe(1)).toBe(true);
  });

  test("an orphan takes neither another orphan's slot, nor one being upgraded, nor a child's", () => {
    slots.holdForOrphan(6);
    slots.hold(1);
    slots.beginUpgrade(1);
    expect(slots.holdForOrphan(7)).toBe(false);
    slots.attach(1);
    expect(slots.holdForOrphan(7)).toBe(false);
    expect(slots.hasProbe(6)).toBe(true);
  });

  test("an orphan that asks again keeps the slot that it has, and takes no other's", () => {
    slots.holdForOrphan(7);
    probe(1);
    expect(slots.holdForOrphan(7)).toBe(true);
    expect(slots.hasProbe(1)).toBe(true);
  });

  test("the subtree is this peer and all that its children told, counted anew when one is lost", () => {
    for (const number of [1, 2]) {
      slots.hold(number);
      slots.attach(number);
    }
    expect(slots.subtreeSize).toBe(3);
    expect(slots.resize(1, 10)).toBe(true);
    expect(slots.resize(1, 10)).toBe(false);
    expect(slots.resize(9, 5)).toBe(false);
    expect(slots.subtreeSize).toBe(12);
    slots.release(1);
    expect(slots.subtreeSize).toBe(2);
  });

  test("the smallest child is the one with the fewest peers below, but not the one that asks", () => {
    for (const [number, size] of [
      [1, 5],
      [2, 3],
    ] as const) {
      slots.hold(number);
      slots.attach(number);
      slots.resize(number, size);
    }
    expect(slots.smallestChild(9)).toBe(2);
    expect(slots.smallestChild(2)).toBe(1);
    slots.release(1);
    expect(slots.smallestChild(2)).toBeUndefined();
  });

  test("whatever happens in whatever order, no more slots are taken than the fanout", () => {
    const act = fc.record({
      what: fc.constantFrom("hold", "orphan", "upgrade", "attach", "release", "reject", "wait"),
      number: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(act), (fanout, acts) => {
        const tested = new ChildSlots(context, fanout);
        for (const { what, number } of acts) {
          if (what === "hold" && tested.hold(number)) tested.probed(number);
          if (what === "orphan" && tested.holdForOrphan(number)) tested.probed(number);
          if (what === "upgrade" && tested.hasProbe(number)) tested.beginUpgrade(number);
          if (what === "attach") tested.attach(number);
          if (what === "release") tested.release(number);
          if (what === "reject") tested.reject(number, "has-parent");
          if (what === "wait") context.now += 200;
          for (const again of tested.expireProbes()) tested.probed(again);
          expect(tested.children.length).toBeLessThanOrEqual(fanout);
          const held = [1, 2, 3, 4, 5].filter((n) => tested.hasProbe(n) || tested.hasChild(n));
          expect(held.length).toBe(fanout - tested.free);
        }
      }),
    );
  });
});
