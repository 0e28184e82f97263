import { wireLimits } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import { Bench } from "./bench.js";
import { address, framesIn, only, peer, range, saidIn, token } from "./parts.js";

const check = (pulse: number, depth = 0) => ({ type: "tree-check", pulse, depth }) as const;
const orphan = (pulse = 0) => ({ type: "orphan", pulse }) as const;
const reject = (to: number, reason: string) => ({ to, type: "tree-reject", reason });

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

/** To whom tree checks were sent. */
const checked = (effects: Parameters<typeof saidIn>[0]): number[] =>
  saidIn(effects).flatMap((said) => (said.type === "tree-check" ? [said.to] : []));

describe("a tree check", () => {
  test("from a neighbour is answered by asking for the upgrade", () => {
    expect(bench.answersTo(1, check(3))).toEqual([
      { to: 1, type: "upgrade-request", link: "tree" },
    ]);
  });

  test("from a stranger is rejected: not a neighbour", () => {
    expect(bench.answersTo(9, check(3))).toEqual([reject(9, "not-a-neighbour")]);
  });

  test("is rejected by a peer that has a parent already", () => {
    bench.joinUnder(1);
    bench.rejectChecks();
    expect(bench.answersTo(2, check(50))).toEqual([reject(2, "has-parent")]);
  });

  test("is rejected by the root, which needs no parent", () => {
    const root = new Bench({ isRoot: true, number: 0 });
    expect(root.answersTo(1, check(50))).toEqual([reject(1, "has-parent")]);
  });

  test("is rejected while another is being decided on", () => {
    bench.hear(1, check(3));
    expect(bench.answersTo(2, check(50))).toEqual([reject(2, "deciding")]);
  });

  test("that is repeated while the upgrade is under way, or by the parent itself, is ignored", () => {
    bench.hear(1, check(3));
    expect(bench.hear(1, check(3))).toEqual([]);
    const joined = new Bench();
    joined.joinUnder(1);
    expect(joined.hear(1, check(9))).toEqual([]);
    expect(joined.relay.tree.parent).toBe(1);
  });

  test("is rejected by a peer that leaves", () => {
    bench.relay.tree.leave();
    expect(bench.answersTo(1, check(3))).toEqual([reject(1, "leaving")]);
  });

  test("with a pulse that is not newer is stale: it may come from below", () => {
    const connection = bench.joinUnder(1, 7);
    bench.cut(connection);
    expect(bench.answersTo(2, check(6))).toEqual([reject(2, "stale")]);
    expect(bench.answersTo(2, check(7))).toEqual([reject(2, "stale")]);
    expect(bench.answersTo(2, check(8))).toEqual([
      { to: 2, type: "upgrade-request", link: "tree" },
    ]);
  });

  test("of a blamed neighbour is stale until it is forgiven", () => {
    bench = new Bench({ options: { blameMs: 1_000 } });
    bench.relay.tree.blame(1);
    expect(bench.answersTo(1, check(3))).toEqual([reject(1, "stale")]);
    bench.context.now = 1_000;
    expect(bench.answersTo(1, check(3))).toEqual([
      { to: 1, type: "upgrade-request", link: "tree" },
    ]);
  });

  test("whose upgrade fails leaves an orphan that takes the next one", () => {
    bench.hear(1, check(3));
    bench.hear(1, { type: "upgrade-reject", link: "tree", reason: "fanout-full" });
    expect(bench.relay.tree.isAttached).toBe(false);
    expect(bench.answersTo(2, check(3))).toEqual([
      { to: 2, type: "upgrade-request", link: "tree" },
    ]);
  });
});

