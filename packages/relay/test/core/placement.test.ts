import type { PlanKind } from "@palmtree/topology";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Placement } from "../../src/core/plan/placement.js";
import { range } from "./parts.js";

const kinds = ["chain", "double-tree", "k-ary"] as const;

type Act = {
  readonly type: "append" | "demote" | "promote" | "remove";
  readonly number: number;
};

const act: fc.Arbitrary<Act> = fc.record({
  type: fc.constantFrom("append", "demote", "promote", "remove"),
  number: fc.nat(40),
});

interface History {
  readonly kind: PlanKind;
  readonly peerCount: number;
  readonly acts: readonly Act[];
}

/** Any plan, after anything that may happen to it. */
const history: fc.Arbitrary<History> = fc.record({
  kind: fc.constantFrom<PlanKind>(...kinds),
  peerCount: fc.integer({ min: 2, max: 40 }),
  acts: fc.array(act, { maxLength: 40 }),
});

function live({ kind, peerCount, acts }: History): Placement {
  const placement = new Placement(kind, range(0, peerCount));
  for (const { type, number } of acts) {
    // As the root does it: never itself, nobody who is out, and nobody twice.
    if (number === 0 || placement.has(number) === (type === "append")) continue;
    placement[type](number);
  }
  return placement;
}

/** Everybody below the root, by the sources of one stripe; throws where they go in a circle. */
function reachedIn(placement: Placement, stripe: number): Set<number> {
  const reached = new Set<number>();
  for (const [number] of placement.sources) {
    const way = new Set<number>();
    let at = number;
    while (at !== 0) {
      if (way.has(at)) throw new Error(`a circle through ${[...way].join(", ")}`);
      way.add(at);
      at = placement.sourcesOf(at)[stripe] as number;
    }
    for (const passed of way) reached.add(passed);
  }
  return reached;
}

function everybodyIn({ line, leaves, latecomers }: Placement): number[] {
  return [...line, ...leaves, ...latecomers];
}

describe("whatever was appended, demoted, promoted and removed", () => {
  test("every peer but the root has one source for each stripe, which is in the plan", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const placement = live(drawn);
        for (const [number, sources] of placement.sources) {
          expect(sources).toHaveLength(placement.stripeCount);
          for (const source of sources) {
            expect(source).not.toBe(number);
            expect(placement.has(source)).toBe(true);
          }
        }
        expect(placement.sourcesOf(0)).toEqual([]);
      }),
    );
  });

  test("every stripe reaches everybody, without a circle", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const placement = live(drawn);
        const everybody = new Set(everybodyIn(placement).filter((number) => number !== 0));
        for (const stripe of range(0, placement.stripeCount))
          expect(reachedIn(placement, stripe)).toEqual(everybody);
      }),
    );
  });

  test("nobody is in the plan twice, and nobody is lost but who was removed", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const placement = live(drawn);
        const all = everybodyIn(placement);
        expect(new Set(all).size).toBe(all.length);
        const kept = new Set(range(0, drawn.peerCount));
        for (const { type, number } of drawn.acts) {
          if (type === "append") kept.add(number);
          if (type === "remove" && number !== 0) kept.delete(number);
        }
        expect(new Set(all)).toEqual(kept);
      }),
    );
  });

  test("nobody in line waits for a latecomer, and each latecomer feeds one other at most", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const placement = live(drawn);
        const { latecomers, line, leaves } = placement;
        for (const number of [...line.slice(1), ...leaves])
          for (const source of placement.sourcesOf(number))
            expect(latecomers).not.toContain(source);
        const sources = latecomers.map((number) => placement.sourcesOf(number)[0]);
        expect(sources.slice(1)).toEqual(latecomers.slice(0, -1));
        if (latecomers.length > 0) expect(line).toContain(sources[0]);
      }),
    );
  });

  test("nobody in line waits for a leaf: leaves feed leaves only, at most eight each", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const placement = live(drawn);
        const leaves = new Set(placement.leaves);
        for (const number of placement.line.slice(1))
          for (const source of placement.sourcesOf(number)) expect(leaves.has(source)).toBe(false);
        const fed = new Map<number, number>();
        for (const leaf of placement.leaves) {
          const [source = -1] = placement.sourcesOf(leaf);
          fed.set(source, (fed.get(source) ?? 0) + 1);
        }
        for (const count of fed.values()) expect(count).toBeLessThanOrEqual(8);
      }),
    );
  });

  test("the root stays first in line, and leaves hang below it only when nobody else is left", () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const placement = live(drawn);
        expect(placement.line[0]).toBe(0);
        expect(placement.demote(0)).toBe(false);
        if (placement.line.length > 1)
          for (const leaf of placement.leaves) expect(placement.sourcesOf(leaf)).not.toContain(0);
      }),
    );
  });
});

