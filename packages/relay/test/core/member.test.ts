import { PalmTreeError } from "@palmtree/wire";
import { describe, expect, test } from "vitest";
import { SimulatedContent } from "../../src/sim/content.js";
import { Room } from "./harness.js";
import { address, hashOf, pageOf, peer, signedPage, signedSeal } from "./parts.js";

/** A room in which the root stops reading after `chunks`, so that everybody stands in the middle. */
const { totalBytes } = new SimulatedContent(200, 1_024);

function halfway(
  chunks: number,
  {
    receivers = 3,
    fanout = 1,
    timeoutMs = 10_000,
  }: { receivers?: number; fanout?: number; timeoutMs?: number } = {},
): Room {
  const room = new Room({ receivers, chunkCount: 200, invite: { fanout, timeoutMs } });
  room.hold = (party, effect) =>
    party.place === 0 && effect.type === "produce-chunk" && effect.index >= chunks;
  room.start();
  return room;
}

function goOn(room: Room): void {
  room.hold = () => false;
  room.release();
}

describe("a receiver whose parent holds it up", () => {
  test("leaves it when the root says so, and finds another one", () => {
    const room = halfway(20, { fanout: 2 });
    room.passUntil(() => room.member(1).relay.tree.parent !== undefined);
    const [place, parent] = [1, 2, 3]
      .map((number) => [number, room.member(number).relay.tree.parent] as const)
      .find(([, above]) => above !== undefined && above !== 0) ?? [0, 0];
    expect(parent).not.toBe(0);
    const tree = room.member(place).relay.tree;
    // It may have found another one meanwhile; and only the root has seen who holds it up.
    room.say(0, place, { type: "reparent", parent: parent === 1 ? 2 : 1 });
    room.say(parent ?? 0, place, { type: "reparent", parent: parent ?? 0 });
    expect(tree.parent).toBe(parent);
    room.say(0, place, { type: "reparent", parent: parent ?? 0 });
    expect(tree.parent).toBeUndefined();
    goOn(room);
    room.passUntil(() => tree.parent !== undefined);
    expect(tree.parent).not.toBe(parent);
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(Array(3).fill("complete"));
  });
});

describe("a receiver that is invited", () => {
  test("joins, every time it is asked", () => {
    const room = new Room({ receivers: 1 });
    room.lose = ({ message }) => message.type === "join";
    room.start();
    room.pass(1_000);
    expect(room.heard("join").length).toBe(room.heard("invite").length);
    expect(room.heard("join").length).toBeGreaterThan(2);
  });

  test("acknowledges its neighbours every time it is told them, and keeps the newest list", () => {
    const room = new Room({ receivers: 2 });
    room.lose = ({ message }) => message.type === "neighbours-ack";
    room.start();
    room.pass(500);
    expect(room.heard("neighbours-ack", 1).length).toBe(room.heard("neighbours", 0, 1).length);
    expect(room.member(1).number).toBe(1);
    const older = {
      type: "neighbours",
      revision: 0,
      number: 7,
      peerCount: 9,
      neighbours: [],
    } as const;
    room.say(0, 1, older);
    expect(room.member(1).number).toBe(1);
    expect(room.heard("neighbours-ack", 1).at(-1)?.message).toMatchObject({ revision: 0 });
    room.say(0, 1, { ...older, revision: 2, neighbours: [peer(5)] });
    expect(room.member(1).number).toBe(7);
    // Those of before come after it: there may be links to them.
    expect(room.member(1).relay.neighbourhood.numbers[0]).toBe(5);
  });

  test("listens to its root's invitations, neighbours and end only", () => {
    const room = halfway(64, { receivers: 2 });
    const neighbours = {
      type: "neighbours",
      revision: 9,
      number: 4,
      peerCount: 9,
      neighbours: [],
    } as const;
    room.say(2, 1, neighbours);
    room.say(2, 1, { type: "ended" });
    room.say(2, 1, room.invite);
    expect(room.member(1).number).toBe(1);
    expect(room.party(1).ended).toBeUndefined();
    expect(room.heard("join", 1)).toHaveLength(1);
  });

  test("waits patiently while it is reminded that the root waits for others", () => {
    const room = new Room({
      receivers: 2,
      options: { maxWaitMs: 30_000 },
      invite: { timeoutMs: 4_000 },
    });
    room.lose = ({ to }) => to === 2;
    room.start();
    room.pass(29_000);
    expect(room.party(1).ended).toBeUndefined();
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(["complete", "complete"]);
  });

  test("that learns its place late has the whole time-out from then on", () => {
    const room = new Room({ receivers: 2, invite: { timeoutMs: 4_000 } });
    room.lose = ({ from, to, message }) =>
      (from === 2 && message.type === "join") || (to === 1 && room.now > 0);
    room.start();
    room.pass(2_500);
    room.lose = ({ to, message }) => to === 1 && message.type !== "neighbours";
    room.passUntil(() => room.member(1).number > 0);
    expect(room.now).toBeGreaterThanOrEqual(2_500);
    room.pass(3_990);
    expect(room.party(1).ended).toBeUndefined();
    room.pass(10);
    expect(room.party(1).ended).toMatchObject({ error: { code: "root-lost" } });
  });

  test("that hears nothing more gives up: no way to the root", () => {
    const room = new Room({ receivers: 2, invite: { timeoutMs: 4_000 } });
    room.lose = ({ from, message }) => from === 0 && message.type !== "invite";
    room.start();
    room.crash(0, "vanish");
    room.pass(3_999);
    expect(room.party(1).ended).toBeUndefined();
    room.pass(1);
    expect(room.party(1).ended).toEqual({
      type: "ended",
      error: { code: "root-lost", message: "no way to the root was found within 4 s" },
    });
  });
});