describe("the upgrade that follows a tree check", () => {
  test("makes the neighbour the parent once it is confirmed, at the depth below it", () => {
    bench.hear(1, check(3, 6));
    expect(bench.relay.tree.parent).toBeUndefined();
    const accepted = bench.hear(1, { type: "upgrade-accept", link: "tree", token: token(1) });
    const { address: to, id } = peer(1);
    expect(accepted).toEqual([{ type: "dial", connection: 1, to, peer: id, token: token(1) }]);
    expect(bench.relay.tree.parent).toBeUndefined();
    bench.do(() => bench.relay.links.onConnectionOpened(1));
    bench.welcome(1, 1);
    expect(bench.relay.tree).toMatchObject({ parent: 1, depth: 7, pulse: 3 });
    expect(bench.facts).toContainEqual({ type: "parent-gained", number: 1 });
  });

  test("to a liar at an impossible depth leaves this peer at a depth that can be told", () => {
    bench.joinUnder(1, 3, wireLimits.peerCount - 1);
    expect(bench.relay.tree.depth).toBe(wireLimits.peerCount - 1);
  });

  test("is what the check waits for before it is gossiped on", () => {
    const before = [
      ...bench.hear(1, check(3, 6)),
      ...bench.hear(1, { type: "upgrade-accept", link: "tree", token: token(1) }),
      ...bench.do(() => bench.relay.links.onConnectionOpened(1)),
    ];
    expect(checked(before)).toEqual([]);
    const after = bench.welcome(1, 1);
    expect(checked(after)).toHaveLength(2);
    expect(saidIn(after)).toContainEqual(
      expect.objectContaining({ type: "tree-check", pulse: 3, depth: 7 }),
    );
  });

  test("is refused by a peer whose slots are taken", () => {
    bench = new Bench({ fanout: 1 });
    bench.joinUnder(1);
    bench.adopt(2);
    expect(bench.answersTo(3, { type: "upgrade-request", link: "tree" })).toEqual([
      { to: 3, type: "upgrade-reject", link: "tree", reason: "fanout-full" },
    ]);
    expect(bench.relay.tree.children).toEqual([2]);
  });

  test("is refused by a peer that is not in the tree itself, but not to a neighbour that it has checked", () => {
    expect(bench.answersTo(2, { type: "upgrade-request", link: "tree" })).toEqual([
      { to: 2, type: "upgrade-reject", link: "tree", reason: "busy" },
    ]);
    const connection = bench.joinUnder(1);
    const [probed = 0] = checked(bench.log);
    bench.cut(connection);
    expect(bench.offerTo(probed)).toBeDefined();
  });

  test("is refused by a peer that leaves", () => {
    bench.joinUnder(1);
    bench.relay.tree.leave();
    expect(bench.answersTo(2, { type: "upgrade-request", link: "tree" })).toEqual([
      { to: 2, type: "upgrade-reject", link: "tree", reason: "leaving" },
    ]);
  });

  test("is refused to the parent and to the parent to be: nobody hangs above and below", () => {
    bench.hear(1, check(3));
    expect(bench.answersTo(1, { type: "upgrade-request", link: "tree" })).toEqual([
      { to: 1, type: "upgrade-reject", link: "tree", reason: "busy" },
    ]);
    const joined = new Bench({ fanout: 3 });
    joined.joinUnder(1);
    joined.rejectChecks();
    expect(joined.answersTo(1, { type: "upgrade-request", link: "tree" })).toEqual([
      { to: 1, type: "upgrade-reject", link: "tree", reason: "busy" },
    ]);
    expect(joined.relay.tree.parent).toBeUndefined();
    // The slot is not lost with the refusal.
    joined.joinUnder(2);
    for (const child of [1, 3, 4]) joined.adopt(child);
    expect(joined.relay.tree.children).toEqual([1, 3, 4]);
  });

  test("of a child that asks anew and comes too late finds its slot taken, and is not taken back", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 1 });
    bench.adopt(1);
    bench.context.now += 500;
    const offered = bench.offerTo(1) ?? "";
    // The old link is gone, and with it the slot.
    bench.adopt(2);
    const { connection, effects } = bench.greet(1, { token: offered });
    expect(effects).toContainEqual({ type: "close-connection", connection });
    expect(saidIn(effects)).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "tree",
      reason: "replaced",
    });
    expect(bench.relay.tree.children).toEqual([2]);
  });

  test("of more children than slots, when answers race, ends with as many children as slots", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 2 });
    const tokens = [1, 2, 3].map((number) => bench.offerTo(number));
    expect(tokens[2]).toBeUndefined();
    bench.greet(1, { token: tokens[0] ?? "" });
    bench.greet(2, { token: tokens[1] ?? "" });
    expect(bench.relay.tree.children).toEqual([1, 2]);
  });
});

