/** Peers that come when the session runs: a root and its receivers in one room. */
import { makeKnock } from "@palmtree/wire";
import { describe, expect, test } from "vitest";
import { Room } from "./harness.js";
import { address, range } from "./parts.js";

const strategies = ["pipeline", "tree"] as const;

/** A room in which the session stands still after `held` chunks, until it is let go on. */
function runningRoom(
  options: ConstructorParameters<typeof Room>[0] & { readonly held?: number } = {},
): Room {
  const { held = 40, ...rest } = options;
  const room = new Room({ receivers: 4, strangers: 2, chunkCount: 120, ...rest });
  room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index >= held;
  room.start();
  room.passUntil(() => room.phase === "sending");
  return room;
}

function goOn(room: Room): void {
  room.hold = () => false;
  room.release();
}

/** What was said to the stranger, of those types, in order. */
function answersTo(room: Room, place: number): string[] {
  const types = ["invite", "decline", "ended", "neighbours"];
  return room.lines.flatMap(({ from, to, message }) =>
    from === 0 && to === place && types.includes(message.type) ? [message.type] : [],
  );
}

test("whom the user adds has a result, also when it joins and then dies; once, however often", () => {
  const room = runningRoom({ options: { neighboursTimeoutMs: 500, maxWaitMs: 1_000 } });
  room.lose = ({ from, message }) => from === 5 && message.type === "neighbours-ack";
  for (let time = 0; time < 2; time += 1) {
    room.tell(0, { type: "peers-added", addresses: [address(5)] });
    room.pass(3_000);
  }
  room.crash(5, "vanish");
  goOn(room);
  room.passUntil(() => room.phase === "ended");
  const late = room.results.filter((result) => result.address === address(5));
  expect(late).toMatchObject([{ status: "failed", error: { code: "not-answering" } }]);
});

describe.each(strategies)("who knocks while a session runs (strategy %s)", (strategy) => {
  test("is invited, numbered behind the others, and gets every chunk", () => {
    const room = runningRoom({ invite: { strategy } });
    room.say(5, 0, makeKnock());
    room.say(6, 0, makeKnock());
    room.pass(2_000);
    expect([5, 6].map((place) => room.member(place).number)).toEqual([5, 6]);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    for (const place of range(1, 7)) {
      expect(room.party(place).isLanded).toBe(true);
      for (const [index, payload] of room.party(place).stored)
        expect(payload).toEqual(room.content.payloadOf(index));
      expect(room.party(place).stored.size).toBe(120);
    }
    expect(room.results.map(({ status }) => status)).toEqual(Array(6).fill("complete"));
    const late = room.party(0).steps.filter((step) => step.type === "joined" && step.isLate);
    expect(late).toEqual(
      [5, 6].map((at) => ({ type: "joined", address: address(at), isLate: true })),
    );
  });

  test("gets everything too when nearly all has been sent", () => {
    const room = runningRoom({ invite: { strategy }, held: 119 });
    room.pass(1_000);
    room.say(5, 0, makeKnock());
    room.pass(2_000);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.party(5).isLanded).toBe(true);
  });

  test("keeps a session open whose other peers are complete, and is served by them", () => {
    const room = new Room({ receivers: 3, strangers: 2, invite: { strategy } });
    room.hold = (party, effect) => party.place === 3 && effect.type === "land";
    room.start();
    room.passUntil(() => room.results.length === 2);
    room.say(4, 0, makeKnock());
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.party(4).isLanded).toBe(true);
    expect(room.results).toHaveLength(4);
  });

  test("and dies is given up, and nobody else is held up by it", () => {
    for (const how of ["kill", "vanish"] as const) {
      const room = runningRoom({ invite: { strategy, timeoutMs: 12_000 } });
      for (const place of [5, 6]) room.say(place, 0, makeKnock());
      room.pass(1_000);
      room.crash(5, how);
      goOn(room);
      room.passUntil(() => room.phase === "ended");
      const failed = room.results.filter(({ status }) => status === "failed");
      expect(failed).toMatchObject([{ address: address(5), error: { code: "timed-out" } }]);
      for (const place of [1, 2, 3, 4, 6]) expect(room.party(place).isLanded).toBe(true);
    }
  });
});

describe("in a pipeline a latecomer", () => {
  test("is fed by the last in line, not by the root, and each further one by the one before it", () => {
    const room = runningRoom({ invite: { strategy: "pipeline" } });
    for (const place of [5, 6]) room.say(place, 0, makeKnock());
    room.pass(1_000);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.heard("chunk", 4, 5)).toHaveLength(120);
    expect(room.heard("chunk", 5, 6)).toHaveLength(120);
    expect(room.heard("chunk", 0).every(({ to }) => to === 1)).toBe(true);
  });

  test("changes nobody's source: only its own gets another plan", () => {
    const room = runningRoom({ invite: { strategy: "pipeline" } });
    const before = room.heard("plan").length;
    room.say(5, 0, makeKnock());
    room.pass(1_000);
    const told = room.heard("plan").slice(before);
    expect(new Set(told.map(({ to }) => to))).toEqual(new Set([4, 5]));
  });
});

