/** What is known by a peer's number does not count against another one that has the number later. */
import { makeKnock, type PeerInfo } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import { Bench } from "./bench.js";
import { Room } from "./harness.js";
import { address, peer, peers, saidIn } from "./parts.js";

/** Another one that a neighbour passed off as peer 9. */
const impostor: PeerInfo = { number: 9, id: "00000000000000ff", address: address(66) };

describe("a receiver to which a neighbour passed somebody off as peer 9", () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench({ neighbours: [1, 2] });
    bench.do(() => bench.relay.tree.expect());
    bench.hear(1, { type: "introduce", peer: impostor });
  });

  function hearImpostor(message: Parameters<Bench["hear"]>[1]) {
    return bench.do(() => bench.relay.onControl(impostor.address, impostor.id, message));
  }

  /** Whom it asks for a place within ten seconds. */
  function asked(): Set<number | undefined> {
    const said = saidIn(bench.pass(bench.now + 10_000));
    return new Set(said.filter(({ type }) => type === "orphan").map(({ to }) => to));
  }

  test("asks the true one for a place, though the other has left", () => {
    hearImpostor({ type: "leave", code: "", detail: "" });
    expect(asked()).not.toContain(66);
    bench.do(() => bench.relay.acquaintances.list(peers(1, 2, 9)));
    expect(asked()).toContain(9);
  });

  test("takes the true one's tree check, though the other was cut off", () => {
    bench.relay.tree.blame(9);
    bench.do(() => bench.relay.acquaintances.meet(peer(9)));
    const said = bench.answersTo(9, { type: "tree-check", pulse: 7, depth: 0 });
    expect(said).toEqual([{ to: 9, type: "upgrade-request", link: "tree" }]);
  });

  test("checks the true one, though the other has rejected a check", () => {
    bench.joinUnder(1);
    hearImpostor({ type: "tree-check", pulse: 3, depth: 0 });
    bench.rejectChecks();
    bench.do(() => bench.relay.acquaintances.meet(peer(9)));
    const said = saidIn(bench.pass(bench.now + 500)).filter(({ type }) => type === "tree-check");
    expect(said.map(({ to }) => to)).toContain(9);
  });

  test.each(["list", "meet"] as const)(
    "ends the link to the other when the root says who it is (%s), and does not take its frames for the true one's",
    (how) => {
      const [request] = saidIn(hearImpostor({ type: "tree-check", pulse: 3, depth: 0 }));
      expect(request).toMatchObject({ type: "upgrade-request" });
      hearImpostor({ type: "upgrade-accept", link: "tree", token: "00000000000000aa" });
      const connection = 1;
      bench.do(() => bench.relay.links.onConnectionOpened(connection));
      bench.do(() =>
        bench.relay.connections.onGreeting(connection, { type: "welcome", peer: impostor.id }),
      );
      expect(bench.relay.tree.parent).toBe(9);
      const done = bench.do(() =>
        how === "list"
          ? bench.relay.acquaintances.list(peers(1, 2, 9))
          : bench.relay.acquaintances.meet(peer(9)),
      );
      expect(done).toContainEqual({ type: "close-connection", connection });
      expect(saidIn(done)).toContainEqual(
        expect.objectContaining({ type: "downgrade", reason: "replaced" }),
      );
      expect(bench.relay.connections.neighbourOf(connection)).toBeUndefined();
      expect(bench.relay.tree.parent).toBeUndefined();
      expect(bench.relay.neighbourhood.get(9)).toEqual(peer(9));
      expect(asked()).toContain(9);
    },
  );
});

test("an accusation by or of who never took part is none of who has its number next", () => {
  const room = new Room({ receivers: 3, strangers: 2, chunkCount: 120 });
  room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index >= 40;
  room.start();
  room.passUntil(() => room.phase === "sending");
  const why = { code: "protocol-violation", detail: "" } as const;
  room.lose = ({ from, message }) => from === 4 && message.type === "neighbours-ack";
  room.say(4, 0, makeKnock());
  expect(room.member(4).number).toBe(4);
  room.say(4, 0, { type: "blame", number: 1, ...why });
  room.say(2, 0, { type: "blame", number: 4, ...why });
  room.crash(4, "vanish");
  room.pass(6_000);
  const accused = (): object[] => room.party(0).steps.filter(({ type }) => type === "accused");
  expect(accused()).toEqual([]);
  room.say(5, 0, makeKnock());
  room.pass(1_000);
  expect(room.member(5).number).toBe(4);
  room.say(5, 0, { type: "blame", number: 1, ...why });
  room.say(2, 0, { type: "blame", number: 4, ...why });
  expect(accused()).toMatchObject([
    { number: 1, by: address(5) },
    { number: 4, address: address(5), by: address(2) },
  ]);
});
