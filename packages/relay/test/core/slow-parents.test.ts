import { beforeEach, describe, expect, test } from "vitest";
import type { Standing } from "../../src/core/completion/verdicts.js";
import type { Context } from "../../src/core/context.js";
import { SlowParents } from "../../src/core/tree/slow-parents.js";
import { makeContext, peer, saidIn, stepsIn } from "./parts.js";

const chunkCount = 10_000;
const chunkSizeBytes = 1_024;

/** A receiver that takes so many chunks a second from that parent. */
interface Receiver {
  readonly number: number;
  parent: number;
  rate: number;
  chunksHeld?: number;
  hasEnded?: boolean;
  /** What it comes to hold was on its disk: the root sends it nothing. */
  isResuming?: boolean;
}

let context: Context;
/** Of whom the user was told. */
let demoted: number[];
let slowParents: SlowParents;

beforeEach(() => {
  context = makeContext();
  demoted = [];
  produced = chunkCount;
  slowParents = new SlowParents(context);
  slowParents.start({ strategy: "tree", fanout: 4 });
});

function standingOf({ number, parent, chunksHeld = 0, hasEnded = false }: Receiver): Standing {
  const result = { address: "", number, status: "complete", bytes: 0, seconds: 0 } as const;
  return {
    peer: peer(number),
    entry: { number, parent, chunksHeld },
    result: hasEnded ? result : undefined,
  };
}

/** Chunks that there are. */
let produced: number;

/** @returns who is told to leave whom in these seconds: `3 leaves 1` */
function pass(seconds: number, receivers: readonly Receiver[]): string[] {
  const until = context.now + seconds * 1_000;
  const told: string[] = [];
  for (
    let due = slowParents.deadline() ?? until;
    due <= until;
    due = slowParents.deadline() ?? due
  ) {
    for (const receiver of receivers) {
      const more = Math.round((receiver.rate * (due - context.now)) / 1_000);
      receiver.chunksHeld = Math.min(chunkCount, (receiver.chunksHeld ?? 0) + more);
    }
    context.now = due;
    const fed = receivers.filter(({ parent, isResuming }) => parent === 0 && isResuming !== true);
    slowParents.onTick(() => ({
      standings: receivers.map(standingOf),
      flows: fed.map(({ number, chunksHeld = 0 }) => ({
        connection: number,
        bytesSent: chunksHeld * chunkSizeBytes,
      })),
      extent: { chunkCount, chunkSizeBytes, held: { count: produced } },
    }));
    const effects = context.takeEffects();
    for (const said of saidIn(effects))
      if (said.type === "reparent") told.push(`${said.to} leaves ${said.parent}`);
    for (const step of stepsIn(effects)) if (step.type === "demoted") demoted.push(step.number);
  }
  return told;
}

/** Three that get on, below the root. */
const others = (): Receiver[] => [2, 3, 4].map((number) => ({ number, parent: 0, rate: 100 }));

describe("children leave their parent", () => {
  test("when it is slow, and its siblings are not; the user is told once", () => {
    const receivers = [
      ...others(),
      { number: 1, parent: 0, rate: 20 },
      { number: 5, parent: 1, rate: 10 },
      { number: 6, parent: 1, rate: 10 },
    ];
    expect(pass(4, receivers)).toEqual(["5 leaves 1", "6 leaves 1"]);
    expect(pass(10, receivers)).not.toEqual([]);
    expect(demoted).toEqual([1]);
  });

  test("when it gets on, and all that hang below it together get less than one should", () => {
    const receivers = [
      ...others(),
      { number: 5, parent: 2, rate: 25 },
      { number: 6, parent: 2, rate: 25 },
    ];
    expect(pass(4, receivers)).toEqual(["5 leaves 2", "6 leaves 2"]);
  });

  test("when it was slow below its former parent too, once that is known", () => {
    const slow = { number: 5, parent: 2, rate: 20 };
    const receivers = [...others(), slow, { number: 6, parent: 5, rate: 10 }];
    expect(pass(4, receivers)).toEqual(["5 leaves 2"]);
    slow.parent = 3;
    // Who hangs below it moves with it: it may well be faster there.
    expect(pass(3, receivers)).toEqual([]);
    expect(pass(3, receivers)).toContain("6 leaves 5");
  });

  test("also when all others have everything: they keep the rate that they had", () => {
    const slow = { number: 1, parent: 0, rate: 20 };
    const below = { number: 5, parent: 2, rate: 90 };
    const receivers: Receiver[] = [...others(), slow, below];
    expect(pass(5, receivers)).toEqual([]);
    // Two of them are still moving into place what they have.
    for (const receiver of receivers.slice(0, 3)) receiver.chunksHeld = chunkCount;
    (receivers[0] as Receiver).hasEnded = true;
    below.parent = 1;
    below.rate = 20;
    expect(pass(6, receivers)).toContain("5 leaves 1");
  });

  test("and are told again, ever more rarely, as long as they have not", () => {
    const receivers = [
      ...others(),
      { number: 1, parent: 0, rate: 20 },
      { number: 5, parent: 1, rate: 10 },
    ];
    expect(pass(60, receivers)).toHaveLength(5);
  });

  test("32 at one look at most: each needs a place", () => {
    const below = Array.from({ length: 40 }, (_, index) => ({
      number: 10 + index,
      parent: 1,
      rate: 8,
    }));
    const receivers = [...others(), { number: 1, parent: 0, rate: 20 }, ...below];
    receivers.push(...below.map(({ number }) => ({ number: number + 100, parent: 0, rate: 100 })));
    expect(pass(4, receivers)).toHaveLength(32);
  });
});

