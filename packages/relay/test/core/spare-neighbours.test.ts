import type { PeerInfo } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Neighbourhood } from "../../src/core/hypercube/neighbourhood.js";
import { SpareNeighbours } from "../../src/core/hypercube/spare-neighbours.js";
import { Room } from "./harness.js";
import { makeContext, peer, peers, range, type Said, saidIn } from "./parts.js";

const interval = 2_500;
const nobodyIsUsed = (): boolean => false;

let context: Context;
let neighbourhood: Neighbourhood;
let spares: SpareNeighbours;
let probed: number[];

beforeEach(() => {
  context = makeContext({ introduceIntervalMs: interval }, 9);
  neighbourhood = new Neighbourhood();
  neighbourhood.list(peers(0, 1, 2), nobodyIsUsed);
  spares = new SpareNeighbours(context, neighbourhood);
  probed = [];
});

/** Let time pass until something is due, and do it. */
function passToNext(isUsed: (number: number) => boolean = nobodyIsUsed): void {
  context.now = spares.deadline() ?? Number.NaN;
  spares.onTick({ probe: ({ number }: PeerInfo) => probed.push(number), isUsed });
}

function said(): readonly Said[] {
  return saidIn(context.takeEffects());
}

describe("a receiver's spare neighbours", () => {
  test("are nobody's business before it is told to start, and after it is told to stop", () => {
    expect(spares.deadline()).toBeUndefined();
    spares.start();
    passToNext();
    spares.stop();
    expect(spares.deadline()).toBeUndefined();
    for (const number of [1, 2]) spares.heard(number);
    expect(said()).toEqual([]);
  });

  test("come from two that are drawn, asked, and introduced to each other when both are there", () => {
    spares.start();
    const due = spares.deadline() ?? 0;
    expect(due).toBeGreaterThanOrEqual(0.75 * interval);
    expect(due).toBeLessThanOrEqual(1.25 * interval);
    passToNext();
    expect(new Set(probed)).toEqual(new Set([1, 2]));
    spares.heard(1);
    spares.heard(1);
    expect(said()).toEqual([]);
    spares.heard(2);
    expect(said()).toEqual(
      expect.arrayContaining([
        { to: 1, type: "introduce", peer: peer(2) },
        { to: 2, type: "introduce", peer: peer(1) },
      ]),
    );
    spares.heard(1);
    expect(said()).toEqual([]);
  });

  test("are drawn again and again, and the root never is", () => {
    neighbourhood.list(peers(0, 1, 2, 3, 4), nobodyIsUsed);
    spares.start();
    for (let round = 0; round < 40; round += 1) passToNext();
    expect(new Set(probed)).toEqual(new Set([1, 2, 3, 4]));
    expect(context.now).toBeLessThan(21 * 1.25 * interval);
  });

  test("that twice do not answer are dismissed, unless the root named them or there is a link to them", () => {
    neighbourhood = new Neighbourhood();
    neighbourhood.list(peers(1), nobodyIsUsed);
    spares = new SpareNeighbours(context, neighbourhood);
    neighbourhood.introduce(peer(5), { by: 1, isUsed: nobodyIsUsed });
    neighbourhood.introduce(peer(6), { by: 1, isUsed: nobodyIsUsed });
    neighbourhood.introduce(peer(7), { by: undefined, isUsed: nobodyIsUsed });
    spares.start();
    for (let round = 0; round < 60; round += 1) {
      passToNext((number) => number === 6);
      if (neighbourhood.get(5) === undefined) continue;
      spares.heard(1);
    }
    expect(new Set(probed)).toEqual(new Set([1, 5, 6, 7]));
    expect(neighbourhood.numbers).toEqual([1, 6, 7]);
    expect(said()).toEqual([]);
  });

  test("stay when one datagram is lost, or when this peer itself was late", () => {
    neighbourhood = new Neighbourhood();
    neighbourhood.list(peers(1), nobodyIsUsed);
    neighbourhood.introduce(peer(5), { by: 1, isUsed: nobodyIsUsed });
    spares = new SpareNeighbours(context, neighbourhood);
    spares.start();
    for (let round = 0; round < 10; round += 1) {
      // Drawn, and judged: one of the two datagrams was lost.
      passToNext();
      passToNext();
      // Drawn, and long after that heard, since this peer has read nothing meanwhile.
      passToNext();
      context.now += 1_500;
      spares.forgive(1_500);
      spares.onTick({ probe: () => undefined, isUsed: nobodyIsUsed });
      for (const number of [1, 5]) spares.heard(number);
      expect(said()).toHaveLength(2);
    }
    expect(neighbourhood.get(5)).toEqual(peer(5));
  });

  test("that answer too late are introduced to nobody", () => {
    spares.start();
    passToNext();
    spares.heard(1);
    passToNext();
    spares.heard(2);
    expect(said()).toEqual([]);
  });

  test("are none where there is nobody to introduce", () => {
    neighbourhood = new Neighbourhood();
    neighbourhood.list(peers(0, 1), nobodyIsUsed);
    spares = new SpareNeighbours(context, neighbourhood);
    spares.start();
    for (let round = 0; round < 10; round += 1) {
      passToNext();
      spares.heard(1);
    }
    expect(said()).toEqual([]);
  });

  test("make every receiver know every other one that is there by and by", () => {
    const options = { introduceIntervalMs: 1_500 };
    const room = new Room({
      receivers: 12,
      chunkCount: 4,
      options,
      invite: { timeoutMs: 600_000 },
    });
    // A transfer that goes on: nothing is ever on disk.
    room.hold = (_, effect) => effect.type === "store-chunk";
    room.start();
    const known = (place: number): readonly number[] =>
      room.member(place).relay.neighbourhood.numbers.filter((number) => number !== 0);
    const places = range(1, 13);
    room.pass(100);
    expect(Math.max(...places.map((place) => known(place).length))).toBeLessThan(8);
    room.pass(120_000);
    for (const place of places) expect(known(place)).toHaveLength(11);
  });
});
