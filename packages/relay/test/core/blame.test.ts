import { type ControlMessage, makeKnock } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import { Accusations } from "../../src/core/blame/accusations.js";
import { Accuser } from "../../src/core/blame/accuser.js";
import type { Context } from "../../src/core/context.js";
import { Assignment } from "../../src/core/plan/assignment.js";
import type { Step } from "../../src/core/step.js";
import { Room } from "./harness.js";
import { address, makeContext, peer, peers, range, signedPage, stepsIn } from "./parts.js";

const bad = "protocol-violation";

describe("a receiver that has cut a neighbour off", () => {
  let context: Context;
  let accuser: Accuser;
  let told: { at: number; number: number; detail: string }[];
  beforeEach(() => {
    context = makeContext();
    told = [];
    accuser = new Accuser(context, ({ number, detail }) =>
      told.push({ at: context.now, number, detail }),
    );
  });

  function pass(until: number): void {
    for (
      let due = accuser.deadline();
      due !== undefined && due <= until;
      due = accuser.deadline()
    ) {
      context.now = due;
      accuser.onTick();
    }
    context.now = until;
  }

  test("tells the root so three times, since it does not answer, and then no more", () => {
    accuser.accuse(3, bad, "why");
    pass(60_000);
    expect(told.map(({ at }) => at)).toEqual([0, 500, 1_500]);
    expect(accuser.deadline()).toBeUndefined();
  });

  test("tells of the same neighbour again only after the time for which it is avoided", () => {
    for (const at of range(0, 25)) {
      pass(at * 1_000);
      accuser.accuse(3, bad, `at ${at}`);
    }
    expect(new Set(told.map(({ detail }) => detail))).toEqual(new Set(["at 0", "at 10", "at 20"]));
  });

  test("tells of few at once, however many neighbours break the rules", () => {
    for (const number of range(1, 1_000)) accuser.accuse(number, bad, "");
    expect(told).toHaveLength(16);
    pass(1_000_000);
    expect(told).toHaveLength(16 * 3);
  });

  test("cuts what it says to what a datagram has room for", () => {
    accuser.accuse(3, bad, "é".repeat(1_000));
    expect(Buffer.byteLength(told[0]?.detail ?? "")).toBe(254);
  });
});

describe("the root's account of accusations", () => {
  let context: Context;
  let accusations: Accusations;
  beforeEach(() => {
    context = makeContext();
    accusations = new Accusations(context, (number) =>
      number < 1_000 ? address(number) : undefined,
    );
  });
  const steps = (): Step[] => stepsIn(context.takeEffects());

  test("has each peer's first word about each other one, and tells it once", () => {
    expect(accusations.note(1, 2, "chunk-corrupt", "first")).toBe(true);
    expect(accusations.note(1, 2, bad, "second")).toBe(false);
    expect(accusations.note(3, 2, bad, "third")).toBe(true);
    expect(accusations.countOf(2)).toBe(2);
    expect(steps()).toEqual([
      {
        type: "accused",
        number: 2,
        address: address(2),
        by: address(1),
        code: "chunk-corrupt",
        message: "first",
      },
      {
        type: "accused",
        number: 2,
        address: address(2),
        by: address(3),
        code: bad,
        message: "third",
      },
    ]);
  });

  test("has nothing of peers that there are not, nor of who accuses itself", () => {
    expect(accusations.note(1, 1_000, bad, "")).toBe(false);
    expect(accusations.note(1_000, 1, bad, "")).toBe(false);
    expect(accusations.note(1, 1, bad, "")).toBe(false);
    expect(steps()).toEqual([]);
  });

  test("does not grow with what one liar says", () => {
    for (const number of range(2, 1_000)) accusations.note(1, number, bad, "");
    expect(steps()).toHaveLength(128);
  });
});

describe("the plan, when peers accuse each other", () => {
  let context: Context;
  let assignment: Assignment;
  const suspects = (): readonly number[] => assignment.placement.suspects;

  /** A chain: each is fed by the one before it. */
  beforeEach(() => {
    context = makeContext();
    assignment = new Assignment(context, "chain", peers(...range(0, 10)), () => undefined);
    assignment.start();
    context.takeEffects();
  });

  test("parts the two: who is accused feeds nobody any more, and is fed as before", () => {
    assignment.onBlame(4, 3, 1);
    expect(suspects()).toEqual([3]);
    expect(assignment.placement.sourcesOf(4)).toEqual([2]);
    expect(assignment.placement.sourcesOf(3)).toEqual([9]);
    expect(stepsIn(context.takeEffects())).toContainEqual({ type: "demoted", number: 3 });
  });

  test("a source may accuse its sink too", () => {
    assignment.onBlame(3, 4, 1);
    expect(suspects()).toEqual([4]);
  });

  test("has one honest peer demoted at most for one liar, and then the liar itself", () => {
    assignment.onBlame(4, 3, 1);
    assignment.onBlame(4, 2, 1);
    expect(suspects()).toEqual([3, 4]);
    for (const number of range(1, 10)) assignment.onBlame(4, number, 1);
    expect(suspects().filter((number) => number !== 4)).toEqual([3]);
  });

  test("believes whom others bear out, once more", () => {
    assignment.onBlame(4, 3, 1);
    assignment.onBlame(4, 2, 2);
    expect(suspects()).toEqual([3, 2]);
  });

  test("does not heed who has nothing to do with the accused, nor move the root", () => {
    assignment.onBlame(7, 3, 1);
    assignment.onBlame(7, 3, 5);
    assignment.onBlame(1, 0, 1);
    assignment.onBlame(1, 55, 1);
    expect(suspects()).toEqual([]);
  });
});

