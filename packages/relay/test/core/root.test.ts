import { type Frame, PalmTreeError } from "@palmtree/wire";
import { describe, expect, test } from "vitest";
import { Room } from "./harness.js";
import { address, peer, range, stepsIn } from "./parts.js";

describe("a root and its receivers", () => {
  test("go through the phases in order, until every receiver is complete", () => {
    const room = new Room({ receivers: 2, chunkCount: 40 });
    room.start();
    room.passUntil(() => room.phase === "ended");
    const types = room.party(0).steps.map(({ type }) => type);
    // Each kind of step for the first time, in this order.
    expect([...new Set(types)]).toEqual([
      "invited",
      "joined",
      "numbered",
      "tree-formed",
      "progress",
      "peer-ended",
      "ended",
    ]);
    for (const place of [1, 2]) {
      expect(room.party(place).isLanded).toBe(true);
      expect([...room.party(place).stored.keys()].sort((one, other) => one - other)).toEqual(
        range(0, 40),
      );
      expect(room.party(place).ended).toEqual({ type: "ended" });
    }
    expect(room.results).toMatchObject(
      [1, 2].map(() => ({ status: "complete", bytes: room.content.totalBytes })),
    );
    expect(new Set(room.results.map(({ address: at }) => at))).toEqual(
      new Set([1, 2].map(address)),
    );
  });

  test("answer one another without any time passing, when nothing is lost and nobody is slow", () => {
    const room = new Room({ receivers: 5, invite: { fanout: 2 } });
    room.start();
    expect(room.phase).toBe("ended");
    expect(room.now).toBe(0);
    expect(room.results.map(({ status }) => status)).toEqual(Array(5).fill("complete"));
  });

  test("number the peers as they were listed and tell each its neighbours, before any tree check", () => {
    const room = new Room({ receivers: 4 });
    room.start();
    const firstCheck = room.lines.findIndex(({ message }) => message.type === "tree-check");
    const lastAck = room.lines.findLastIndex(({ message }) => message.type === "neighbours-ack");
    expect(lastAck).toBeGreaterThan(0);
    expect(firstCheck).toBeGreaterThan(lastAck);
    expect(room.heard("neighbours").map(({ to, message }) => [to, message])).toMatchObject(
      [1, 2, 3, 4].map((number) => [number, { number, peerCount: 5 }]),
    );
    const [numbered] = room.party(0).steps.filter(({ type }) => type === "numbered");
    expect(numbered).toEqual({
      type: "numbered",
      peers: range(0, 5).map((number) => ({ number, address: address(number) })),
    });
  });

  test("say nothing but neighbours to each other before the last list is acknowledged, however long that takes", () => {
    const room = new Room({ receivers: 3 });
    room.lose = ({ message, from }) => message.type === "neighbours-ack" && from === 3;
    room.start();
    room.pass(200);
    expect(room.phase).toBe("introducing");
    const fromRoot = room.lines.filter(
      ({ from, message }) => from === 0 && message.type !== "invite",
    );
    expect(new Set(fromRoot.map(({ message }) => message.type))).toEqual(new Set(["neighbours"]));
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    // The root's first check carries its first pulse, so that nobody takes it for stale.
    expect(room.heard("tree-check", 0)[0]?.message).toMatchObject({ pulse: 1, depth: 0 });
    expect(
      room
        .heard("tree-reject")
        .filter(({ message }) => "reason" in message && message.reason === "stale"),
    ).toEqual([]);
  });

  test("send the manifest only when the tree spans, and chunks only after it", () => {
    const room = new Room({ receivers: 3, invite: { fanout: 1 } });
    room.lose = ({ to, message }) => to === 3 && message.type === "tree-check";
    room.start();
    room.pass(200);
    expect(room.phase).toBe("forming");
    expect(room.heard("manifest")).toEqual([]);
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    const frames = room.lines.filter(({ how, to }) => how === "frame" && to === 3);
    const types = [...new Set(frames.map(({ message }) => message.type))];
    expect(types.slice(0, 2)).toEqual(["welcome", "manifest"]);
    // All is read and hashed by then, so that the seal comes at once.
    const flow = types.filter((type) => type === "hashes" || type === "chunk");
    expect(flow).toEqual(["hashes", "chunk"]);
  });

  test("start without a receiver that does not get into the tree in time", () => {
    const room = new Room({ receivers: 3, options: { formationTimeoutMs: 2_000 } });
    room.lose = ({ how, from, message }) =>
      how === "datagram" && from === 3 && message.type === "upgrade-request";
    room.start();
    room.pass(1_999);
    expect(room.phase).toBe("forming");
    room.pass(1);
    expect(room.phase).toBe("sending");
    expect(room.party(0).steps).toContainEqual({ type: "tree-formed", peerCount: 3 });
    // It is served when it finds its way in after all.
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(["complete", "complete", "complete"]);
  });

  test("serve the others when one was invited and does not answer, and name it", () => {
    const room = new Room({ receivers: 2, options: { maxWaitMs: 1_000 } });
    room.crash(2, "vanish");
    room.start();
    room.pass(999);
    expect(room.phase).toBe("inviting");
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toMatchObject([
      {
        address: address(2),
        number: undefined,
        status: "failed",
        error: { code: "not-answering" },
      },
      { address: address(1), number: 1, status: "complete" },
    ]);
  });

  test("serve the others when one joined and then went silent", () => {
    const room = new Room({ receivers: 3, options: { neighboursTimeoutMs: 1_000 } });
    room.lose = ({ to, message }) => to === 2 && message.type === "neighbours";
    room.start();
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toContainEqual(
      expect.objectContaining({
        number: 2,
        status: "failed",
        error: { code: "not-answering", message: `${address(2)} joined and then went silent` },
      }),
    );
    expect(room.results.filter(({ status }) => status === "complete")).toHaveLength(2);
  });

  test("wait for one of them no longer than the others have patience", () => {
    for (const lost of ["neighbours", "upgrade-request"] as const) {
      const room = new Room({ receivers: 3, invite: { timeoutMs: 4_000 } });
      room.lose = ({ from, to, message }) => [from, to].includes(2) && message.type === lost;
      room.start();
      room.pass(1_000);
      expect(room.phase).not.toBe("introducing");
      room.passUntil(() => room.phase === "ended");
      const complete = room.results.filter(({ status }) => status === "complete");
      expect(complete.map(({ number }) => number)).toEqual([1, 3]);
    }
  });

  test("serve the others when one declines, with its reason in its result", () => {
    const room = new Room({ receivers: 2 });
    room.lose = ({ to, message }) => to === 2 && message.type === "invite";
    room.start();
    room.say(2, 0, { type: "decline", reason: "no-space", detail: "1 GiB free" });
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toMatchObject([
      {
        address: address(2),
        error: { code: "declined", message: "declined (no-space): 1 GiB free" },
      },
      { address: address(1), status: "complete" },
    ]);
  });

  test("end at once, with a result for everybody, when fewer join than are needed", () => {
    const room = new Room({ receivers: 3, options: { minReceivers: 3, maxWaitMs: 1_000 } });
    room.crash(3, "vanish");
    room.start();
    room.pass(1_000);
    expect(room.party(0).ended).toEqual({
      type: "ended",
      error: { code: "no-peers", message: "2 receivers joined, expected at least 3" },
    });
    expect(room.results.map(({ error }) => error?.code)).toEqual([
      "not-answering",
      "no-peers",
      "no-peers",
    ]);
    expect(room.heard("neighbours")).toEqual([]);
    for (const place of [1, 2])
      expect(room.party(place).ended).toMatchObject({ error: { code: "left" } });
    expect(room.phase).toBe("ended");
  });

  test("end at once when nobody joins, and when nobody was listed", () => {
    const deserted = new Room({ receivers: 1, options: { maxWaitMs: 500 } });
    deserted.crash(1, "vanish");
    deserted.start();
    deserted.pass(500);
    expect(deserted.party(0).ended).toMatchObject({ error: { code: "no-peers" } });
    expect(deserted.phase).toBe("ended");
    const empty = new Room({ receivers: 0 });
    empty.start();
    expect(empty.party(0).ended).toMatchObject({ error: { code: "no-peers" } });
    expect(empty.phase).toBe("ended");
  });

  test("send a session without any chunk: the seal alone completes it", () => {
    const room = new Room({ receivers: 2, chunkCount: 0 });
    room.start();
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(["complete", "complete"]);
    expect(room.heard("chunk")).toEqual([]);
  });

  test("send every chunk once over every link, and none twice to anybody", () => {
    const room = new Room({ receivers: 6, chunkCount: 70, invite: { fanout: 2 } });
    room.start();
    room.passUntil(() => room.phase === "ended");
    const received = room
      .heard("chunk")
      .map(({ to, message }) => `${to}: ${"index" in message && message.index}`);
    expect(received).toHaveLength(6 * 70);
    expect(new Set(received).size).toBe(6 * 70);
    for (const place of range(1, 7)) expect(room.member(place).intake.tally.duplicates).toBe(0);
  });
});