describe("the root", () => {
  test("answers a knock with one invitation, which is shorter, and remembers nothing of it", () => {
    const room = runningRoom();
    room.lose = ({ to, message }) => to === 5 && message.type === "invite";
    room.say(5, 0, makeKnock());
    room.pass(5_000);
    expect(answersTo(room, 5)).toEqual(["invite"]);
  });

  test("takes a peer in once, however often it knocks and joins", () => {
    const room = runningRoom();
    for (const _ of range(0, 5)) {
      room.say(5, 0, makeKnock());
      room.say(5, 0, { type: "join" });
    }
    room.pass(1_000);
    room.say(5, 0, makeKnock());
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.member(5).number).toBe(5);
    expect(room.results.filter(({ address: at }) => at === address(5))).toHaveLength(1);
    const steps = room.party(0).steps.filter((step) => step.type === "joined" && step.isLate);
    expect(steps).toHaveLength(1);
  });

  test("does not answer more than so many knocks at once", () => {
    const room = runningRoom();
    for (const _ of range(0, 500)) room.say(5, 0, makeKnock());
    expect(answersTo(room, 5).filter((type) => type === "invite")).toHaveLength(64);
    room.pass(100);
    room.say(5, 0, makeKnock());
    expect(answersTo(room, 5).filter((type) => type === "invite")).toHaveLength(65);
  });

  test("declines when the session has as many peers as it may have", () => {
    const room = runningRoom({ options: { mostPeers: 6 } });
    room.say(5, 0, makeKnock());
    room.pass(1_000);
    room.say(6, 0, makeKnock());
    expect(answersTo(room, 6)).toEqual(["decline"]);
    // One that was invited before, and joins only now, must not wait in vain.
    room.say(6, 0, { type: "join" });
    expect(answersTo(room, 6)).toEqual(["decline", "ended"]);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toHaveLength(5);
  });

  test("refuses when the session is over, as long as it answers at all", () => {
    const room = new Room({ receivers: 2, strangers: 1, options: { lingerMs: 1_000 } });
    room.lose = ({ to, message }) => to === 2 && ["ended", "finish"].includes(message.type);
    room.start();
    room.passUntil(() => room.phase === "lingering");
    room.say(3, 0, makeKnock());
    expect(answersTo(room, 3)).toEqual(["ended"]);
    room.passUntil(() => room.phase === "ended");
    room.say(3, 0, makeKnock());
    expect(answersTo(room, 3)).toEqual(["ended"]);
  });

  test("takes in a listed peer whose answer comes when the others have begun, as if it had come in time", () => {
    const room = new Room({ receivers: 2, chunkCount: 120, options: { maxWaitMs: 500 } });
    room.lose = ({ to, message }) => to === 2 && message.type === "invite";
    room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index >= 40;
    room.start();
    room.pass(600);
    expect(room.results).toMatchObject([{ address: address(2), error: { code: "not-answering" } }]);
    room.lose = () => false;
    room.tell(2, { type: "start" });
    room.say(2, 0, { type: "join" });
    room.pass(1_000);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ address: at, status }) => [at, status])).toEqual([
      [address(1), "complete"],
      [address(2), "complete"],
    ]);
  });

  test("takes in who knocks before it has begun, with all others", () => {
    const room = new Room({ receivers: 2, strangers: 1, options: { maxWaitMs: 500 } });
    room.lose = ({ to, message }) => to === 2 && message.type === "invite";
    room.start();
    room.say(3, 0, makeKnock());
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(Array(3).fill("complete"));
    expect(room.heard("neighbours", 0, 3)[0]?.message).toMatchObject({ peerCount: 4 });
    expect(room.party(0).steps.some((step) => step.type === "joined" && step.isLate)).toBe(false);
  });

  test("lets nobody in before the tree spans, so that the others do not wait", () => {
    const room = new Room({ receivers: 3, strangers: 1 });
    room.lose = ({ from, message }) => from === 3 && message.type === "upgrade-request";
    room.start();
    room.pass(500);
    expect(room.phase).toBe("forming");
    room.say(4, 0, makeKnock());
    room.pass(500);
    expect(room.member(4).number).toBe(0);
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    expect(room.party(4).isLanded).toBe(true);
  });

  test("forgets a latecomer that joined and then never acknowledges its neighbours", () => {
    const room = runningRoom();
    room.lose = ({ to, message }) => to === 5 && message.type === "neighbours";
    room.say(5, 0, makeKnock());
    room.pass(6_000);
    room.lose = () => false;
    room.say(6, 0, makeKnock());
    room.pass(1_000);
    expect(room.member(6).number).toBe(5);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ address: at }) => at)).not.toContain(address(5));
  });

  test("lets in again whom it has forgotten because no acknowledgement came, by another number", () => {
    const room = runningRoom();
    room.lose = ({ from, message }) => from === 5 && !["knock", "join"].includes(message.type);
    room.say(5, 0, makeKnock());
    room.pass(6_000);
    expect(room.member(5).number).toBe(5);
    room.say(6, 0, makeKnock());
    room.pass(1_000);
    expect(room.member(6).number).toBe(5);
    // It believes that it takes part, so it does not knock any more.
    room.lose = () => false;
    room.pass(5_000);
    expect(room.member(5).number).toBe(6);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(Array(6).fill("complete"));
    expect(room.party(5).isLanded).toBe(true);
  });

  test("gives a process that was started anew another number, and the one before it up", () => {
    const room = runningRoom();
    room.say(5, 0, makeKnock());
    room.pass(500);
    const from = address(5);
    const join = { session: "", sender: "00000000000000ff", counter: 1, message: { type: "join" } };
    room.tell(0, { type: "datagram-received", from, datagram: join as never });
    expect(room.heard("neighbours", 0, 5).at(-1)?.message).toMatchObject({ number: 6 });
    // Until it has acknowledged that, anybody may have said so.
    expect(room.results).toEqual([]);
    const message = { type: "neighbours-ack", revision: 1 };
    room.tell(0, { type: "datagram-received", from, datagram: { ...join, message } as never });
    const gone = room.party(0).steps.filter((step) => step.type === "peer-ended");
    expect(gone).toMatchObject([{ result: { number: 5, error: { code: "left" } } }]);
  });
});