describe("gossip", () => {
  test("checks as many neighbours as there are slots, and never the parent or the root", () => {
    bench = new Bench({ neighbours: [0, 1, 2, 3], fanout: 8 });
    bench.joinUnder(1);
    expect(checked(bench.log).sort((a, b) => a - b)).toEqual([2, 3]);
  });

  test("goes on to another neighbour when one rejects", () => {
    bench = new Bench({ fanout: 1 });
    bench.joinUnder(1);
    for (let count = 1; count <= 3; count += 1) {
      expect(checked(bench.log)).toHaveLength(count);
      bench.hear(checked(bench.log).at(-1) ?? 0, { type: "tree-reject", reason: "has-parent" });
    }
    expect(checked(bench.log).sort((a, b) => a - b)).toEqual([2, 3, 4]);
  });

  test("leaves out a neighbour that has sent a check itself: it is in the tree", () => {
    bench = new Bench({ neighbours: [1, 2, 3], fanout: 2 });
    bench.hear(3, check(1));
    bench.hear(3, { type: "upgrade-reject", link: "tree", reason: "fanout-full" });
    bench.joinUnder(1);
    expect(checked(bench.log)).toEqual([2]);
  });

  test("gives the slot of a checked neighbour that sends a check itself to another", () => {
    bench = new Bench({ fanout: 1 });
    bench.joinUnder(1);
    const [first = 0] = checked(bench.log);
    const next = checked(bench.hear(first, check(2)));
    expect(next).toHaveLength(1);
    expect(next).not.toContain(first);
  });

  test("repeats an unanswered check, and frees the slot for another neighbour after the fourth", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 1, neighbours: [1, 2] });
    const first = checked(bench.do(() => bench.relay.tree.start()));
    const all = [...first, ...checked(bench.pass(3_000))];
    const [one, other] = [...new Set(all)];
    expect(all).toEqual([one, one, one, one, other, other, other, other]);
  });

  test("checks a neighbour that was deciding once more", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 1, neighbours: [1] });
    bench.do(() => bench.relay.tree.start());
    bench.hear(1, { type: "tree-reject", reason: "deciding" });
    expect(checked(bench.pass(240))).toEqual([]);
    expect(checked(bench.pass(260))).toEqual([1]);
  });

  test("frees the slot of a neighbour that was forgotten while it was being checked", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 1, neighbours: [1] });
    bench.do(() => bench.relay.tree.start());
    bench.relay.acquaintances.list([peer(2)]);
    // `pass` throws when a tick that is due stays due.
    expect(checked(bench.pass(5_000))).toContain(2);
  });

  test("a check that comes back after the child was gained does not fork the tree", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 2, neighbours: [1, 2] });
    bench.do(() => bench.relay.tree.start());
    bench.adopt(1);
    bench.hear(1, { type: "tree-reject", reason: "has-parent" });
    expect(bench.relay.tree.children).toEqual([1]);
    expect(bench.relay.tree.subtreeSize).toBe(2);
  });

  test("a duplicated or delayed check does not give a peer two parents, nor a second upgrade", () => {
    const connection = bench.joinUnder(1, 3);
    const later = [
      ...bench.hear(1, check(3)),
      ...bench.hear(2, check(4)),
      ...bench.hear(2, check(4)),
      ...bench.hear(1, { type: "upgrade-accept", link: "tree", token: token(5) }),
    ];
    expect(only(later, "dial")).toEqual([]);
    expect(bench.relay.tree.parent).toBe(1);
    expect(bench.facts.filter(({ type }) => type === "parent-gained")).toHaveLength(1);
    expect(bench.relay.links.activeNumberOf(connection)).toBe(1);
  });
});