describe("the end of a session", () => {
  test("is told everybody down the tree and directly, and is over when all have said that they know", () => {
    const room = new Room({ receivers: 3 });
    room.start();
    room.passUntil(() => room.phase === "ended");
    expect(room.heard("finish").length).toBeGreaterThan(0);
    expect(new Set(room.heard("ended").map(({ to }) => to))).toEqual(new Set([1, 2, 3]));
    expect(new Set(room.heard("leave").map(({ from }) => from))).toEqual(new Set([1, 2, 3]));
    expect(room.parties.every(({ hasEnded }) => hasEnded)).toBe(true);
  });

  test("reaches everybody down the tree, also whom no datagram reaches", () => {
    const room = new Room({ receivers: 4, invite: { fanout: 1 } });
    room.lose = ({ message }) => message.type === "ended";
    room.start();
    expect(room.phase).toBe("ended");
    expect(room.heard("finish", 0)).toHaveLength(1);
    expect(room.heard("finish")).toHaveLength(4);
    for (const place of range(1, 5)) expect(room.party(place).ended).toEqual({ type: "ended" });
  });

  test("is told again to those who did not hear, and waits for them only so long", () => {
    const room = new Room({ receivers: 2, options: { lingerMs: 1_000 } });
    room.lose = ({ to, message }) =>
      to === 2 && (message.type === "ended" || message.type === "finish");
    room.start();
    room.passUntil(() => room.phase === "lingering");
    const since = room.now;
    const toFirst = room.heard("ended", 0, 1).length;
    room.pass(999);
    expect(room.phase).toBe("lingering");
    expect(room.heard("ended", 0, 2).length).toBeGreaterThan(3);
    expect(room.heard("ended", 0, 1)).toHaveLength(toFirst);
    room.pass(1);
    expect(room.phase).toBe("ended");
    expect(room.now).toBe(since + 1_000);
  });

  test("is the lingering root's answer to whatever comes late, also to a join", () => {
    const room = new Room({ receivers: 2, options: { lingerMs: 1_000 } });
    room.lose = ({ to, message }) =>
      to === 2 && (message.type === "ended" || message.type === "finish");
    room.start();
    room.passUntil(() => room.phase === "lingering");
    const before = room.heard("ended", 0, 2).length;
    for (const message of [{ type: "orphan", pulse: 3 }, { type: "join" }] as const)
      room.say(2, 0, message);
    expect(room.heard("ended", 0, 2)).toHaveLength(before + 2);
    room.lose = () => false;
    room.say(2, 0, { type: "join" });
    expect(room.phase).toBe("ended");
    expect(room.party(2).ended).toEqual({ type: "ended" });
  });

  test("leaves a root that answers nothing any more", () => {
    const room = new Room({ receivers: 1 });
    room.start();
    room.passUntil(() => room.phase === "ended");
    const before = room.lines.length;
    room.say(1, 0, { type: "join" });
    room.tell(0, { type: "tick" });
    expect(room.lines).toHaveLength(before + 1);
    expect(room.root.deadline()).toBeUndefined();
  });
});