describe("a receiver that the root gives up", () => {
  const givenUp = { type: "decline", reason: "refused", detail: "no progress for 10 s" } as const;

  test("leaves with the reason, and takes nobody below it along", () => {
    const room = halfway(64);
    const middle = room.parties.find(
      ({ place }) => place > 0 && room.member(place).relay.tree.depth === 2,
    );
    const place = middle?.place ?? 0;
    const child = room.member(place).relay.tree.children[0] as number;
    room.say(0, place, givenUp);
    expect(room.party(place).ended?.error).toEqual({
      code: "timed-out",
      message: "the root has given this peer up: no progress for 10 s",
    });
    expect(room.heard("finish", place)).toEqual([]);
    goOn(room);
    room.passUntil(() => room.party(child).isLanded);
  });

  test("is told so by its root, and not by a knock that was declined", () => {
    const room = halfway(64);
    room.say(2, 1, givenUp);
    room.say(0, 1, { type: "decline", reason: "busy", detail: "" });
    expect(room.party(1).ended).toBeUndefined();
  });
});

describe("a receiver whose parent is lost", () => {
  test("finds another, tells it what it holds, and gets every other chunk exactly once", () => {
    const room = halfway(64);
    const last = room.parties.find(
      ({ place }) => place > 0 && room.member(place).relay.tree.depth === 3,
    );
    const place = last?.place ?? 0;
    const parent = room.member(place).relay.tree.parent as number;
    const before = room.heard("chunk", undefined, place).length;
    expect(before).toBe(64);
    room.crash(parent, "kill");
    goOn(room);
    room.passUntil(() => room.party(place).isLanded);
    const holds = room.heard("holds", place);
    expect(holds.length).toBeGreaterThan(1);
    expect(room.heard("chunk", undefined, place)).toHaveLength(200);
    expect(room.member(place).intake.tally.duplicates).toBe(0);
    const steps = room.party(place).steps.map(({ type }) => type);
    expect(steps).toEqual(expect.arrayContaining(["attached", "detached"]));
  });

  test("while its manifest is being opened does not have it sent again, and blames nobody", () => {
    const room = new Room({ receivers: 2, invite: { fanout: 2 } });
    room.hold = (party, effect) => party.place === 1 && effect.type === "open-manifest";
    room.start();
    const parent = room.member(1).relay.tree.parent as number;
    room.cut(1, parent);
    room.passUntil(() => room.member(1).relay.tree.parent !== undefined);
    expect(room.heard("hello", 1).at(-1)?.message).toMatchObject({ hasManifest: true });
    expect(room.heard("manifest", undefined, 1)).toHaveLength(1);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.party(1).steps.filter(({ type }) => type === "blamed")).toEqual([]);
    expect(room.results.map(({ status }) => status)).toEqual(["complete", "complete"]);
  });

  test("while it held that one back holds the next one back too, until its disk has caught up", () => {
    const room = new Room({ receivers: 1, chunkCount: 60, options: { unstoredChunks: 8 } });
    room.hold = (party, effect) => party.place === 1 && effect.type === "store-chunk";
    room.start();
    const flow = (): string[] => room.party(1).flow;
    expect(flow()).toEqual(["pause 1"]);
    room.cut(1, 0);
    room.passUntil(() => room.member(1).relay.tree.parent === 0);
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    // The old connection is gone: there is nothing of it to resume.
    expect(flow()).toEqual(["pause 1", "pause 2", "resume 2"]);
    expect(room.results).toMatchObject([{ status: "complete" }]);
  });

  test("in the middle of the manifest has it sent from the beginning", () => {
    const room = new Room({ receivers: 1 });
    room.lose = ({ how, message }) => how === "frame" && message.type === "manifest";
    room.start();
    room.lose = () => false;
    room.cut(1, 0);
    room.passUntil(() => room.phase === "ended");
    expect(room.heard("hello", 1).map(({ message }) => message)).toMatchObject([
      { hasManifest: false },
      { hasManifest: false },
    ]);
    expect(room.results).toMatchObject([{ status: "complete" }]);
  });
});