describe("strangers that mean no good", () => {
  const hear = (room: Room, from: number, sender: string, message: object): void => {
    const datagram = { session: "", sender, counter: 1, message };
    room.tell(0, { type: "datagram-received", from: address(from), datagram: datagram as never });
  };

  test("cannot keep a session from its end by joining again and again", () => {
    const room = runningRoom({ strangers: 0 });
    goOn(room);
    const endsAt = room.now + 30_000;
    for (let draw = 0; room.phase === "sending" && room.now < endsAt; draw += 1) {
      hear(room, 60, `f${draw.toString(16).padStart(15, "0")}`, { type: "join" });
      room.pass(500);
    }
    expect(room.results.map(({ status }) => status)).toEqual(Array(4).fill("complete"));
    expect(room.now).toBeLessThan(endsAt - 20_000);
  });

  test("take no more than one place at once, from one address", () => {
    const room = runningRoom();
    for (let draw = 0; draw < 100; draw += 1)
      hear(room, 60, `f${draw.toString(16).padStart(15, "0")}`, { type: "join" });
    room.say(5, 0, makeKnock());
    room.pass(1_000);
    expect(room.heard("neighbours", 0, 60).length).toBeLessThanOrEqual(4);
    expect(room.member(5).number).toBeGreaterThan(0);
  });

  test("cannot give a peer up by joining in its name: the list goes to the peer, and is not seen", () => {
    const room = runningRoom();
    const sender = "00000000000000ff";
    hear(room, 2, sender, { type: "join" });
    hear(room, 61, sender, { type: "neighbours-ack", revision: 1 });
    room.pass(200);
    expect(room.party(0).steps.some(({ type }) => type === "peer-ended")).toBe(false);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(Array(4).fill("complete"));
  });
});

describe("peers that the user adds", () => {
  test("are invited while the session runs, and get everything", () => {
    const room = runningRoom({ invite: { strategy: "pipeline" } });
    room.tell(0, { type: "peers-added", addresses: [address(5), address(6)] });
    room.pass(1_000);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(Array(6).fill("complete"));
    expect(room.party(0).steps).toContainEqual({ type: "invited", address: address(6) });
  });

  test("are waited for before the session ends; who does not answer or declines is named in the result", () => {
    const room = runningRoom({ options: { maxWaitMs: 2_000 } });
    room.crash(5, "vanish");
    room.lose = ({ to, message }) => to === 6 && message.type === "invite";
    room.tell(0, { type: "peers-added", addresses: [address(5), address(6)] });
    room.say(6, 0, { type: "decline", reason: "no-space", detail: "" });
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    const failed = room.results.filter(({ status }) => status === "failed");
    expect(failed).toMatchObject([
      { address: address(6), error: { code: "declined", message: "declined: no-space" } },
      { address: address(5), error: { code: "not-answering" } },
    ]);
  });

  test("while the invitations are open are invited with the others", () => {
    const room = new Room({ receivers: 2, strangers: 1, options: { maxWaitMs: 1_000 } });
    room.lose = ({ to, message }) => to === 2 && message.type === "invite";
    room.start();
    room.tell(0, { type: "peers-added", addresses: [address(3)] });
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toHaveLength(3);
  });
});