describe("an aborted session", () => {
  test("is told everybody, with a result for each that was still awaited", () => {
    const room = new Room({ receivers: 3, chunkCount: 400 });
    room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index > 100;
    room.start();
    room.tell(0, { type: "stop", detail: "Ctrl-C" });
    expect(room.party(0).ended).toEqual({
      type: "ended",
      error: { code: "aborted", message: "Ctrl-C" },
    });
    expect(room.results.map(({ error }) => error)).toEqual(
      [1, 2, 3].map(() => ({ code: "aborted", message: "Ctrl-C" })),
    );
    for (const place of [1, 2, 3])
      expect(room.party(place).ended).toMatchObject({ error: { code: "left" } });
    expect(room.phase).toBe("ended");
  });

  test("keeps the results that were already there", () => {
    const room = new Room({ receivers: 2 });
    room.hold = (party, effect) => party.place === 2 && effect.type === "land";
    room.start();
    room.passUntil(() => room.results.length === 1);
    room.tell(0, { type: "stop", detail: "Ctrl-C" });
    expect(room.results).toMatchObject([
      { number: 1, status: "complete" },
      { number: 2, status: "failed", error: { code: "aborted" } },
    ]);
  });

  test("ends for the same reason when the source cannot be read any more", () => {
    const room = new Room({ receivers: 1, chunkCount: 400 });
    room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index > 100;
    room.start();
    room.tell(0, {
      type: "failed",
      error: new PalmTreeError("source-changed", "a.iso has shrunk"),
    });
    expect(room.party(0).ended).toEqual({
      type: "ended",
      error: { code: "source-changed", message: "a.iso has shrunk" },
    });
  });

  test("is not brought back to life by a receiver that joins late", () => {
    const room = new Room({ receivers: 2, options: { lingerMs: 1_000 } });
    room.lose = ({ from, to, message }) =>
      (to === 2 && message.type === "invite") || (from === 1 && message.type === "leave");
    room.start();
    expect(room.phase).toBe("inviting");
    room.tell(0, { type: "stop", detail: "Ctrl-C" });
    expect(room.phase).toBe("lingering");
    room.say(2, 0, { type: "join" });
    expect(room.phase).toBe("lingering");
    expect(room.heard("neighbours")).toEqual([]);
    expect(room.heard("ended", 0, 2)).toHaveLength(1);
    room.pass(1_000);
    expect(room.phase).toBe("ended");
  });
});