describe("an orphan", () => {
  test("asks two of its neighbours when no check has come for a while, and asks again", () => {
    bench = new Bench({ options: { orphanAfterMs: 300, orphanRetryMs: 200 } });
    bench.do(() => bench.relay.tree.expect());
    expect(bench.pass(224)).toEqual([]);
    const first = saidIn(bench.pass(375));
    expect(first).toHaveLength(2);
    for (const said of first) expect(said).toMatchObject({ type: "orphan", pulse: 0 });
    expect(saidIn(bench.pass(3_000)).length).toBeGreaterThan(6);
  });

  test("does not ask once it has a parent", () => {
    bench.do(() => bench.relay.tree.expect());
    bench.joinUnder(1);
    bench.hear(2, { type: "tree-reject", reason: "has-parent" });
    const asked = saidIn(bench.pass(900)).filter(({ type }) => type === "orphan");
    expect(asked).toEqual([]);
  });

  test("does not ask while an upgrade is under way, and asks soon after it has failed", () => {
    bench = new Bench({ options: { upgradeTimeoutMs: 1_000 } });
    bench.do(() => bench.relay.tree.expect());
    bench.hear(1, check(1));
    const during = saidIn(bench.pass(999));
    expect(new Set(during.map(({ type }) => type))).toEqual(new Set(["upgrade-request"]));
    const after = saidIn(bench.pass(1_400));
    expect(after.map(({ type }) => type)).toContain("orphan");
  });

  test("that lost its parent asks almost at once, with the pulse that it knew", () => {
    const connection = bench.joinUnder(1, 9);
    const since = bench.now;
    bench.cut(connection);
    expect(bench.facts).toContainEqual({ type: "parent-lost", number: 1 });
    const asked = saidIn(bench.pass(since + 30)).filter(({ type }) => type === "orphan");
    expect(asked.length).toBeGreaterThan(0);
    expect(asked[0]).toMatchObject({ pulse: 9 });
  });

  test("takes a new parent only for a newer pulse than it had", () => {
    const connection = bench.joinUnder(1, 9);
    bench.cut(connection);
    expect(bench.answersTo(2, check(9))).toEqual([reject(2, "stale")]);
    bench.joinUnder(2, 10);
    expect(bench.relay.tree).toMatchObject({ parent: 2, pulse: 10 });
  });

  test("asks the peer that it is referred to at once, and again with those that it draws", () => {
    bench = new Bench({ neighbours: range(1, 21) });
    bench.do(() => bench.relay.tree.expect());
    expect(bench.answersTo(1, { type: "refer", peer: peer(40) })).toEqual([
      { to: 40, type: "orphan", pulse: 0 },
    ]);
    // Two rounds: who referred it and to whom, and two others each time.
    const asked = saidIn(bench.pass(700)).map(({ to }) => to);
    expect(asked).toHaveLength(8);
    expect(asked.filter((number) => number === 1)).toHaveLength(2);
    expect(asked.filter((number) => number === 40)).toHaveLength(2);
  });

  test("ignores a referral when it does not search", () => {
    bench.joinUnder(1);
    expect(bench.hear(2, { type: "refer", peer: peer(40) })).toEqual([]);
  });

  test("keeps its children when it only has left the others for a while, and asks the root", () => {
    bench = new Bench({ neighbours: [1, 2], fanout: 2 });
    bench.joinUnder(1);
    bench.adopt(2);
    bench.do(() => bench.relay.partFromParent());
    expect(bench.relay.tree.parent).toBeUndefined();
    bench.pass(bench.now + 30);
    expect(bench.relay.tree.children).toEqual([2]);
    expect(bench.facts).toContainEqual({ type: "root-wanted" });
    bench.relay.acquaintances.meet(peer(0));
    const asked = saidIn(bench.pass(bench.now + 400)).filter(({ type }) => type === "orphan");
    expect(asked.map(({ to }) => to)).toEqual([0]);
  });

  test("does not ask its own children or a blamed neighbour", () => {
    bench = new Bench({ neighbours: [1, 2, 3] });
    const connection = bench.joinUnder(1);
    bench.adopt(2);
    bench.relay.tree.blame(1);
    bench.cut(connection);
    const asked = saidIn(bench.pass(1_400)).filter(({ type }) => type === "orphan");
    expect(new Set(asked.map(({ to }) => to))).toEqual(new Set([3]));
  });

  test("does not ask a neighbour that has left", () => {
    bench = new Bench({ neighbours: [1, 2, 3] });
    bench.do(() => bench.relay.tree.expect());
    bench.hear(1, { type: "leave", code: "", detail: "" });
    bench.hear(2, { type: "tree-reject", reason: "leaving" });
    const asked = saidIn(bench.pass(3_000)).filter(({ type }) => type === "orphan");
    expect(new Set(asked.map(({ to }) => to))).toEqual(new Set([3]));
  });

  test("lets its children go at once when there is nobody else to ask", () => {
    bench = new Bench({ neighbours: [1, 2], fanout: 2 });
    const connection = bench.joinUnder(1);
    bench.adopt(2);
    bench.hear(1, { type: "leave", code: "", detail: "" });
    bench.cut(connection);
    expect(saidIn(bench.pass(bench.now + 30))).toContainEqual({
      to: 2,
      type: "downgrade",
      link: "tree",
      reason: "lost",
    });
  });

  test("lets its children go after eight rounds in vain, for all ways may lead through them", () => {
    bench = new Bench({ neighbours: [1, 2], fanout: 2, options: { orphanRounds: 8 } });
    const connection = bench.joinUnder(1);
    bench.adopt(2);
    bench.cut(connection);
    const said = [];
    for (let at = bench.now; at < 20_000 && bench.relay.tree.children.length > 0; at += 50) {
      // The neighbours are heard of: it is not their silence that ends the links.
      bench.do(() => bench.relay.links.heard(2));
      said.push(...saidIn(bench.pass(at)));
    }
    const letGoAt = said.findIndex(({ to, type }) => to === 2 && type === "downgrade");
    expect(said[letGoAt]).toMatchObject({ reason: "lost" });
    expect(said.slice(0, letGoAt).filter(({ type }) => type === "orphan")).toHaveLength(8);
    expect(bench.facts).toContainEqual({ type: "child-lost", number: 2 });
  });
});