describe("a receiver whose root is lost", () => {
  test("fails with root-lost, when it cannot become complete, after the time-out", () => {
    const room = halfway(64, { receivers: 2, timeoutMs: 10_000 });
    room.crash(0, "kill");
    room.pass(9_999);
    expect(room.party(1).ended).toBeUndefined();
    room.pass(20_000);
    for (const place of [1, 2]) {
      expect(room.party(place).ended).toMatchObject({ error: { code: "root-lost" } });
      expect(room.party(place).isLanded).toBe(false);
      expect(room.party(place).hasEnded).toBe(true);
    }
  });

  test("fails with timed-out, when it still has a parent but nothing arrives", () => {
    const room = halfway(64, { receivers: 1, timeoutMs: 8_000 });
    // The root would give it up at the same moment, had it not heard of it since.
    room.pass(4_000);
    const entries = [{ number: 1, parent: 0, chunksHeld: 64 }];
    const connection = room.root.relay.links.connectionOf(1) as number;
    room.tell(0, { type: "frame-received", connection, frame: { type: "progress", entries } });
    room.pass(3_999);
    expect(room.party(1).ended).toBeUndefined();
    room.pass(1);
    expect(room.party(1).ended).toMatchObject({
      error: { code: "timed-out", message: "nothing arrived for 8 s" },
    });
  });

  test("is not busy for ever because a part of the manifest comes again", () => {
    const room = halfway(64, { receivers: 1, timeoutMs: 8_000 });
    const connection = room.member(1).relay.links.connectionOf(0) as number;
    const frame = { type: "manifest", offset: 0, payload: new Uint8Array(10) } as const;
    room.tell(1, { type: "frame-received", connection, frame });
    room.pass(30_000);
    expect(room.party(1).ended).toMatchObject({ type: "ended", error: {} });
  });

  test("does not give up while a long manifest still comes", () => {
    const room = new Room({ receivers: 1, invite: { timeoutMs: 8_000 } });
    room.lose = ({ how, message }) => how === "frame" && message.type === "manifest";
    room.start();
    room.pass(5_000);
    const part = { type: "manifest", offset: 0, payload: new Uint8Array(10) } as const;
    const up = room.party(1).machine?.relay.links.connectionOf(0) as number;
    room.tell(1, { type: "frame-received", connection: up, frame: part });
    const entries = [{ number: 1, parent: 0, chunksHeld: 0 }];
    const down = room.root.relay.links.connectionOf(1) as number;
    const progress = { type: "progress", entries } as const;
    room.tell(0, { type: "frame-received", connection: down, frame: progress });
    room.pass(7_900);
    expect(room.party(1).ended).toBeUndefined();
    room.pass(200);
    expect(room.party(1).ended).toBeDefined();
  });

  test("has lost nothing when it was complete: it ends in peace", () => {
    const room = new Room({ receivers: 2, invite: { timeoutMs: 5_000 } });
    room.hold = (party, effect) => party.place === 2 && effect.type === "store-chunk";
    room.start();
    room.passUntil(() => room.results.length === 1);
    room.crash(0, "kill");
    room.pass(12_000);
    expect(room.party(1).ended).toEqual({ type: "ended" });
    expect(room.party(1).isLanded).toBe(true);
  });
});

