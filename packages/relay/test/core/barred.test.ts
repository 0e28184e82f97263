import type { ErrorCode } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import { Bench } from "./bench.js";
import { only, peer, peers, saidIn } from "./parts.js";

let bench: Bench;
beforeEach(() => {
  bench = new Bench({ neighbours: [0, 1, 2, 3], options: { blameMs: 10_000 } });
});

/** Whatever that neighbour did wrong is noticed. */
function misbehave(number: number, code: ErrorCode = "protocol-violation"): void {
  bench.do(() => bench.context.tell({ type: "misbehaved", number, code, message: "" }));
}

/** Whom it asks for a place within that time. */
function asked(withinMs: number): Set<number | undefined> {
  const said = saidIn(bench.pass(bench.now + withinMs));
  return new Set(said.filter(({ type }) => type === "orphan").map(({ to }) => to));
}

describe("a neighbour that broke the rules", () => {
  test("is a child no more, and does not become one again, whoever names it", () => {
    bench.joinUnder(1);
    bench.adopt(2);
    misbehave(2);
    expect(bench.relay.tree.children).toEqual([]);
    const takeBack = [
      () => undefined,
      () => bench.relay.acquaintances.list(peers(0, 1, 2, 3)),
      () => bench.relay.acquaintances.meet(peer(2)),
      () => bench.hear(1, { type: "introduce", peer: peer(2) }),
      () => bench.pass(bench.now + 60_000),
    ];
    for (const act of takeBack) {
      bench.do(act);
      expect(bench.offerTo(2)).toBeUndefined();
      expect(bench.answersTo(2, { type: "orphan", pulse: 0 })).toEqual([
        { to: 2, type: "tree-reject", reason: "not-a-neighbour" },
      ]);
    }
  });

  test("is not asked for a place, nor taken as a parent, as long as the session runs", () => {
    bench.joinUnder(1);
    misbehave(1);
    expect(asked(60_000)).toEqual(new Set([0, 2, 3]));
    expect(bench.answersTo(1, { type: "tree-check", pulse: 99, depth: 0 })).toEqual([
      { to: 1, type: "tree-reject", reason: "not-a-neighbour" },
    ]);
  });

  test("gets no feed, and gives none, also when the plan has it; the root is told that it is silent", () => {
    misbehave(2);
    bench.do(() => bench.relay.acquaintances.meet(peer(2)));
    bench.do(() => bench.relay.follow([2]));
    const said = saidIn(bench.pass(20_000, { isHungry: true }));
    expect(said.filter(({ to }) => to === 2)).toEqual([]);
    expect(bench.facts).toContainEqual({
      type: "trouble-seen",
      trouble: expect.objectContaining({ number: 2, kind: "silent" }),
    });
    expect(bench.answersTo(2, { type: "upgrade-request", link: "sink" })).toEqual([]);
    expect(bench.relay.deadline() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(bench.now);
  });

  test("by one bad chunk may come back: its memory may have flipped a bit", () => {
    bench.joinUnder(1);
    misbehave(1, "chunk-corrupt");
    expect(asked(9_000)).not.toContain(1);
    expect(asked(10_000)).toContain(1);
  });

  test("and is the root is avoided for a while only: there is no other", () => {
    bench.joinUnder(0);
    misbehave(0);
    expect(asked(9_000)).not.toContain(0);
    expect(asked(10_000)).toContain(0);
  });

  test("has its connections closed", () => {
    const connection = bench.joinUnder(1);
    bench.do(() =>
      bench.context.tell({ type: "misbehaved", number: 1, code: "frame-malformed", message: "" }),
    );
    expect(only(bench.log, "close-connection")).toContainEqual({
      type: "close-connection",
      connection,
    });
    expect(bench.relay.neighbourhood.get(1)).toBeUndefined();
  });
});
