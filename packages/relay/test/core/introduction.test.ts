import { cubeNeighbours } from "@palmtree/topology";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Introduction } from "../../src/core/hypercube/introduction.js";
import type { PeerOptions } from "../../src/core/options.js";
import { address, makeContext, peer, peers, range, type Said, saidIn, takeFacts } from "./parts.js";

let context: Context;
let introduction: Introduction;
let said: Said[];
beforeEach(() => {
  said = [];
});

/** Introduce the peers 0 to `count` - 1. */
function start(count: number, options: Partial<PeerOptions> = {}): void {
  context = makeContext(options);
  const { neighboursTimeoutMs } = context.options;
  introduction = new Introduction(context, peers(...range(0, count)), neighboursTimeoutMs);
  introduction.start();
  collect();
}

function collect(): void {
  said.push(...saidIn(context.takeEffects()));
}

function pass(until: number): void {
  for (let due = introduction.deadline(); due !== undefined && due <= until; ) {
    context.now = due;
    introduction.onTick();
    due = introduction.deadline();
  }
  context.now = until;
  collect();
}

function isAcknowledged(): boolean {
  return takeFacts(context).some(({ type }) => type === "neighbours-acknowledged");
}

describe("Introduction", () => {
  test("every peer but the root is told its own number and its neighbours in the hypercube", () => {
    start(7);
    expect(said.map(({ to }) => to)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const message of said) {
      expect(message).toEqual({
        to: message.to,
        type: "neighbours",
        revision: 1,
        number: message.to,
        peerCount: 7,
        neighbours: peers(...cubeNeighbours(message.to, 7)),
      });
    }
  });

  test("who is whose neighbour is mutual, and the root knows its own", () => {
    start(9);
    const listed = (number: number): number[] =>
      introduction.neighboursOf(number).map((neighbour) => neighbour.number);
    for (const one of range(0, 9))
      for (const other of listed(one)) expect(listed(other)).toContain(one);
    expect(listed(0)).toEqual([...cubeNeighbours(0, 9)]);
  });

  test("an unacknowledged list is sent again, an acknowledged one is not", () => {
    start(3);
    introduction.onAck(1, 1, address(1));
    said = [];
    pass(2_000);
    expect(new Set(said.map(({ to }) => to))).toEqual(new Set([2]));
    expect(said.length).toBeGreaterThan(2);
    expect(said[0]).toMatchObject({ revision: 1, number: 2 });
  });

  test("it is over with the last acknowledgement, and only then", () => {
    start(3);
    introduction.onAck(1, 1, address(1));
    introduction.onAck(1, 1, address(1));
    expect(isAcknowledged()).toBe(false);
    introduction.onAck(2, 1, address(2));
    expect(isAcknowledged()).toBe(true);
    expect(introduction.silent).toEqual([]);
    expect(introduction.deadline()).toBeUndefined();
  });

  test("a peer that never acknowledges is given up after the time-out, and the others go on", () => {
    start(4, { neighboursTimeoutMs: 1_000 });
    introduction.onAck(1, 1, address(1));
    introduction.onAck(3, 1, address(3));
    pass(999);
    expect(isAcknowledged()).toBe(false);
    pass(1_000);
    expect(isAcknowledged()).toBe(true);
    expect(introduction.silent).toEqual([peer(2)]);
  });

  test("acknowledgements of nobody, and those that come too late, are ignored", () => {
    start(2, { neighboursTimeoutMs: 500 });
    introduction.onAck(0, 1, address(0));
    introduction.onAck(77, 1, address(77));
    pass(500);
    takeFacts(context);
    introduction.onAck(1, 1, address(1));
    expect(takeFacts(context)).toEqual([]);
    expect(introduction.silent).toEqual([peer(1)]);
  });

  describe("a latecomer", () => {
    /** Everybody but the root of `count` peers has acknowledged; what was said is forgotten. */
    function settle(count: number): void {
      start(count);
      for (const number of range(1, count)) introduction.onAck(number, 1, address(number));
      takeFacts(context);
      collect();
      said = [];
    }

    function admit(number: number): void {
      introduction.admit(address(number), peer(number).id);
      collect();
    }

    test("is told its number and its neighbours, and nobody is told of it before it acknowledges", () => {
      settle(9);
      admit(9);
      expect(said).toMatchObject([{ to: 9, revision: 1, number: 9, peerCount: 10 }]);
      said = [];
      introduction.onAck(9, 1, address(9));
      collect();
      expect(takeFacts(context)).toEqual([{ type: "newcomer-introduced", peer: peer(9) }]);
      const neighbours = cubeNeighbours(9, 10).filter((number) => number !== 0);
      expect(new Set(said.map(({ to }) => to))).toEqual(new Set(neighbours));
      for (const message of said) {
        expect(message).toMatchObject({ type: "neighbours", revision: 2, number: message.to });
        expect("neighbours" in message && message.neighbours).toContainEqual(peer(9));
      }
    });

    test("has the root among its neighbours, in whatever corner of the cube it is", () => {
      for (const count of range(2, 20)) {
        settle(count);
        admit(count);
        const [list] = said;
        const known = list?.type === "neighbours" ? list.neighbours : [];
        expect(known.filter(({ number }) => number === 0)).toHaveLength(1);
      }
    });

    test("that fills the cube up to the next dimension brings new lists to all who gain a neighbour by that", () => {
      settle(15);
      admit(15);
      introduction.onAck(15, 1, address(15));
      collect();
      const told = new Map(said.map((message) => [message.to, message]));
      expect(told.size).toBeGreaterThan(9);
      for (const number of range(1, 15)) {
        const before = cubeNeighbours(number, 15);
        const now = cubeNeighbours(number, 16);
        const gains = now.some((neighbour) => !before.includes(neighbour));
        const expected = { revision: 2, peerCount: 16, neighbours: peers(...now) };
        if (gains) expect(told.get(number)).toMatchObject(expected);
        else expect(told.has(number)).toBe(false);
      }
    });

    test("leaves who is whose neighbour mutual, whatever n it makes", () => {
      settle(2);
      for (const number of range(2, 70)) {
        admit(number);
        introduction.onAck(number, 1, address(number));
        for (const one of range(1, number + 1))
          for (const { number: other } of introduction.neighboursOf(one))
            if (other !== 0) expect(introduction.neighboursOf(other)).toContainEqual(peer(one));
      }
    });

    test("that never acknowledges leaves its number to the next one", () => {
      settle(4);
      admit(44);
      expect(introduction.numberOf(peer(44).id)).toBe(4);
      expect(introduction.newcomerCount).toBe(1);
      pass(context.now + 5_000);
      expect(introduction.numberOf(peer(44).id)).toBeUndefined();
      expect(introduction.newcomerCount).toBe(0);
      expect(takeFacts(context)).toEqual([{ type: "newcomer-lost", address: address(44) }]);
      said = [];
      admit(45);
      expect(said).toMatchObject([{ number: 4, peerCount: 5 }]);
      pass(context.now + 300);
      introduction.onAck(4, 2, address(45));
      expect(takeFacts(context)).toMatchObject([{ peer: { number: 4, address: address(45) } }]);
    });

    test("is not told of peers that have failed, nor of latecomers that have not acknowledged yet", () => {
      settle(8);
      introduction.forget(1);
      admit(8);
      admit(9);
      const lists = said.map((message) =>
        message.type === "neighbours" ? message.neighbours.map(({ number }) => number) : [],
      );
      expect(lists.flat()).not.toContain(1);
      expect(lists.flat()).not.toContain(8);
    });

    test("makes an acknowledgement of an earlier list stand for that one only", () => {
      settle(4);
      admit(4);
      introduction.onAck(4, 1, address(4));
      introduction.onAck(3, 1, address(3));
      collect();
      said = [];
      pass(context.now + 400);
      expect(said.map(({ to }) => to)).toContain(3);
      introduction.onAck(3, 2, address(3));
      said = [];
      pass(context.now + 2_000);
      expect(said.map(({ to }) => to)).not.toContain(3);
    });
  });

  test("at most as many lists as the window are under way at first", () => {
    start(20, { introductionWindow: 5 });
    expect(said.map(({ to }) => to)).toEqual(range(1, 6));
    introduction.onAck(4, 1, address(4));
    collect();
    expect(said.map(({ to }) => to)).toEqual(range(1, 7));
  });
});