/** Peers whose sources are others than before. */
function movedBy(placement: Placement, change: () => void): number[] {
  const before = placement.sources;
  change();
  return [...placement.sources].flatMap(([number, sources]) =>
    before.get(number)?.join() === sources.join() ? [] : [number],
  );
}

describe("a chain", () => {
  test("is the line: each is fed by the one before it", () => {
    const placement = new Placement("chain", [0, 3, 1, 2]);
    expect([...placement.sources]).toEqual([
      [3, [0]],
      [1, [3]],
      [2, [1]],
    ]);
  });

  test("closes up over a gap: one peer has another source, and nobody else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 60 }), fc.nat(), (peerCount, drawn) => {
        const placement = new Placement("chain", range(0, peerCount));
        const number = 1 + (drawn % (peerCount - 1));
        const moved = movedBy(placement, () => placement.remove(number));
        expect(moved).toEqual(number === peerCount - 1 ? [] : [number + 1]);
      }),
    );
  });

  test("has a demoted peer below its end, where it uploads nothing", () => {
    const placement = new Placement("chain", range(0, 5));
    expect(movedBy(placement, () => placement.demote(2))).toEqual([3, 2]);
    expect(placement.line).toEqual([0, 1, 3, 4]);
    expect(placement.leaves).toEqual([2]);
    expect(placement.sourcesOf(2)).toEqual([4]);
    expect([...placement.sources.values()].flat()).not.toContain(2);
  });

  test("takes a promoted peer back at its end", () => {
    const placement = new Placement("chain", range(0, 5));
    placement.demote(2);
    placement.promote(2);
    expect(placement.line).toEqual([0, 1, 3, 4, 2]);
    expect(placement.leaves).toEqual([]);
  });
});

describe("a tree", () => {
  test("is filled from its end when somebody in it goes, so that few change places", () => {
    const placement = new Placement("k-ary", range(0, 14));
    placement.remove(2);
    expect(placement.line).toEqual([0, 1, 13, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test("in two stripes has leaves that take both from one peer", () => {
    const placement = new Placement("double-tree", range(0, 9));
    expect(placement.stripeCount).toBe(2);
    placement.demote(4);
    const [one, other] = placement.sourcesOf(4);
    expect(one).toBe(other);
  });
});

test("a latecomer changes nobody's place, whatever the plan, and returns behind the others when it is pardoned", () => {
  for (const kind of kinds) {
    const placement = new Placement(kind, range(0, 9));
    expect(movedBy(placement, () => placement.append(9))).toEqual([9]);
    expect(movedBy(placement, () => placement.append(10))).toEqual([10]);
    expect(placement.sourcesOf(10)[0]).toBe(9);
    placement.demote(9);
    expect(placement.leaves).toEqual([9]);
    placement.promote(9);
    expect(placement.latecomers).toEqual([10, 9]);
    expect(placement.line).toEqual(range(0, 9));
  }
});

test("the ninth leaf hangs below the first, so that nobody in line feeds more than eight", () => {
  const placement = new Placement("chain", range(0, 12));
  for (const number of range(2, 11)) placement.demote(number);
  expect(placement.leaves).toEqual(range(2, 11));
  for (const number of range(2, 10)) expect(placement.sourcesOf(number)).toEqual([11]);
  expect(placement.sourcesOf(10)).toEqual([2]);
});

test("a session of one peer and the root is no plan any more when that peer goes", () => {
  const placement = new Placement("double-tree", [0, 1]);
  expect(placement.sourcesOf(1)[0]).toBe(0);
  placement.remove(1);
  expect(placement.sources.size).toBe(0);
  expect(placement.has(1)).toBe(false);
});

test("who is not in the plan is not demoted", () => {
  const placement = new Placement("chain", range(0, 3));
  placement.remove(1);
  expect(placement.demote(1)).toBe(false);
  expect(placement.leaves).toEqual([]);
});