describe("a receiver that fails", () => {
  test("is reported with its own reason, and the others are not held up", () => {
    const room = new Room({ receivers: 3, chunkCount: 400 });
    room.hold = (party, effect) => party.place === 2 && effect.type === "store-chunk";
    room.start();
    room.tell(2, { type: "failed", error: new PalmTreeError("disk-full", "no space left") });
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toContainEqual(
      expect.objectContaining({
        number: 2,
        status: "failed",
        error: { code: "disk-full", message: "no space left" },
      }),
    );
    expect(room.results.filter(({ status }) => status === "complete")).toHaveLength(2);
  });

  test("that vanishes is given up after the time-out, and its children find another parent", () => {
    const room = new Room({
      receivers: 3,
      chunkCount: 200,
      invite: { fanout: 1, timeoutMs: 10_000 },
      options: { silentAfterMs: 2_000 },
    });
    room.hold = (party, effect) =>
      effect.type === "produce-chunk" && effect.index >= 64 && party.place === 0;
    room.start();
    const first = room.root.relay.tree.children[0] as number;
    room.crash(first, "vanish");
    room.hold = () => false;
    room.release();
    room.passUntil(() => room.phase === "ended");
    expect(room.results.filter(({ status }) => status === "complete")).toHaveLength(2);
    expect(room.results).toContainEqual(
      expect.objectContaining({
        number: first,
        error: { code: "timed-out", message: "no progress for 10 s" },
      }),
    );
  });

  test("that is killed is noticed at once by those below, who go on elsewhere with what they hold", () => {
    const room = new Room({
      receivers: 3,
      chunkCount: 200,
      invite: { fanout: 1, timeoutMs: 5_000 },
    });
    room.hold = (party, effect) =>
      effect.type === "produce-chunk" && effect.index >= 64 && party.place === 0;
    room.start();
    const first = room.root.relay.tree.children[0] as number;
    const held = room.parties.map(({ stored }) => stored.size);
    room.crash(first, "kill");
    expect(room.root.relay.tree.children).toEqual([]);
    room.passUntil(() => room.root.relay.tree.subtreeSize === 3);
    room.hold = () => false;
    room.release();
    room.passUntil(() => room.phase === "ended");
    for (const party of room.parties.slice(1)) {
      if (party.place === first) continue;
      expect(party.isLanded).toBe(true);
      expect(held[party.place]).toBeGreaterThan(0);
      expect(room.heard("chunk", undefined, party.place)).toHaveLength(200);
    }
  });

  test("that leaves before it is complete is told in its own words", () => {
    const room = new Room({ receivers: 2, chunkCount: 400 });
    room.hold = (party, effect) => party.place === 2 && effect.type === "store-chunk";
    room.start();
    room.tell(2, { type: "stop", detail: "this machine is shut down" });
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toContainEqual(
      expect.objectContaining({
        number: 2,
        status: "failed",
        error: { code: "aborted", message: "this machine is shut down" },
      }),
    );
  });
});

