import type { PlanKind } from "@palmtree/topology";
import type { PeerInfo, PlanMessage, TroubleKind } from "@palmtree/wire";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Assignment } from "../../src/core/plan/assignment.js";
import { makeContext, peers, range, saidIn, stepsIn } from "./parts.js";

let context: Context;
let assignment: Assignment;
let met: number[];

/** A root and its receivers 1 ... peerCount - 1, who all know their places by now. */
function make(peerCount: number, kind: PlanKind = "chain"): void {
  context = makeContext();
  met = [];
  const meet = (sinks: readonly PeerInfo[]): void => {
    met.push(...sinks.map(({ number }) => number));
  };
  assignment = new Assignment(context, kind, peers(...range(0, peerCount)), meet);
}

interface Told {
  readonly to: number;
  readonly plan: PlanMessage;
}

/** What was told since the last look, to whom. */
function told(): Told[] {
  return saidIn(context.takeEffects()).flatMap(({ to, ...message }) =>
    message.type === "plan" ? [{ to, plan: message }] : [],
  );
}

/** Everybody acknowledges what it was told; returns that. */
function acknowledged(): Told[] {
  const all = told();
  for (const { to, plan } of all) assignment.onAck(to, plan.revision);
  return all;
}

/** Sources by receiver, of what was told. */
function sourcesIn(all: readonly Told[]): Record<number, readonly number[]> {
  return Object.fromEntries(all.map(({ to, plan }) => [to, plan.sources]));
}

/** A receiver says that of a neighbour of its own, a second later. */
function complain(
  from: number,
  about: number,
  kind: TroubleKind = "slow",
  bytesPerSecond = 0,
): Told[] {
  context.now += 1_000;
  const rates = { bytesPerSecond, offeredBytesPerSecond: 1_000 };
  assignment.onTrouble(from, { type: "trouble", number: about, kind, ...rates });
  return acknowledged();
}

/** Let time pass, with nobody acknowledging anything. */
function pass(until: number): { readonly at: number; readonly to: number }[] {
  const all: { readonly at: number; readonly to: number }[] = [];
  for (let due = assignment.deadline(); due !== undefined && due <= until; ) {
    context.now = due;
    assignment.onTick();
    for (const { to } of told()) all.push({ at: due, to });
    const next = assignment.deadline();
    if (next !== undefined && next <= due) throw new Error(`a tick is due again at ${due}`);
    due = next;
  }
  context.now = until;
  return all;
}

function start(peerCount: number, kind?: PlanKind): void {
  make(peerCount, kind);
  assignment.start();
  acknowledged();
}

describe("the plan", () => {
  test("is told to every receiver: its sources, and its neighbours with their addresses", () => {
    make(4);
    assignment.start();
    expect(told()).toEqual([
      { to: 1, plan: { type: "plan", revision: 1, sources: [0], peers: peers(0, 2) } },
      { to: 2, plan: { type: "plan", revision: 1, sources: [1], peers: peers(1, 3) } },
      { to: 3, plan: { type: "plan", revision: 1, sources: [2], peers: peers(2) } },
    ]);
    // The root must know whom it feeds, too.
    expect(met).toEqual([1]);
  });

  test("names a source for every stripe, and each neighbour once", () => {
    make(6, "double-tree");
    assignment.start();
    for (const { to, plan } of told()) {
      expect(plan.sources).toEqual(assignment.placement.sourcesOf(to));
      expect(plan.sources).toHaveLength(2);
      const numbers = plan.peers.map(({ number }) => number);
      expect(new Set(numbers).size).toBe(numbers.length);
      expect(numbers).toEqual(expect.arrayContaining([...new Set(plan.sources)]));
    }
  });
});