describe("a complete receiver", () => {
  test("keeps serving until it is told that the session is over", () => {
    const room = new Room({ receivers: 2, chunkCount: 100, invite: { fanout: 1 } });
    const inner = (): number => room.root.relay.tree.children[0] as number;
    room.hold = (party, effect) =>
      effect.type === "store-chunk" && party.place > 0 && party.place !== inner();
    room.start();
    room.passUntil(() => room.results.length === 1);
    const first = room.party(inner());
    const other = room.party(3 - first.place);
    expect(first.isLanded).toBe(true);
    room.pass(9_000);
    expect(first.ended).toBeUndefined();
    // The other one lost everything that was under way; the complete one sends it again.
    room.cut(other.place, first.place);
    room.hold = () => false;
    room.release();
    room.passUntil(() => room.phase === "ended");
    expect(other.isLanded).toBe(true);
    expect(first.ended).toEqual({ type: "ended" });
  });

  test("stays complete whatever goes wrong when it serves others", () => {
    const room = new Room({ receivers: 2, chunkCount: 10 });
    room.hold = (party, effect) => party.place === 2 && effect.type === "land";
    room.start();
    room.passUntil(() => room.results.length === 1);
    room.tell(1, { type: "failed", error: new PalmTreeError("store-failed", "the disk is gone") });
    expect(room.party(1).ended).toEqual({ type: "ended" });
    expect(room.heard("leave", 1, 0).at(-1)?.message).toMatchObject({ code: "" });
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(["complete", "complete"]);
  });

  test("stays beyond the time-out, as long as it is attached: the root waits for others", () => {
    const room = new Room({ receivers: 2, chunkCount: 10, invite: { timeoutMs: 3_000 } });
    room.hold = (party, effect) => party.place === 2 && effect.type === "land";
    room.start();
    room.pass(20_000);
    expect(room.party(1).ended).toBeUndefined();
    expect(room.phase).toBe("sending");
    goOn(room);
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(["complete", "complete"]);
  });

  test("reports what it took in, and passes its children's reports on", () => {
    const room = new Room({ receivers: 2, invite: { fanout: 1 } });
    room.start();
    room.passUntil(() => room.phase === "ended");
    const inner = room.results.map(({ number }) => number);
    expect(inner).toHaveLength(2);
    expect(room.heard("report", undefined, 0).map(({ message }) => message)).toMatchObject([
      { status: "complete", bytes: room.content.totalBytes, code: "" },
      { status: "complete", bytes: room.content.totalBytes, code: "" },
    ]);
  });
});

describe("a receiver that takes long to land", () => {
  test("gives signs of life, and is neither given up nor gives up itself", () => {
    const room = new Room({ receivers: 1, invite: { timeoutMs: 3_000 } });
    room.hold = (_, effect) => effect.type === "land";
    room.start();
    room.pass(30_000);
    expect(room.results).toEqual([]);
    expect(room.party(1).ended).toBeUndefined();
    goOn(room);
    expect(room.results).toMatchObject([{ status: "complete" }]);
  });

  test("or to open a long manifest, does so too", () => {
    const room = new Room({ receivers: 1, invite: { timeoutMs: 3_000 } });
    room.hold = (_, effect) => effect.type === "open-manifest";
    room.start();
    room.pass(30_000);
    expect(room.results).toEqual([]);
    expect(room.party(1).ended).toBeUndefined();
    goOn(room);
    expect(room.results).toMatchObject([{ status: "complete" }]);
  });
});