describe("an orphan's question", () => {
  test("is answered with a tree check by a peer with a free slot", () => {
    bench.joinUnder(1, 5, 2);
    bench.rejectChecks();
    expect(bench.answersTo(4, orphan(4))).toEqual([
      { to: 4, type: "tree-check", pulse: 5, depth: 3 },
    ]);
  });

  test("takes the place of an unanswered check", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 1 });
    const [probed = 0] = checked(bench.do(() => bench.relay.tree.start()));
    const other = probed === 4 ? 3 : 4;
    expect(bench.answersTo(other, orphan())).toEqual([
      { to: other, type: "tree-check", pulse: 1, depth: 0 },
    ]);
    expect(bench.offerTo(probed)).toBeUndefined();
    expect(bench.offerTo(other)).toBeDefined();
  });

  test("is rejected by a peer that is not attached, that leaves, or that knows no newer pulse", () => {
    expect(bench.answersTo(2, orphan())).toEqual([reject(2, "not-attached")]);
    bench.joinUnder(1, 5);
    expect(bench.answersTo(2, orphan(5))).toEqual([reject(2, "stale")]);
    bench.relay.tree.leave();
    expect(bench.answersTo(2, orphan())).toEqual([reject(2, "leaving")]);
  });

  test("of a stranger is rejected: not a neighbour", () => {
    bench.joinUnder(1);
    expect(bench.answersTo(9, orphan())).toEqual([reject(9, "not-a-neighbour")]);
  });

  test("to a full peer is passed to its smallest child, and the two are introduced", () => {
    bench = new Bench({ fanout: 2 });
    bench.joinUnder(1, 5);
    bench.rejectChecks();
    bench.adopt(2);
    bench.adopt(3);
    bench.childSays(2, { type: "subtree", size: 7 });
    expect(bench.answersTo(4, orphan())).toEqual([
      { to: 3, type: "introduce", peer: peer(4) },
      { to: 4, type: "refer", peer: peer(3) },
    ]);
  });

  test("to a full peer without another child to name is rejected: fanout is full", () => {
    bench = new Bench({ fanout: 1 });
    bench.joinUnder(1, 5);
    bench.rejectChecks();
    expect(bench.offerTo(2)).toBeDefined();
    expect(bench.answersTo(4, orphan())).toEqual([reject(4, "fanout-full")]);
  });

  test("of a child says that the link is gone for it: the child is let go and checked anew", () => {
    bench.joinUnder(1, 5);
    bench.rejectChecks();
    bench.adopt(2);
    const said = bench.answersTo(2, orphan());
    expect(said).toContainEqual({ to: 2, type: "downgrade", link: "tree", reason: "replaced" });
    expect(said).toContainEqual({ to: 2, type: "tree-check", pulse: 5, depth: 1 });
    expect(bench.facts).toContainEqual({ type: "child-lost", number: 2 });
  });

  test("is never this peer's own: to be introduced to oneself changes nothing", () => {
    bench.hear(1, { type: "introduce", peer: peer(5) });
    bench.hear(1, { type: "refer", peer: { ...peer(5), number: 77 } });
    expect(bench.relay.neighbourhood.numbers).toEqual([1, 2, 3, 4]);
  });

  test("is never the root, which needs nobody to say who it is", () => {
    bench.hear(1, { type: "introduce", peer: { ...peer(77), number: 0 } });
    bench.hear(1, { type: "introduce", peer: { ...peer(0), number: 77 } });
    bench.hear(1, { type: "refer", peer: { ...peer(0), address: address(77) } });
    expect([0, 77].map((number) => bench.relay.neighbourhood.get(number))).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("can be asked by the peer that a neighbour introduced", () => {
    bench = new Bench({ fanout: 3 });
    bench.joinUnder(1, 5);
    bench.rejectChecks();
    bench.hear(1, { type: "introduce", peer: peer(40) });
    expect(bench.answersTo(40, orphan())).toEqual([
      { to: 40, type: "tree-check", pulse: 5, depth: 1 },
    ]);
  });
});