describe("a change of places", () => {
  test("is told to those only who have other neighbours, with the next revision", () => {
    start(6);
    const news = complain(2, 3);
    // 2 feeds 4 now, and 5 has the demoted 3 below it.
    expect(sourcesIn(news)).toEqual({ 2: [1], 3: [5], 4: [2], 5: [4] });
    for (const { plan } of news) expect(plan.revision).toBe(2);
    expect(assignment.placement.leaves).toEqual([3]);
  });

  test("is not told to who only loses a sink: that one goes by itself", () => {
    start(4);
    assignment.remove(3);
    expect(told()).toEqual([]);
  });

  test("after a peer has gone closes the gap, and says nothing to who has gone", () => {
    start(5);
    assignment.remove(2);
    expect(sourcesIn(told())).toEqual({ 1: [0], 3: [1] });
    assignment.remove(2);
    expect(told()).toEqual([]);
    expect(pass(context.now + 5_000).map(({ to }) => to)).not.toContain(2);
  });

  test("that makes a receiver the root's neighbour is known to the root", () => {
    start(3);
    assignment.remove(1);
    expect(sourcesIn(told())).toEqual({ 2: [0] });
    expect(met).toContain(2);
  });

  test("is told to the user", () => {
    start(4);
    context.now = 1_000;
    const rates = { bytesPerSecond: 5, offeredBytesPerSecond: 1_000 };
    assignment.onTrouble(1, { type: "trouble", number: 2, kind: "slow", ...rates });
    expect(stepsIn(context.takeEffects())).toEqual([{ type: "demoted", number: 2 }]);
  });
});

describe("a source that is said to withhold chunks", () => {
  beforeEach(() => start(8));

  /** They all say so at once, 2 s later, and the root thinks about it. */
  function allSay(...pairs: readonly [sink: number, source: number][]): void {
    context.now += 2_000;
    for (const [from, number] of pairs) {
      const rates = { bytesPerSecond: 0, offeredBytesPerSecond: 0 };
      assignment.onTrouble(from, { type: "trouble", number, kind: "withholding", ...rates });
    }
    context.now = assignment.deadline() ?? context.now;
    assignment.onTick();
    acknowledged();
  }

  test("becomes the last in line, and of those below it nobody, whom it leaves without as well", () => {
    allSay([7, 6], [6, 5], [5, 4], [4, 3]);
    expect(assignment.placement.line).toEqual([0, 1, 2, 4, 5, 6, 7, 3]);
    expect(assignment.placement.leaves).toEqual([]);
  });

  test("is not moved when who says so was believed before: that is a liar, and next", () => {
    allSay([4, 3]);
    allSay([4, 2]);
    expect(assignment.placement.line).toEqual([0, 1, 2, 5, 6, 7, 3, 4]);
  });

  test("is moved behind its sink, when both are suspects: only they depend on each other", () => {
    allSay([4, 3]);
    allSay([2, 1]);
    expect(assignment.placement.suspects).toEqual([3, 1]);
    allSay([1, 3]);
    allSay([3, 1]);
    allSay([1, 3]);
    expect(assignment.placement.line).toEqual([0, 2, 4, 5, 6, 7, 1, 3]);
  });

  test("feeds no leaf", () => {
    allSay([4, 3]);
    context.now += 2_000;
    complain(5, 6);
    expect(assignment.placement.sourcesOf(6)).toEqual([7]);
  });

  test("is not moved for what a new leaf says, which may be ahead of it, but later", () => {
    complain(5, 4);
    expect(assignment.placement.sourcesOf(4)).toEqual([7]);
    allSay([4, 7]);
    expect(assignment.placement.suspects).toEqual([]);
    context.now += 3_000;
    allSay([4, 7]);
    expect(assignment.placement.suspects).toEqual([7]);
  });

  test("becomes a leaf in a plan whose last one feeds others", () => {
    start(9, "k-ary");
    allSay([5, 1]);
    expect(assignment.placement.leaves).toEqual([1]);
  });

  test("is not moved when all stand still because the root sends nothing", () => {
    allSay([3, 2], [2, 1], [1, 0]);
    expect(assignment.placement.line).toEqual(range(0, 8));
  });

  test("is not excused by what it says of the root, when the root has just sent it something", () => {
    const flow = { connection: -1, bytesOffered: 9, bytesLacked: 9, isSending: true };
    const review = (bytesSent: number) => assignment.review([{ number: 1, bytesSent, ...flow }], 9);
    review(1);
    context.now += 1_500;
    review(2);
    context.now -= 1_500;
    allSay([2, 1], [1, 0]);
    expect(assignment.placement.line).toEqual([0, 2, 3, 4, 5, 6, 7, 1]);
  });

  test("is not moved by one that says so twice, after it was believed: it counts as one", () => {
    allSay([4, 3]);
    allSay([4, 2], [4, 2]);
    expect(assignment.placement.line).toEqual([0, 1, 2, 5, 6, 7, 3, 4]);
  });

  test("is excused by what it said itself while places changed", () => {
    allSay([4, 3]);
    const movedAt = context.now;
    const say = (from: number, number: number): void => {
      const rates = { bytesPerSecond: 0, offeredBytesPerSecond: 0 };
      assignment.onTrouble(from, { type: "trouble", number, kind: "withholding", ...rates });
    };
    context.now = movedAt + 500;
    say(4, 2);
    context.now = movedAt + 1_600;
    say(5, 4);
    context.now = movedAt + 1_900;
    assignment.onTick();
    expect(assignment.placement.suspects).toEqual([3]);
  });

  test("is not moved when that is said of the root, or by whom it does not feed", () => {
    allSay([1, 0]);
    allSay([3, 4], [5, 2], [2, 2]);
    expect(assignment.placement.line).toEqual(range(0, 8));
  });
});

