/** Root and receivers in strategy `pipeline`, in one room. */
import { describe, expect, test } from "vitest";
import { Room } from "./harness.js";
import { range, reportOf } from "./parts.js";

test("the root cuts off a sink that says what only a child may say, and does not believe it", () => {
  const room = new Room({ receivers: 3, chunkCount: 400, invite: { strategy: "pipeline" } });
  room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index > 40;
  room.start();
  const connection = room.root.relay.feeds.sinks.connectionOf(1) as number;
  const report = reportOf(3);
  room.tell(0, { type: "frame-received", connection, frame: report });
  expect(room.results).toEqual([]);
  expect(room.party(0).steps).toContainEqual({
    type: "blamed",
    number: 1,
    code: "protocol-violation",
    message: "a report frame from a sink",
  });
});

describe("a session by a plan", () => {
  test("brings every chunk over feeds, and only the seal and what frames it over the tree", () => {
    const room = new Room({ receivers: 5, chunkCount: 100, invite: { strategy: "pipeline" } });
    room.start();
    room.passUntil(() => room.phase === "ended");
    for (const place of range(1, 6)) {
      expect(room.party(place).isLanded).toBe(true);
      // In a chain each has its chunks from the one before it, and nothing else.
      expect(room.heard("chunk", undefined, place)).toHaveLength(100);
      expect(room.heard("chunk", place - 1, place)).toHaveLength(100);
    }
    // One over each of the five links of the tree, one over each of the five feeds.
    expect(room.heard("seal")).toHaveLength(10);
    const holds = room.heard("holds").map(({ message }) => message);
    expect(holds.filter((one) => one.type === "holds" && one.stripes.length === 0)).toHaveLength(5);
  });

  test("says so to the user, and tells nobody a plan before all neighbour lists are acknowledged", () => {
    const room = new Room({ receivers: 3, invite: { strategy: "pipeline" } });
    room.lose = ({ from, message }) => from === 2 && message.type === "neighbours-ack";
    room.start();
    expect(room.heard("plan")).toEqual([]);
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    expect(room.heard("plan-ack")).toHaveLength(3);
    expect(room.party(0).steps).toContainEqual({ type: "planned", kind: "chain", peerCount: 4 });
  });

  test("reads and hashes the first chunks before anybody asks for them", () => {
    const room = new Room({ receivers: 3, chunkCount: 400, invite: { strategy: "pipeline" } });
    const asked: number[] = [];
    room.hold = (_, effect) => {
      if (effect.type === "produce-chunk") asked.push(effect.index);
      return false;
    };
    room.lose = ({ how }) => how === "frame";
    room.start();
    expect(room.phase).toBe("forming");
    expect(asked).toEqual(range(0, 32));
  });

  test("sends chunks while the tree still forms, and is formed when it spans all that are there", () => {
    const room = new Room({ receivers: 4, chunkCount: 100, invite: { strategy: "pipeline" } });
    room.lose = ({ from, message }) => from === 4 && message.type === "upgrade-request";
    room.start();
    expect(room.phase).toBe("forming");
    for (const place of [1, 2, 3]) expect(room.party(place).isLanded).toBe(true);
    expect(room.party(4).isLanded).toBe(false);
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    expect(room.party(4).isLanded).toBe(true);
    expect(room.party(0).steps).toContainEqual({ type: "tree-formed", peerCount: 5 });
  });

  test("takes no source that has no parent yet for one that withholds: it has no manifest", () => {
    const room = new Room({ receivers: 4, chunkCount: 100, invite: { strategy: "pipeline" } });
    room.lose = ({ from, message }) =>
      from === 2 && message.type === "upgrade-request" && message.link === "tree";
    room.start();
    room.passUntil(() => room.now >= 3_000);
    expect(room.phase).toBe("forming");
    expect(room.heard("trouble").map(({ message }) => message)).toContainEqual(
      expect.objectContaining({ kind: "withholding", number: 2 }),
    );
    room.lose = () => false;
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(Array(4).fill("complete"));
    expect(room.party(0).steps.filter(({ type }) => type === "demoted")).toEqual([]);
  });

  test("of which all have everything before the tree spans waits for it no longer", () => {
    const room = new Room({ receivers: 2, chunkCount: 10, invite: { strategy: "pipeline" } });
    // Nobody tells the root how many hang below.
    room.lose = ({ message }) => message.type === "subtree";
    room.start();
    expect(room.results.map(({ status }) => status)).toEqual(["complete", "complete"]);
    expect(room.now).toBe(0);
    expect(room.phase).toBe("ended");
  });

  test("by the tree has no plan and no feed", () => {
    const room = new Room({ receivers: 3, invite: { strategy: "tree" } });
    room.start();
    room.passUntil(() => room.phase === "ended");
    expect(room.heard("plan")).toEqual([]);
    const links = room.heard("upgrade-request").map(({ message }) => message);
    expect(links).not.toContainEqual({ type: "upgrade-request", link: "sink" });
  });

  test("goes on without a receiver that fails: who was behind it gets another source", () => {
    const room = new Room({ receivers: 4, chunkCount: 400, invite: { strategy: "pipeline" } });
    room.hold = (party, effect) =>
      party.place === 0 && effect.type === "produce-chunk" && effect.index >= 64;
    room.start();
    room.tell(2, { type: "stop", detail: "this machine is shut down" });
    expect(room.heard("plan", 0, 3).at(-1)?.message).toMatchObject({ revision: 2, sources: [1] });
    room.hold = () => false;
    room.release();
    room.passUntil(() => room.phase === "ended");
    for (const place of [1, 3, 4]) expect(room.party(place).isLanded).toBe(true);
    for (const place of [1, 3, 4]) expect(room.heard("chunk", undefined, place)).toHaveLength(400);
  });

  test("is complete although a source lives, takes everything and serves nothing", () => {
    const room = new Room({ receivers: 5, chunkCount: 400, invite: { strategy: "pipeline" } });
    room.lose = ({ from, message }) => from === 2 && message.type === "chunk";
    room.start();
    expect(room.party(3).stored.size).toBe(0);
    room.passUntil(() => [3, 4, 5].every((place) => room.party(place).isLanded));
    // 16 chunks at once of each helper, as often as it answers; here at once.
    expect(room.now).toBeLessThan(10_000);
    expect(room.heard("chunk", 1, 3).length + room.heard("chunk", 5, 3).length).toBeGreaterThan(0);
    expect(room.party(3).steps.filter(({ type }) => type === "blamed")).toEqual([]);
  });

  test("is complete although all that a receiver has links to serve nothing: it seeks others", () => {
    const room = new Room({ receivers: 5, chunkCount: 200, invite: { strategy: "pipeline" } });
    const linked = (place: number): boolean =>
      [room.member(3).relay.tree.parent, 0, 2].includes(place);
    const honest = 5;
    room.lose = ({ from, to, message }) => to === 3 && message.type === "chunk" && from !== honest;
    room.start();
    expect(linked(honest)).toBe(false);
    expect(room.member(3).relay.neighbourhood.numbers).toContain(honest);
    // What is behind it waits for it, so that the honest one has to be fed by others.
    room.passUntil(() => [3, 4, 5].every((place) => room.party(place).isLanded));
    expect(room.heard("chunk", honest, 3)).toHaveLength(200);
  });

  test("is not fooled by a plan that is not the root's, nor by an older one", () => {
    const room = new Room({ receivers: 3, chunkCount: 400, invite: { strategy: "pipeline" } });
    room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index >= 64;
    room.start();
    const plan = { type: "plan", sources: [], peers: [] } as const;
    room.say(1, 2, { ...plan, revision: 9 });
    room.say(0, 2, { ...plan, revision: 1 });
    expect(room.member(2).relay.feeds.sourceNumbers).toEqual([1]);
    expect(room.heard("plan-ack", 2, 0).at(-1)?.message).toMatchObject({ revision: 1 });
    room.say(0, 2, { ...plan, revision: 2 });
    expect(room.member(2).relay.feeds.sourceNumbers).toEqual([]);
  });
});
