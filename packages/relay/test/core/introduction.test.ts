import { cubeNeighbours } from "@palmtree/topology";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Introduction } from "../../src/core/hypercube/introduction.js";
import type { PeerOptions } from "../../src/core/options.js";
import { makeContext, peer, peers, range, type Said, saidIn, takeFacts } from "./parts.js";

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
    introduction.onAck(1);
    said = [];
    pass(2_000);
    expect(new Set(said.map(({ to }) => to))).toEqual(new Set([2]));
    expect(said.length).toBeGreaterThan(2);
    expect(said[0]).toMatchObject({ revision: 1, number: 2 });
  });

  test("it is over with the last acknowledgement, and only then", () => {
    start(3);
    introduction.onAck(1);
    introduction.onAck(1);
    expect(isAcknowledged()).toBe(false);
    introduction.onAck(2);
    expect(isAcknowledged()).toBe(true);
    expect(introduction.silent).toEqual([]);
    expect(introduction.deadline()).toBeUndefined();
  });

  test("a peer that never acknowledges is given up after the time-out, and the others go on", () => {
    start(4, { neighboursTimeoutMs: 1_000 });
    introduction.onAck(1);
    introduction.onAck(3);
    pass(999);
    expect(isAcknowledged()).toBe(false);
    pass(1_000);
    expect(isAcknowledged()).toBe(true);
    expect(introduction.silent).toEqual([peer(2)]);
  });

  test("acknowledgements of nobody, and those that come too late, are ignored", () => {
    start(2, { neighboursTimeoutMs: 500 });
    introduction.onAck(0);
    introduction.onAck(77);
    pass(500);
    takeFacts(context);
    introduction.onAck(1);
    expect(takeFacts(context)).toEqual([]);
    expect(introduction.silent).toEqual([peer(1)]);
  });

  test("at most as many lists as the window are under way at first", () => {
    start(20, { introductionWindow: 5 });
    expect(said.map(({ to }) => to)).toEqual(range(1, 6));
    introduction.onAck(4);
    collect();
    expect(said.map(({ to }) => to)).toEqual(range(1, 7));
  });
});