describe("the pulse", () => {
  test("is counted up by the root and sent to the children", () => {
    bench = new Bench({ isRoot: true, number: 0, options: { pulseIntervalMs: 500 } });
    bench.do(() => bench.relay.tree.start());
    bench.adopt(1);
    const pings = saidIn(bench.pass(1_600)).filter(({ type }) => type === "ping");
    expect(pings).toEqual([2, 3, 4].map((pulse) => ({ to: 1, type: "ping", pulse })));
  });

  test("is counted up at once when the root loses a child, so that those below it may come back", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 2, neighbours: [1, 2] });
    bench.do(() => bench.relay.tree.start());
    const connection = bench.adopt(1);
    bench.adopt(2);
    const pulse = bench.relay.tree.pulse;
    expect(saidIn(bench.cut(connection))).toContainEqual({ to: 2, type: "ping", pulse: pulse + 1 });
    expect(bench.answersTo(1, orphan(pulse))).toContainEqual(
      expect.objectContaining({ to: 1, type: "tree-check", pulse: pulse + 1 }),
    );
  });

  test("is passed on by every peer when it is news, and always answered", () => {
    bench.joinUnder(1, 5);
    bench.adopt(2);
    expect(bench.answersTo(1, { type: "ping", pulse: 6 })).toEqual([
      { to: 1, type: "pong", pulse: 6 },
      { to: 2, type: "ping", pulse: 6 },
    ]);
    expect(bench.answersTo(1, { type: "ping", pulse: 6 })).toEqual([
      { to: 1, type: "pong", pulse: 6 },
    ]);
    expect(bench.answersTo(1, { type: "ping", pulse: 2 })).toEqual([
      { to: 1, type: "pong", pulse: 2 },
    ]);
    expect(bench.relay.tree.pulse).toBe(6);
  });

  test("is not taken over from anybody but the parent, who is told that it is none", () => {
    bench.joinUnder(1, 5);
    expect(bench.answersTo(2, { type: "ping", pulse: 50 })).toEqual([
      { to: 2, type: "downgrade", link: "tree", reason: "replaced" },
    ]);
    expect(bench.relay.tree.pulse).toBe(5);
  });

  test("of the parent to be, whose link is only just coming up, is no reason to end it", () => {
    bench.hear(1, check(3));
    expect(bench.hear(1, { type: "ping", pulse: 4 })).toEqual([]);
  });

  test("that was heard from below, after the parent was lost, leads nobody into a circle", () => {
    // 5 has 2 below itself. Whatever 2 learned, it learned through 5.
    const connection = bench.joinUnder(1, 5);
    bench.adopt(2);
    bench.hear(1, { type: "ping", pulse: 6 });
    bench.cut(connection);
    expect(bench.answersTo(2, check(6, 3))).toEqual([reject(2, "stale")]);
    expect(bench.relay.tree.parent).toBeUndefined();
  });
});