test("the root cuts off a child at once whose bitmap turns out to be malformed when the transfer opens", () => {
  const room = new Room({ receivers: 2 });
  room.lose = ({ from, message }) => from === 2 && message.type === "upgrade-request";
  room.start();
  const connection = room.root.relay.links.connectionOf(1) as number;
  const holds = {
    type: "holds",
    stripeCount: 1,
    stripes: [0],
    payload: new Uint8Array(0),
  } as const;
  room.tell(0, { type: "frame-received", connection, frame: holds });
  expect(room.party(0).steps.filter(({ type }) => type === "blamed")).toEqual([]);
  const subtree = { type: "subtree", size: 2 } as const;
  const opening = { type: "frame-received", connection, frame: subtree } as const;
  expect(stepsIn(room.root.handle(opening, room.now))).toContainEqual(
    expect.objectContaining({ type: "blamed", number: 1, code: "protocol-violation" }),
  );
});

test.each<Frame>([
  { type: "finish" },
  {
    type: "hello",
    session: "",
    peer: peer(1).id,
    number: 1,
    link: "tree",
    token: "",
    hasManifest: true,
  },
])("the root cuts off a child that says what only a parent may say ($type), for good", (frame) => {
  const room = new Room({ receivers: 3, chunkCount: 400 });
  room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index > 40;
  room.start();
  const connection = room.root.relay.links.connectionOf(1) as number;
  room.tell(0, { type: "frame-received", connection, frame });
  expect(room.party(0).steps).toContainEqual({
    type: "blamed",
    number: 1,
    code: "protocol-violation",
    message: `a ${frame.type} frame from a child`,
  });
  expect(room.heard("downgrade", 0, 1).at(-1)?.message).toMatchObject({ reason: "protocol" });
  room.hold = () => false;
  room.release();
  room.passUntil(() => room.results.length === 3);
  // It asked the others for a place, and takes part below them.
  expect(room.heard("welcome", 0, 1)).toHaveLength(1);
  expect(room.results.map(({ status }) => status)).toEqual(Array(3).fill("complete"));
});

test("a root that has ended answers whatever comes, but not what says the same: it would never end", () => {
  const room = new Room({ receivers: 1 });
  room.lose = ({ message }) => message.type === "leave";
  room.start();
  room.passUntil(() => room.phase === "lingering");
  const before = room.heard("ended", 0, 1).length;
  room.say(1, 0, { type: "ended" });
  expect(room.heard("ended", 0, 1)).toHaveLength(before);
  room.say(1, 0, { type: "orphan", pulse: 0 });
  expect(room.heard("ended", 0, 1)).toHaveLength(before + 1);
});

test("nobody tells the root who is where: it knows", () => {
  const room = new Room({ receivers: 3 });
  room.hold = (_, effect) => effect.type === "produce-chunk";
  room.start();
  const { neighbourhood } = room.root.relay;
  const before = neighbourhood.size;
  for (const type of ["introduce", "refer"] as const)
    room.say(1, 0, { type, peer: { number: 9, id: peer(9).id, address: address(2) } });
  expect(neighbourhood.size).toBe(before);
});