describe("a neighbour that asks more than anybody has to ask", () => {
  const probe: ControlMessage = { type: "probe", count: 1 };
  let room: Room;
  beforeEach(() => {
    room = new Room({ receivers: 4, options: { blameMs: 10_000 } });
    room.hold = ({ place }, effect) => place === 0 && effect.type === "produce-chunk";
    room.start();
  });

  function say(to: number, from: number, times: number, message = probe): void {
    for (let count = 0; count < times; count += 1) room.say(from, to, message);
  }

  function blamedBy(place: number): Step[] {
    return room.party(place).steps.filter(({ type }) => type === "blamed");
  }

  test("is cut off at once, and the root is told", () => {
    say(2, 3, 200);
    expect(blamedBy(2)).toEqual([]);
    say(2, 3, 1_000);
    expect(blamedBy(2)).toMatchObject([{ number: 3, code: "limit-exceeded" }]);
    expect(room.member(2).relay.neighbourhood.get(3)).toBeUndefined();
    expect(room.party(0).steps).toContainEqual(
      expect.objectContaining({ type: "accused", number: 3, by: address(2) }),
    );
  });

  test("is cut off by the root too, whose neighbour it need not be", () => {
    say(0, 3, 1_000);
    expect(blamedBy(0)).toMatchObject([{ number: 3, code: "limit-exceeded" }]);
    const heard = room.lines.length;
    room.say(3, 0, { type: "orphan", pulse: 0 });
    room.pass(50);
    const answers = room.lines.slice(heard).filter(({ from, to }) => from === 0 && to === 3);
    expect(answers.filter(({ message }) => message.type === "tree-check")).toEqual([]);
  });

  test("is cut off under whatever number it has", () => {
    const watch = room.member(2).relay;
    const heard = range(0, 1_000).filter((count) =>
      watch.listensTo(peer(9).id, 9 + (count % 7), probe),
    );
    expect(heard).toHaveLength(256);
  });

  test("is none that asks twelve things a second, for an hour", () => {
    const { relay } = room.member(2);
    for (const second of range(0, 3_600)) {
      relay.context.now = room.now + second * 1_000;
      for (const _ of range(0, 12)) expect(relay.listensTo(peer(9).id, 9, probe)).toBe(true);
    }
  });

  test("is none that says again what others have it say, nor is the root", () => {
    const induced: readonly ControlMessage[] = [
      { type: "ping", pulse: 1 },
      { type: "pong", pulse: 1 },
      { type: "introduce", peer: peer(4) },
      { type: "refer", peer: peer(4) },
      { type: "join" },
      makeKnock(),
    ];
    for (const message of induced) say(2, 3, 1_000, message);
    say(2, 0, 1_000);
    expect(blamedBy(2)).toEqual([]);
  });

  test("is forgiven what came while this process was held up", () => {
    const { relay } = room.member(2);
    say(2, 3, 200);
    relay.setTime(room.now + 60_000, room.now);
    say(2, 3, 200);
    expect(blamedBy(2)).toEqual([]);
  });
});

describe("a session in which a peer breaks the rules", () => {
  const liars: readonly number[] = [1, 2, 3, 4];

  function accused(room: Room): object[] {
    return room.party(0).steps.filter(({ type }) => type === "accused");
  }

  test.each(["tree", "pipeline"] as const)(
    "tells the root who was cut off by whom, and why, and goes on (%s)",
    (strategy) => {
      const room = new Room({ receivers: 4, chunkCount: 200, invite: { strategy, fanout: 1 } });
      room.hold = (party, effect) =>
        party.place === 0 && effect.type === "produce-chunk" && effect.index >= 64;
      room.start();
      const victim = liars.find((place) => {
        const { parent } = room.member(place).relay.tree;
        return parent !== undefined && parent > 0;
      }) as number;
      const liar = room.member(victim).relay.tree.parent as number;
      const connection = room.member(victim).relay.links.connectionOf(liar) as number;
      const frame = { ...signedPage(64, new Uint8Array(32 * 32)), signature: new Uint8Array(64) };
      room.tell(victim, { type: "frame-received", connection, frame });
      expect(accused(room)).toMatchObject([
        { number: liar, code: bad, message: "hashes at chunk 64 that the root has not signed" },
      ]);
      room.hold = () => false;
      room.release();
      room.passUntil(() => room.results.length === 4);
      expect(room.results.map(({ status }) => status)).toEqual(liars.map(() => "complete"));
      expect(accused(room)).toHaveLength(1);
    },
  );
});