describe("a receiver that is sent a corrupt chunk", () => {
  test("neither stores it nor passes it on nor says that it holds it, and cuts its parent off", () => {
    const room = new Room({ receivers: 2, chunkCount: 200, invite: { fanout: 1 } });
    room.hold = (party, effect) =>
      party.place === 0 && effect.type === "produce-chunk" && effect.index >= 64;
    room.lose = ({ from, message }) =>
      from === 0 && message.type === "chunk" && message.index === 40;
    room.start();
    const victim = room.root.relay.tree.children[0] as number;
    const payload = room.content.payloadOf(40).slice();
    payload[3] = (payload[3] as number) ^ 1;
    const frame = { type: "chunk", index: 40, payload } as const;
    room.tell(victim, { type: "frame-received", connection: 1, frame });
    expect(room.party(victim).stored.has(40)).toBe(false);
    expect(room.member(victim).intake.content?.held.has(40)).toBe(false);
    const passedOn = room.heard("chunk", victim).map(({ message }) => message);
    expect(passedOn).toHaveLength(63);
    expect(passedOn).not.toContainEqual(expect.objectContaining({ index: 40 }));
    expect(room.party(victim).steps).toContainEqual({
      type: "blamed",
      number: 0,
      code: "chunk-corrupt",
      message: "chunk 40 does not have its hash",
    });
    expect(room.heard("downgrade", victim, 0).at(-1)?.message).toMatchObject({ reason: "corrupt" });
    expect(room.member(victim).relay.tree.parent).toBeUndefined();
  });

  test("becomes complete through somebody else, or through the same one once it is forgiven", () => {
    const room = new Room({ receivers: 1, chunkCount: 100, options: { blameMs: 2_000 } });
    room.hold = (party, effect) =>
      party.place === 0 && effect.type === "produce-chunk" && effect.index >= 64;
    room.lose = ({ message }) => message.type === "chunk" && message.index === 40;
    room.start();
    const payload = new Uint8Array(room.content.lengthOf(40));
    const frame = { type: "chunk", index: 40, payload } as const;
    room.tell(1, { type: "frame-received", connection: 1, frame });
    room.lose = () => false;
    goOn(room);
    room.pass(1_900);
    expect(room.member(1).relay.tree.parent).toBeUndefined();
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toMatchObject([{ status: "complete" }]);
  });
});

describe("a receiver that is told what may not be said", () => {
  const broken = [
    {
      name: "a chunk of a wrong length",
      frame: { type: "chunk", index: 0, payload: new Uint8Array(3) },
    },
    {
      name: "a chunk without its page",
      frame: { type: "chunk", index: 199, payload: new Uint8Array(64) },
    },
    {
      name: "a page in the middle",
      frame: signedPage(3, new Uint8Array(32)),
    },
    {
      name: "a page that the root has not signed",
      frame: { ...signedPage(64, pageOf(64, 96)), signature: new Uint8Array(64) },
    },
    {
      name: "a seal that the root has not signed",
      frame: { ...signedSeal(hashOf(1), totalBytes), signature: new Uint8Array(64) },
    },
    { name: "a child's frame", frame: { type: "want", runs: [] } },
    {
      name: "a refusal of a chunk that there is not",
      frame: { type: "refuse", index: 2 ** 24 - 1, reason: "not-held" },
    },
    {
      name: "news of a chunk that there is not",
      frame: { type: "have", isIdle: true, runs: [{ first: 0, count: 2 ** 24 }] },
    },
    { name: "a second welcome", frame: { type: "welcome", peer: peer(0).id } },
    {
      name: "a greeting in the middle",
      frame: {
        type: "hello",
        session: "",
        peer: peer(0).id,
        number: 0,
        link: "tree",
        token: "",
        hasManifest: true,
      },
    },
  ] as const;

  test.each(broken)("cuts its parent off for $name", ({ frame }) => {
    const room = halfway(64, { receivers: 1 });
    room.tell(1, { type: "frame-received", connection: 1, frame });
    const [blamed] = room.party(1).steps.filter(({ type }) => type === "blamed");
    expect(blamed).toMatchObject({ number: 0, code: "protocol-violation" });
    expect(room.heard("downgrade", 1, 0).at(-1)?.message).toMatchObject({ reason: "protocol" });
    expect(room.root.relay.tree.children).toEqual([]);
  });

  test("cuts its parent off for a frame that is malformed, which the connection's end tells", () => {
    const room = halfway(64, { receivers: 1 });
    const error = new PalmTreeError("frame-malformed", "no such type", { fault: "remote" });
    room.tell(1, { type: "connection-closed", connection: 1, error });
    expect(room.party(1).steps).toContainEqual({
      type: "blamed",
      number: 0,
      code: "frame-malformed",
      message: "no such type",
    });
  });

  test("does not blame its parent for a connection that only broke", () => {
    const room = halfway(64, { receivers: 1 });
    const error = new PalmTreeError("link-lost", "reset");
    room.tell(1, { type: "connection-closed", connection: 1, error });
    expect(room.party(1).steps.filter(({ type }) => type === "blamed")).toEqual([]);
    room.pass(1_500);
    expect(room.member(1).relay.tree.parent).toBe(0);
  });

  test("ignores frames of a connection that has no active link", () => {
    const room = halfway(64, { receivers: 1 });
    const before = room.lines.length;
    for (const connection of [-5, 77])
      room.tell(1, { type: "frame-received", connection, frame: { type: "finish" } });
    expect(room.lines).toHaveLength(before);
    expect(room.party(1).ended).toBeUndefined();
  });
});

