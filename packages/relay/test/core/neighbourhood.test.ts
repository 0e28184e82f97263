import { beforeEach, describe, expect, test } from "vitest";
import { Neighbourhood } from "../../src/core/hypercube/neighbourhood.js";
import { Random } from "../../src/core/random.js";
import { address, peer, peers, range } from "./parts.js";

const nobodyIsUsed = (): boolean => false;
/** What a neighbour says. */
const byNeighbour = { by: 3, isUsed: nobodyIsUsed };
const byRoot = { by: undefined, isUsed: nobodyIsUsed };

let neighbourhood: Neighbourhood;
beforeEach(() => {
  neighbourhood = new Neighbourhood();
  neighbourhood.list(peers(3, 1, 2), nobodyIsUsed);
});

describe("Neighbourhood", () => {
  test("listed neighbours are known by number, id and address, in the order of the list", () => {
    expect(neighbourhood.numbers).toEqual([3, 1, 2]);
    expect(neighbourhood.size).toBe(3);
    expect(neighbourhood.get(1)).toEqual(peer(1));
    expect(neighbourhood.numberOf(peer(2).id)).toBe(2);
    expect(neighbourhood.addressOf(3)).toBe(address(3));
  });

  test("nobody else is known", () => {
    expect(neighbourhood.get(4)).toBeUndefined();
    expect(neighbourhood.numberOf(peer(4).id)).toBeUndefined();
    expect(neighbourhood.addressOf(4)).toBeUndefined();
  });

  test("a new list comes first; who was a neighbour before is kept like one that was introduced", () => {
    neighbourhood.introduce(peer(9), byNeighbour);
    neighbourhood.list(peers(1, 7), nobodyIsUsed);
    expect(neighbourhood.numbers).toEqual([1, 7, 3, 2, 9]);
    for (const number of range(100, 165)) neighbourhood.introduce(peer(number), byNeighbour);
    expect(neighbourhood.size).toBe(2 + 64);
    expect(neighbourhood.numberOf(peer(9).id)).toBeUndefined();
    expect(neighbourhood.numberOf(peer(1).id)).toBe(1);
  });

  test("whom only neighbours name pushes nobody out whom the root has named", () => {
    neighbourhood.list(peers(1, 7), nobodyIsUsed);
    for (const number of range(100, 300)) neighbourhood.introduce(peer(number), byNeighbour);
    for (const number of [1, 2, 3, 7]) expect(neighbourhood.get(number)).toEqual(peer(number));
    expect(neighbourhood.size).toBe(2 + 64);
  });

  test("who names more peers than fit pushes out its own, and not those that others named", () => {
    for (const number of range(10, 20))
      neighbourhood.introduce(peer(number), { ...byNeighbour, by: 1 });
    for (const number of range(100, 300)) neighbourhood.introduce(peer(number), byNeighbour);
    for (const number of range(10, 20)) expect(neighbourhood.get(number)).toEqual(peer(number));
    expect(neighbourhood.size).toBe(3 + 64);
    // Also after a new list.
    neighbourhood.list(peers(3, 1, 2), nobodyIsUsed);
    for (const number of range(300, 400)) neighbourhood.introduce(peer(number), byNeighbour);
    for (const number of range(10, 20)) expect(neighbourhood.get(number)).toEqual(peer(number));
  });

  test("a spare neighbour may be dismissed; one that the root named, or that is linked, is not", () => {
    neighbourhood.introduce(peer(8), byNeighbour);
    neighbourhood.introduce(peer(9), byNeighbour);
    neighbourhood.introduce(peer(10), byRoot);
    for (const number of [1, 8, 9, 10, 11]) neighbourhood.dismiss(number, (used) => used === 9);
    expect(neighbourhood.numbers).toEqual([3, 1, 2, 9, 10]);
    expect(neighbourhood.numberOf(peer(8).id)).toBeUndefined();
  });

  test("who has answered is not replaced by what another neighbour says, but by what the root does", () => {
    const lie = (number: number) => ({ number, id: `00000000000f${number}`, address: address(66) });
    neighbourhood.introduce(peer(2_000), byNeighbour);
    neighbourhood.introduce(peer(2_001), byNeighbour);
    neighbourhood.confirm(2_000);
    neighbourhood.list(peers(3, 1, 2), nobodyIsUsed);
    for (const number of [2_000, 2_001])
      neighbourhood.introduce(lie(number), { ...byNeighbour, by: 1 });
    expect(neighbourhood.get(2_000)).toEqual(peer(2_000));
    expect(neighbourhood.get(2_001)).toEqual(lie(2_001));
    neighbourhood.introduce(lie(2_000), { ...byNeighbour, by: 0 });
    expect(neighbourhood.get(2_000)).toEqual(lie(2_000));
  });

  test("those whom made-up peers name push out those of whoever named these", () => {
    for (const number of range(10, 20))
      neighbourhood.introduce(peer(number), { ...byNeighbour, by: 1 });
    for (const number of range(100, 300))
      neighbourhood.introduce(peer(number), {
        ...byNeighbour,
        by: number === 100 ? 2 : number - 1,
      });
    for (const number of range(10, 20)) expect(neighbourhood.get(number)).toEqual(peer(number));
  });

  test("to turn to are all whom the root named or who answered, and as many others", () => {
    for (const number of range(10, 40)) neighbourhood.introduce(peer(number), byNeighbour);
    for (const number of [10, 11]) neighbourhood.confirm(number);
    const drawn = neighbourhood.candidates(new Random(1));
    expect(drawn).toHaveLength(10);
    expect(drawn.slice(0, 5)).toEqual([3, 1, 2, 10, 11]);
  });

  test("a new list names another process where one had the number or the id before", () => {
    const restarted = { number: 3, id: "00000000000000ff", address: address(3) };
    neighbourhood.list([restarted, { ...peer(2), number: 8 }], nobodyIsUsed);
    expect(neighbourhood.get(3)).toEqual(restarted);
    expect(neighbourhood.numberOf(peer(3).id)).toBeUndefined();
    expect(neighbourhood.numberOf(peer(2).id)).toBe(8);
    expect(neighbourhood.get(2)).toBeUndefined();
  });

  test("a listed neighbour that was introduced before does not make room for a new one", () => {
    for (const number of range(100, 164)) neighbourhood.introduce(peer(number), byNeighbour);
    neighbourhood.list(peers(100, 1), nobodyIsUsed);
    for (const number of range(200, 264)) neighbourhood.introduce(peer(number), byNeighbour);
    expect(neighbourhood.get(100)).toEqual(peer(100));
    expect(neighbourhood.size).toBe(2 + 64);
  });

  test("an introduced peer is a neighbour from then on", () => {
    neighbourhood.introduce(peer(9), byNeighbour);
    expect(neighbourhood.numberOf(peer(9).id)).toBe(9);
    expect(neighbourhood.numbers).toEqual([3, 1, 2, 9]);
  });

  test("an introduction does not change what the root said of a neighbour", () => {
    neighbourhood.introduce(
      { number: 1, id: "00000000000000ff", address: address(66) },
      byNeighbour,
    );
    expect(neighbourhood.get(1)).toEqual(peer(1));
    expect(neighbourhood.numberOf("00000000000000ff")).toBeUndefined();
  });

  test("an introduction does not give a known neighbour's id to another number", () => {
    neighbourhood.introduce({ number: 8, id: peer(1).id, address: address(66) }, byNeighbour);
    expect(neighbourhood.numberOf(peer(1).id)).toBe(1);
    expect(neighbourhood.get(8)).toBeUndefined();
  });

  test("at most 64 introduced neighbours are kept: the oldest goes, the listed stay", () => {
    for (const number of range(100, 165)) neighbourhood.introduce(peer(number), byNeighbour);
    expect(neighbourhood.size).toBe(3 + 64);
    expect(neighbourhood.get(100)).toBeUndefined();
    expect(neighbourhood.numberOf(peer(100).id)).toBeUndefined();
    expect(neighbourhood.get(101)).toEqual(peer(101));
    expect(neighbourhood.get(164)).toEqual(peer(164));
    expect(neighbourhood.get(3)).toEqual(peer(3));
  });

  test("a neighbour to which there is a link does not make room for a new one", () => {
    const isUsed = (number: number): boolean => number === 100 || number === 101;
    for (const number of range(100, 165))
      neighbourhood.introduce(peer(number), { ...byNeighbour, isUsed });
    expect(neighbourhood.get(100)).toEqual(peer(100));
    expect(neighbourhood.get(101)).toEqual(peer(101));
    expect(neighbourhood.get(102)).toBeUndefined();
  });

  test("when all are in use, the new one is not taken", () => {
    for (const number of range(100, 165))
      neighbourhood.introduce(peer(number), { ...byNeighbour, isUsed: () => true });
    expect(neighbourhood.get(164)).toBeUndefined();
    expect(neighbourhood.size).toBe(3 + 64);
  });

  test("what a neighbour lied about an unused peer is corrected by the next who knows", () => {
    const lies = [
      { number: 9, id: peer(9).id, address: address(66) },
      { number: 9, id: "00000000000000ff", address: address(9) },
      { number: 8, id: peer(9).id, address: address(9) },
    ];
    for (const lie of lies) {
      neighbourhood.introduce(lie, byNeighbour);
      neighbourhood.introduce(peer(9), byNeighbour);
      expect(neighbourhood.get(9)).toEqual(peer(9));
      expect(neighbourhood.numberOf(peer(9).id)).toBe(9);
      expect(neighbourhood.size).toBe(4);
    }
  });

  test("of whom the root introduced no neighbour says anything else, also after a new list", () => {
    neighbourhood.introduce(peer(9), byRoot);
    const lie = { number: 9, id: "00000000000000ff", address: address(66) };
    neighbourhood.introduce(lie, byNeighbour);
    expect(neighbourhood.get(9)).toEqual(peer(9));
    neighbourhood.list(peers(1, 7), nobodyIsUsed);
    neighbourhood.introduce(lie, byNeighbour);
    neighbourhood.introduce({ ...lie, number: 3 }, byNeighbour);
    expect(neighbourhood.get(9)).toEqual(peer(9));
    expect(neighbourhood.get(3)).toEqual(peer(3));
  });

  test("a linked neighbour stays, whoever says something else", () => {
    neighbourhood.introduce(peer(9), byNeighbour);
    const isUsed = (number: number): boolean => number === 9;
    neighbourhood.introduce({ ...peer(9), address: address(66) }, { ...byRoot, isUsed });
    expect(neighbourhood.get(9)).toEqual(peer(9));
  });
});