describe("nobody leaves", () => {
  test("because of what others had on their disks, which came over no link", () => {
    const resuming = { number: 1, parent: 0, rate: 1_000, isResuming: true };
    const below = [5, 6].map((number) => ({ number, parent: 2, rate: 80 }));
    expect(pass(20, [...others(), resuming, ...below])).toEqual([]);
  });

  test("while it holds nearly all that there is, and only a latecomer gets more in that time", () => {
    produced = 8_000;
    const latecomer = { number: 1, parent: 0, rate: 400 };
    const atTheFront = [2, 3].map((number) => ({ number, parent: 0, rate: 20, chunksHeld: 7_800 }));
    const below = [5, 6].map((number) => ({ number, parent: 2, rate: 20, chunksHeld: 7_799 }));
    const receivers = [latecomer, ...atTheFront, ...below];
    for (let second = 0; second < 10; second += 1) {
      produced = (atTheFront[0]?.chunksHeld ?? 0) + 10;
      expect(pass(1, receivers)).toEqual([]);
    }
  });

  test("a parent whose other children got on, and have everything by now", () => {
    const done = { number: 5, parent: 2, rate: 100, chunksHeld: chunkCount - 500 };
    expect(pass(30, [...others(), done, { number: 6, parent: 2, rate: 20 }])).toEqual([]);
  });

  test("more than two parents that get on, if it is slow itself, and nobody is shown as slow", () => {
    const slow = { number: 6, parent: 2, rate: 20 };
    const receivers = [...others(), slow];
    const told: string[] = [];
    for (const parent of [3, 4, 2, 3]) {
      told.push(...pass(20, receivers));
      slow.parent = parent;
    }
    expect(new Set(told)).toEqual(new Set(["6 leaves 2"]));
    expect(demoted).toEqual([]);
  });

  test("because news of it comes later from further down, after a pause of the source", () => {
    const upper = others();
    const lower = [5, 6, 7].map((number) => ({ number, parent: number - 3, rate: 100 }));
    const receivers: Receiver[] = [...upper, ...lower];
    expect(pass(5, receivers)).toEqual([]);
    for (const receiver of receivers) receiver.rate = 0;
    expect(pass(5, receivers)).toEqual([]);
    for (const receiver of upper) receiver.rate = 60;
    expect(pass(1, receivers)).toEqual([]);
    for (const receiver of receivers) receiver.rate = 100;
    expect(pass(20, receivers)).toEqual([]);
  });

  test("a parent that divides what it has among many", () => {
    const below = [5, 6, 7, 8].map((number) => ({ number, parent: 2, rate: 25 }));
    expect(pass(20, [...others(), ...below])).toEqual([]);
  });

  test("a parent whose other children get on: the slow child has itself to blame", () => {
    const receivers = [
      ...others(),
      { number: 5, parent: 2, rate: 90 },
      { number: 6, parent: 2, rate: 5 },
    ];
    expect(pass(20, receivers)).toEqual([]);
  });

  test("a parent that is slow because its own parent is: it moves with it", () => {
    const receivers = [
      ...others(),
      { number: 1, parent: 0, rate: 20 },
      { number: 5, parent: 1, rate: 20 },
      { number: 6, parent: 5, rate: 20 },
    ];
    expect(pass(4, receivers)).toEqual(["5 leaves 1"]);
  });

  test("where all are as slow, or the source gives nothing for a while", () => {
    const receivers = [...others(), { number: 5, parent: 2, rate: 80 }];
    expect(pass(5, receivers)).toEqual([]);
    for (const receiver of receivers) receiver.rate = 0;
    expect(pass(30, receivers)).toEqual([]);
    for (const receiver of receivers) receiver.rate = 30;
    expect(pass(30, receivers)).toEqual([]);
  });

  test("for the sake of the last few chunks", () => {
    const slow = { number: 1, parent: 0, rate: 20, chunksHeld: chunkCount - 110 };
    const below = { number: 5, parent: 1, rate: 20, chunksHeld: chunkCount - 110 };
    expect(pass(6, [...others(), slow, below])).toEqual([]);
  });

  test("the root, which no other can replace", () => {
    expect(pass(20, [...others(), { number: 1, parent: 0, rate: 5 }])).toEqual([]);
  });
});
