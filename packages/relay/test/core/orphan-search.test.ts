import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { OrphanSearch } from "../../src/core/tree/orphan-search.js";
import { makeContext, peer, range } from "./parts.js";

let context: Context;
let search: OrphanSearch;
beforeEach(() => {
  context = makeContext({ orphanRetryMs: 100, orphanRounds: 8, blameMs: 1_000 });
  search = new OrphanSearch(context);
});

/** Wait until the next round is due, and draw it. */
function nextRound(neighbours: readonly number[]) {
  context.now = search.deadline() ?? context.now;
  return search.nextRound(neighbours);
}

describe("OrphanSearch", () => {
  test("begins about when it is told to, and no later when it is told again", () => {
    search.beginWithin(1_000);
    const due = search.deadline() as number;
    expect(due).toBeGreaterThanOrEqual(750);
    expect(due).toBeLessThanOrEqual(1_250);
    search.beginWithin(1e6);
    expect(search.deadline()).toBe(due);
    context.now = due - 1;
    expect(search.isDue).toBe(false);
    context.now = due;
    expect(search.isDue).toBe(true);
  });

  test("asks two neighbours at a time, other ones by and by, with pauses up to four times the first", () => {
    context = makeContext({ orphanRetryMs: 100, orphanRounds: 1_000 });
    search = new OrphanSearch(context);
    const asked = new Set<number>();
    const pauses: number[] = [];
    for (let round = 0; round < 100; round += 1) {
      const drawn = nextRound(range(1, 9)).asked;
      expect(new Set(drawn).size).toBe(2);
      for (const number of drawn) asked.add(number);
      pauses.push((search.deadline() as number) - context.now);
    }
    expect(asked).toEqual(new Set(range(1, 9)));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(75);
    expect(Math.max(...pauses)).toBeGreaterThan(375);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(500);
  });

  test("comes back to both ends of its last referral, beside the two that it draws", () => {
    search.follow(3, peer(8));
    search.follow(7, peer(8));
    for (let round = 0; round < 5; round += 1) {
      const { asked } = nextRound(range(1, 9));
      expect(asked.slice(0, 2)).toEqual([7, 8]);
      expect(new Set(asked).size).toBe(4);
    }
  });

  test("asks the root too in each round, once it has asked in vain for long and until it has a parent", () => {
    const neighbours = range(0, 9);
    for (let round = 0; round < 8; round += 1)
      expect(nextRound(range(1, 9)).isHopeless).toBe(false);
    expect(nextRound(range(1, 9)).isHopeless).toBe(true);
    for (let round = 0; round < 20; round += 1)
      expect(nextRound(neighbours).asked.filter((number) => number === 0)).toEqual([0]);
    search.end();
    const firsts = Array.from({ length: 20 }, () => {
      const { asked } = nextRound(neighbours);
      search.end();
      return asked;
    });
    expect(firsts.every((numbers) => numbers.includes(0))).toBe(false);
  });

  test("asks the root too from the second round on, once it has had a parent", () => {
    const rootless = range(1, 9);
    const firstRounds = Array.from({ length: 8 }, () => nextRound(rootless).asksRoot);
    expect(firstRounds).not.toContain(true);
    search.end();
    expect(nextRound(rootless)).toMatchObject({ asksRoot: true, isHopeless: false });
    for (let round = 0; round < 5; round += 1) expect(nextRound(range(0, 9)).asked[0]).toBe(0);
  });

  test("follows a walk of referrals at once, but not one that goes in circles", () => {
    const walked = range(1, 600).filter((step) => search.follow(step, peer(step + 1)));
    expect(walked).toEqual(range(1, 513));
    nextRound(range(1, 9));
    const circled = range(0, 600).filter((step) =>
      search.follow(1 + (step % 2), peer(2 - (step % 2))),
    );
    expect(circled).toEqual([0, 1]);
    nextRound(range(1, 9));
    expect(search.follow(1, peer(2))).toBe(true);
  });

  test("asks nobody that has left, that is blamed, or that is no neighbour any more", () => {
    search.depart(1);
    search.blame(2);
    search.follow(2, peer(9));
    expect(nextRound([1, 2, 3]).asked).toEqual([3]);
    context.now = 1_000;
    expect(search.isBlamed(2)).toBe(false);
    expect(new Set(search.nextRound([1, 2, 3]).asked)).toEqual(new Set([2, 3]));
  });

  test("is hopeless after eight rounds in vain, and then begins again", () => {
    const rounds = range(0, 18).map(() => nextRound([1, 2, 3]).isHopeless);
    expect(rounds.flatMap((isHopeless, place) => (isHopeless ? [place] : []))).toEqual([8, 17]);
  });

  // 47 orphans filled their root's link with questions, so that its answers came when slots had expired.
  test("asks ever more rarely as round upon round is in vain, until it has a parent", () => {
    const longestPause = (): number => {
      const pauses = range(0, 9).map(() => {
        nextRound([1, 2, 3]);
        return (search.deadline() as number) - context.now;
      });
      return Math.max(...pauses);
    };
    // The last of nine rounds begins anew, with twice the pause.
    for (const times of [1, 2, 4, 8, 8, 8]) {
      const longest = longestPause();
      expect(longest).toBeLessThanOrEqual(Math.max(times * 375, times * 2 * 156));
      expect(longest).toBeGreaterThan(times * 375 * 0.6);
    }
    search.end();
    expect(longestPause()).toBeLessThanOrEqual(375);
  });

  test("is hopeless at once when there is nobody to ask", () => {
    search.depart(1);
    expect(nextRound([1])).toEqual({ asked: [], asksRoot: true, isHopeless: true });
  });

  test("is not hopeless at once where the others are only blamed: it asks the root", () => {
    search.depart(1);
    search.blame(2);
    expect(nextRound([1, 2])).toEqual({ asked: [], asksRoot: true, isHopeless: false });
    expect(search.nextRound([0, 1, 2])).toEqual({ asked: [0], asksRoot: true, isHopeless: false });
  });

  test("has nothing due while somebody may become the parent, and forgets its trail when one has", () => {
    search.beginWithin(100);
    search.pause();
    expect(search.deadline()).toBeUndefined();
    expect(search.isDue).toBe(false);
    search.follow(1, peer(2));
    search.end();
    const drawn = range(0, 20).flatMap(() => [...nextRound(range(1, 50)).asked]);
    expect(drawn).toHaveLength(40);
    expect(drawn.filter((number) => number === 2).length).toBeLessThan(5);
  });
});