describe("a receiver that ends", () => {
  test("when it is stopped reports that, tells the root, closes its links, and wants nothing more", () => {
    const room = halfway(64, { receivers: 2 });
    room.tell(1, { type: "stop", detail: "Ctrl-C" });
    const types = room.party(1).steps.map(({ type }) => type);
    expect(types.at(-1)).toBe("ended");
    expect(room.party(1).ended).toMatchObject({ error: { code: "aborted", message: "Ctrl-C" } });
    expect(room.heard("leave", 1, 0).at(-1)?.message).toMatchObject({ detail: "Ctrl-C" });
    expect(room.party(1).connections.size).toBe(0);
    expect(room.member(1).handle({ type: "tick" }, room.now + 1)).toEqual([]);
    expect(room.member(1).deadline()).toBeUndefined();
  });

  test("when it is told so before it is complete says that it leaves without", () => {
    const room = halfway(64, { receivers: 1 });
    room.tell(0, { type: "stop", detail: "Ctrl-C" });
    expect(room.heard("leave", 1, 0)[0]?.message).toMatchObject({ code: "left" });
    expect(room.party(1).ended).toMatchObject({ error: { code: "left" } });
  });

  test("before it is complete does so for its root only, and leaves a parent that says so", () => {
    const room = halfway(64, { receivers: 2 });
    const child = [1, 2].find((place) => room.member(place).relay.tree.parent !== 0) as number;
    const liar = room.member(child).relay.tree.parent as number;
    const connection = room.member(child).relay.links.connectionOf(liar) as number;
    room.tell(child, { type: "frame-received", connection, frame: { type: "finish" } });
    expect(room.party(child).ended).toBeUndefined();
    expect(room.member(child).relay.tree.parent).toBeUndefined();
    expect(room.heard("downgrade", child, liar)).toHaveLength(1);
    // It is referred there again, and does not go back.
    room.pass(5_000);
    expect(room.member(child).relay.tree.parent).toBeUndefined();
    room.say(0, child, { type: "ended" });
    expect(room.party(child).ended).toMatchObject({ error: { code: "left" } });
  });

  test("when the session is over says so to its children, and nothing after that", () => {
    const room = new Room({ receivers: 3, invite: { fanout: 1 } });
    room.start();
    room.passUntil(() => room.phase === "ended");
    // The room itself throws when a machine wants something after its end.
    for (const place of [1, 2, 3]) {
      expect(room.party(place).steps.at(-1)?.type).toBe("ended");
      expect(room.party(place).hasEnded).toBe(true);
    }
    expect(room.heard("finish").length).toBeGreaterThanOrEqual(1);
  });

  test("when its manifest is not the one that was promised fails, with that reason", () => {
    const room = new Room({ receivers: 2 });
    room.hold = (party, effect) => party.place === 1 && effect.type === "open-manifest";
    room.start();
    room.tell(1, { type: "failed", error: new PalmTreeError("manifest-invalid", "another hash") });
    room.passUntil(() => room.phase === "ended");
    expect(room.results).toContainEqual(
      expect.objectContaining({
        address: address(1),
        status: "failed",
        error: { code: "manifest-invalid", message: "another hash" },
      }),
    );
  });

  test("for long reasons cuts them to what fits", () => {
    const room = halfway(64, { receivers: 1 });
    room.tell(1, { type: "failed", error: new PalmTreeError("store-failed", "ä".repeat(2_000)) });
    const leave = room.heard("leave", 1, 0).at(-1)?.message;
    expect(leave).toMatchObject({ detail: "ä".repeat(127) });
    const report = room.heard("report", 1, 0).at(-1)?.message;
    expect(report).toMatchObject({ detail: "ä".repeat(512) });
  });
});