describe("completion", () => {
  test("is counted up: every change below is told the parent once", () => {
    const connection = bench.joinUnder(1, 5);
    const below = bench.adopt(2);
    const subtree = { type: "subtree", size: 4 } as const;
    const effects = bench.do(() => bench.relay.onFrameFromBelow(below, 2, subtree));
    expect(framesIn(effects, connection)).toEqual([{ type: "subtree", size: 5 }]);
    expect(bench.do(() => bench.relay.onFrameFromBelow(below, 2, subtree))).toEqual([]);
  });

  test("counts a lost child's whole subtree out", () => {
    const connection = bench.joinUnder(1, 5);
    const below = bench.adopt(2);
    bench.childSays(2, { type: "subtree", size: 4 });
    expect(framesIn(bench.cut(below), connection)).toEqual([{ type: "subtree", size: 1 }]);
  });

  test("never exceeds what a session can have, whatever the children say", () => {
    const connection = bench.joinUnder(1, 5);
    const below = bench.adopt(2);
    const size = wireLimits.peerCount;
    const effects = bench.do(() =>
      bench.relay.onFrameFromBelow(below, 2, { type: "subtree", size }),
    );
    expect(framesIn(effects, connection)).toEqual([{ type: "subtree", size }]);
  });

  test("starts with the whole subtree, when an orphan with children gets a new parent", () => {
    const connection = bench.joinUnder(1, 5);
    bench.adopt(2);
    bench.childSays(2, { type: "subtree", size: 4 });
    bench.cut(connection);
    bench.hear(3, check(9));
    bench.hear(3, { type: "upgrade-accept", link: "tree", token: token(2) });
    bench.do(() => bench.relay.links.onConnectionOpened(2));
    const effects = bench.welcome(3, 2);
    expect(framesIn(effects, 2)[0]).toEqual({ type: "subtree", size: 5 });
    expect(framesIn(effects, 2).filter(({ type }) => type === "subtree")).toHaveLength(1);
  });
});