describe("trouble", () => {
  beforeEach(() => start(8));

  test("with a silent or a slow neighbour, above or below, moves that one to the leaves", () => {
    complain(2, 3, "slow");
    expect(assignment.placement.leaves).toEqual([3]);
    complain(6, 5, "silent");
    expect(assignment.placement.leaves).toEqual([3, 5]);
    // The root complains of its own sink in the same way.
    complain(0, 1, "silent");
    expect(assignment.placement.leaves).toEqual([3, 5, 1]);
  });

  test("is believed of who is next to the accused only", () => {
    for (const [from, about] of [
      [2, 4],
      [2, 0],
      [2, 77],
      [77, 2],
    ] as const)
      expect(complain(from, about)).toEqual([]);
    expect(assignment.placement.leaves).toEqual([]);
  });

  test("of a peer with itself is that it is slow: it becomes a leaf; that it is silent is nonsense", () => {
    expect(complain(2, 2, "silent")).toEqual([]);
    expect(complain(2, 2, "slow")).not.toEqual([]);
    expect(assignment.placement.leaves).toEqual([2]);
  });

  test("of a peer with itself is not heeded in a tree of four children, where none can keep up", () => {
    start(9, "k-ary");
    expect(complain(1, 1, "slow")).toEqual([]);
    expect(assignment.placement.leaves).toEqual([]);
  });

  test("with the root moves nobody", () => {
    expect(complain(1, 0, "silent")).toEqual([]);
    expect(assignment.placement.line).toEqual(range(0, 8));
  });

  test("with a peer that has just moved, or told by one that has, is old: it is not heeded", () => {
    complain(2, 3);
    context.now += 300;
    const rates = { bytesPerSecond: 0, offeredBytesPerSecond: 0 };
    // 4 is fed by 2 since then.
    assignment.onTrouble(2, { type: "trouble", number: 4, kind: "silent", ...rates });
    assignment.onTrouble(4, { type: "trouble", number: 2, kind: "silent", ...rates });
    expect(told()).toEqual([]);
    context.now += 700;
    assignment.onTrouble(4, { type: "trouble", number: 2, kind: "silent", ...rates });
    expect(assignment.placement.leaves).toEqual([3, 2]);
  });

  test("with two sinks as slow is the trouble of who tells it: they are pardoned, and it moves", () => {
    complain(2, 3);
    complain(2, 4);
    expect(assignment.placement.leaves).toEqual([2]);
    expect(assignment.placement.line).toEqual([0, 1, 4, 5, 6, 7, 3]);
  });

  test("with two sinks, one of them long ago, is theirs", () => {
    complain(2, 3);
    context.now += 5_000;
    complain(2, 4);
    expect(assignment.placement.leaves).toEqual([3, 4]);
  });

  test("of slowness moves fewer and fewer, when it is told again and again", () => {
    start(80);
    const times: number[] = [];
    for (let number = 2; number < 80; number += 2) {
      const before = assignment.placement.leaves.length;
      // Each by another neighbour, so that none is to blame for two.
      complain(number - 1, number);
      if (assignment.placement.leaves.length > before) times.push(context.now / 1_000);
    }
    expect(times).toEqual([1, 2, 3, 4, 6, 10, 18, 34]);
    // Silence is not guessed: a dead peer moves at any time.
    const [silent = 0] = assignment.placement.line.slice(-1);
    complain(silent - 1, silent, "silent");
    expect(assignment.placement.leaves).toContain(silent);
    context.now += 40_000;
    const [, , , one = 0, other = 0] = assignment.placement.line;
    complain(one, other);
    expect(assignment.placement.leaves).toContain(other);
  });

  test("with many who are slow, but not by half, is that of what they share", () => {
    complain(1, 2, "slow", 700);
    complain(5, 6, "slow", 700);
    expect(assignment.placement.leaves).toEqual([2, 6]);
    expect(complain(3, 4, "slow", 700)).toEqual([]);
    complain(3, 4, "slow", 400);
    expect(assignment.placement.leaves).toEqual([2, 6, 4]);
  });

  test("with two silent sinks is theirs, as long as they do not answer the root either", () => {
    context.now += 1_000;
    const rates = { bytesPerSecond: 0, offeredBytesPerSecond: 0 };
    assignment.onTrouble(2, { type: "trouble", number: 3, kind: "silent", ...rates });
    for (const { to, plan } of told()) if (to !== 3) assignment.onAck(to, plan.revision);
    complain(2, 4, "silent");
    expect(assignment.placement.leaves).toEqual([3, 4]);
  });

  // A host that stood still for 0.7 s of each second had all others made leaves, one after the other.
  test("with two silent neighbours, of which the first answers the root, is the trouble of who tells it", () => {
    complain(2, 1, "silent");
    expect(assignment.placement.leaves).toEqual([1]);
    complain(2, 3, "silent");
    expect(assignment.placement.leaves).toEqual([2]);
    expect(assignment.placement.line).toEqual([0, 3, 4, 5, 6, 7, 1]);
    // It hangs below the last in line, and is not believed there either.
    complain(2, 1, "silent");
    expect(assignment.placement.leaves).toEqual([2]);
    expect(assignment.placement.line).toEqual([0, 3, 4, 5, 6, 7, 1]);
  });

  test("with a neighbour and with the root, which is there, is the trouble of who tells it", () => {
    complain(1, 0, "silent");
    expect(assignment.placement.leaves).toEqual([]);
    complain(1, 2, "silent");
    expect(assignment.placement.leaves).toEqual([1]);
  });

  test("that the root is slow is none, and keeps nobody from being heard about slow peers", () => {
    const rates = { bytesPerSecond: 0, offeredBytesPerSecond: 1_000 };
    context.now += 1_000;
    assignment.onTrouble(1, { type: "trouble", number: 0, kind: "slow", ...rates });
    assignment.onTrouble(0, { type: "trouble", number: 0, kind: "slow", ...rates });
    assignment.onTrouble(4, { type: "trouble", number: 5, kind: "slow", ...rates });
    expect(assignment.placement.leaves).toEqual([5]);
  });

  test("with a slow neighbour, and with another that is silent, is theirs", () => {
    complain(2, 3, "slow");
    complain(2, 4, "silent");
    expect(assignment.placement.leaves).toEqual([3, 4]);
  });

  test("that was told by who is silent itself brings back those who are there, and nobody else", () => {
    context.now += 1_000;
    const rates = { bytesPerSecond: 0, offeredBytesPerSecond: 0 };
    assignment.onTrouble(2, { type: "trouble", number: 3, kind: "silent", ...rates });
    for (const { to, plan } of told()) if (to !== 3) assignment.onAck(to, plan.revision);
    context.now += 1_000;
    assignment.onTrouble(2, { type: "trouble", number: 4, kind: "silent", ...rates });
    for (const { to, plan } of told()) if (to !== 3) assignment.onAck(to, plan.revision);
    context.now += 1_000;
    assignment.onTrouble(2, { type: "trouble", number: 5, kind: "silent", ...rates });
    expect(assignment.placement.leaves).toEqual([3, 2]);
    expect(assignment.placement.line).toEqual([0, 1, 5, 6, 7, 4]);
  });

  test("with the root's own sinks is theirs, however many are slow: it has no other place", () => {
    complain(0, 1);
    complain(0, 2);
    complain(0, 3);
    expect(assignment.placement.line).toEqual([0, 4, 5, 6, 7]);
    expect(assignment.placement.leaves).toEqual([1, 2, 3]);
  });

  test("with a slow leaf is nothing: it is where it belongs, and who feeds it is not to blame", () => {
    complain(2, 3);
    complain(5, 6);
    expect(assignment.placement.leaves).toEqual([3, 6]);
    expect(complain(7, 3)).toEqual([]);
    expect(complain(7, 6)).toEqual([]);
    expect(assignment.placement.leaves).toEqual([3, 6]);
  });

  test("with a silent leaf is nothing to who feeds it, but to whom it feeds", () => {
    start(12);
    for (const number of range(1, 10)) complain(number === 1 ? 0 : number + 1, number, "silent");
    const leaves = range(1, 10);
    expect(assignment.placement.leaves).toEqual(leaves);
    expect(complain(11, 1, "silent")).toEqual([]);
    expect(assignment.placement.leaves).toEqual(leaves);
    // The ninth hangs below the first, and has called nobody silent for a while.
    context.now += 5_000;
    complain(9, 1, "silent");
    expect(assignment.placement.leaves).toEqual([...range(2, 10), 1]);
  });

  test("with who has left the plan is nothing any more", () => {
    assignment.remove(3);
    told();
    expect(complain(2, 3)).toEqual([]);
  });
});

test("a root that is the only source of one receiver has nobody to move", () => {
  start(2);
  expect(complain(0, 1)).toEqual([]);
  expect(assignment.placement.sourcesOf(1)).toEqual([0]);
});

test("slow peers come to rest among the leaves, and hardly anybody else with them", () => {
  const swarm = fc.record({
    kind: fc.constantFrom<PlanKind>("chain", "double-tree", "k-ary"),
    peerCount: fc.integer({ min: 4, max: 32 }),
    slow: fc.uniqueArray(fc.integer({ min: 1, max: 31 }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(swarm, ({ kind, peerCount, slow: drawn }) => {
      const slow = drawn.filter((number) => number < peerCount);
      start(peerCount, kind);
      const round = (): Told[] => {
        const sourcesOf = (number: number) => new Set(assignment.placement.sourcesOf(number));
        return slow.flatMap((number) =>
          [...sourcesOf(number)].flatMap((source) => complain(source, number)),
        );
      };
      for (const _ of range(0, 12)) round();
      expect(round()).toEqual([]);
      expect(assignment.placement.leaves).toEqual(expect.arrayContaining(slow));
      expect(assignment.placement.leaves.length).toBeLessThanOrEqual(2 * slow.length);
    }),
  );
});
