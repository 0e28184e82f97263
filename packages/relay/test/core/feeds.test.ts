import { beforeEach, describe, expect, test } from "vitest";
import type { Fact } from "../../src/core/context.js";
import type { Effect } from "../../src/core/effect.js";
import type { ConnectionId } from "../../src/core/event.js";
import { Bench } from "./bench.js";
import { address, framesIn, only, peer, peers, range, saidIn, session, token } from "./parts.js";

const quiet = {
  upgradeRetryMs: 100,
  upgradeTimeoutMs: 1_000,
  aliveIntervalMs: 1e9,
  silentAfterMs: 1e9,
  orphanAfterMs: 1e9,
};
const request = { type: "upgrade-request", link: "sink" } as const;

let bench: Bench;
beforeEach(() => {
  bench = new Bench({ options: quiet });
});

function follow(...sources: readonly number[]): readonly Effect[] {
  return bench.do(() => bench.relay.feeds.follow(sources));
}

/** The source gives what it was asked for. Returns the connection. */
function takeFrom(source: number): ConnectionId {
  const accept = { type: "upgrade-accept", link: "source", token: token(50 + source) } as const;
  const [dial] = only(bench.hear(source, accept), "dial");
  if (dial === undefined) throw new Error(`${source} was not asked`);
  bench.do(() => bench.relay.connections.onOpened(dial.connection));
  const welcome = { type: "welcome", peer: peer(source).id } as const;
  bench.do(() => bench.relay.connections.onGreeting(dial.connection, welcome));
  return dial.connection;
}

/** A neighbour asks for a feed and dials. Returns the connection. */
function giveTo(sink: number): ConnectionId {
  for (const said of bench.answersTo(sink, request))
    if (said.type === "upgrade-accept")
      return bench.greet(sink, { token: said.token, link: "sink" }).connection;
  throw new Error(`${sink} was not accepted`);
}

function factsOf<T extends Fact["type"]>(type: T): Extract<Fact, { type: T }>[] {
  return bench.facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type);
}

/** Who was asked for a feed. */
function askedIn(effects: readonly Effect[]): number[] {
  return saidIn(effects).flatMap(({ to, type }) => (type === "upgrade-request" ? [to] : []));
}

describe("a peer that is asked for a feed by who is not its neighbour yet", () => {
  const accepted = { to: 9, type: "upgrade-accept", link: "source" };

  test("says nothing, and answers as soon as the two have met", () => {
    expect(bench.answersTo(9, request)).toEqual([]);
    const effects = bench.do(() => bench.relay.acquaintances.meet(peer(9)));
    expect(saidIn(effects)).toMatchObject([accepted]);
    // What is met again has been answered.
    expect(bench.do(() => bench.relay.acquaintances.meet(peer(9)))).toEqual([]);
  });

  test("answers nobody else, nor by a link of the tree, nor after the asker has asked again", () => {
    bench.hear(9, request);
    expect(bench.do(() => bench.relay.acquaintances.meet(peer(8)))).toEqual([]);
    bench.hear(7, { type: "upgrade-request", link: "tree" });
    expect(bench.do(() => bench.relay.acquaintances.meet(peer(7)))).toEqual([]);
    bench.context.now += quiet.upgradeRetryMs;
    expect(bench.do(() => bench.relay.acquaintances.meet(peer(9)))).toEqual([]);
  });
});

describe("a peer that follows a plan", () => {
  test("asks each of its sources once, whatever number of stripes it takes from there", () => {
    const said = saidIn(follow(1, 2, 1));
    expect(said).toEqual([
      { to: 1, ...request },
      { to: 2, ...request },
    ]);
  });

  test("dials as a sink, and takes from each source the stripes that the plan has there", () => {
    follow(1, 2, 1);
    const one = takeFrom(1);
    const other = takeFrom(2);
    expect(factsOf("source-gained")).toEqual([
      { type: "source-gained", number: 1, connection: one, stripes: { count: 3, wanted: [0, 2] } },
      { type: "source-gained", number: 2, connection: other, stripes: { count: 3, wanted: [1] } },
    ]);
    expect(framesIn(bench.log, one)[0]).toMatchObject({ type: "hello", session, link: "sink" });
    expect(bench.relay.feeds.sourceNumbers).toEqual([1, 2]);
    expect(bench.relay.isFromAbove(one, 1)).toBe(true);
    // A feed is no place in the tree.
    expect(bench.relay.tree.isAttached).toBe(false);
  });

  test("asks again a while after a feed was refused, failed or ended, as long as the plan has it", () => {
    follow(1);
    bench.hear(1, { type: "upgrade-reject", link: "source", reason: "fanout-full" });
    expect(askedIn(bench.pass(180))).toEqual([]);
    expect(askedIn(bench.pass(320))).toContain(1);
    const connection = takeFrom(1);
    bench.cut(connection);
    expect(factsOf("source-lost")).toEqual([{ type: "source-lost", number: 1, connection }]);
    const since = bench.now;
    expect(askedIn(bench.pass(since + 180))).toEqual([]);
    expect(askedIn(bench.pass(since + 320))).toContain(1);
  });

  test("asks a source that refuses more and more patiently", () => {
    follow(1);
    const times: number[] = [];
    for (let now = 0; now < 12_000; now += 10)
      if (askedIn(bench.pass(now)).includes(1) || now === 0) {
        times.push(now);
        bench.hear(1, { type: "upgrade-reject", link: "source", reason: "busy" });
      }
    const pauses = range(1, times.length).map((at) => (times[at] ?? 0) - (times[at - 1] ?? 0));
    for (const [place, expected] of [250, 500, 1_000, 2_000, 4_000].entries()) {
      expect(pauses[place]).toBeGreaterThanOrEqual(0.74 * expected);
      expect(pauses[place]).toBeLessThanOrEqual(1.26 * expected + 10);
    }
  });

  test("goes on asking a source that does not answer", () => {
    follow(1);
    const asked = askedIn(bench.pass(5_000));
    expect(asked.length).toBeGreaterThan(20);
  });

  test("with another plan takes from the new source, and ends the feed of the old one", () => {
    follow(1);
    const old = takeFrom(1);
    const effects = follow(2);
    expect(effects).toContainEqual({ type: "close-connection", connection: old });
    expect(saidIn(effects)).toEqual([
      { to: 1, type: "downgrade", link: "sink", reason: "replaced" },
      { to: 2, ...request },
    ]);
    expect(factsOf("source-lost")).toEqual([{ type: "source-lost", number: 1, connection: old }]);
    expect(askedIn(bench.pass(5_000))).not.toContain(1);
  });

  test("with other stripes from the same source keeps the feed, and says which it wants now", () => {
    follow(1, 2);
    const connection = takeFrom(1);
    takeFrom(2);
    const effects = follow(1, 1);
    expect(only(effects, "dial")).toEqual([]);
    expect(factsOf("source-gained").at(-1)).toEqual({
      type: "source-gained",
      number: 1,
      connection,
      stripes: { count: 2, wanted: [0, 1] },
    });
  });

  test("tells of a source whose process was killed that it is silent, though it has no feed any more", () => {
    bench.do(() => bench.relay.follow([1]));
    bench.cut(takeFrom(1));
    bench.pass(1_500, { isHungry: true });
    expect(factsOf("trouble-seen").map(({ trouble }) => trouble)).toEqual([
      { type: "trouble", number: 1, kind: "silent", bytesPerSecond: 0, offeredBytesPerSecond: 0 },
      { type: "trouble", number: 1, kind: "silent", bytesPerSecond: 0, offeredBytesPerSecond: 0 },
    ]);
  });

  test("with the same plan again does nothing", () => {
    follow(1, 2);
    takeFrom(1);
    expect(follow(1, 2)).toEqual([]);
    expect(factsOf("source-gained")).toHaveLength(1);
  });

  test("without sources takes nothing any more", () => {
    follow(1);
    takeFrom(1);
    follow();
    expect(bench.relay.feeds.sourceNumbers).toEqual([]);
    expect(askedIn(bench.pass(5_000))).toEqual([]);
  });

  test("gives up a feed that comes up after the plan has changed", () => {
    follow(1);
    const accept = { type: "upgrade-accept", link: "source", token: token(1) } as const;
    bench.hear(1, accept);
    const effects = follow(2);
    expect(saidIn(effects)).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "sink",
      reason: "replaced",
    });
    expect(factsOf("source-gained")).toEqual([]);
  });
});

describe("a peer that is asked for a feed", () => {
  test("gives one to every neighbour, in the tree or not, and its child's link is another one", () => {
    const tree = bench.joinUnder(1);
    const child = bench.adopt(2);
    const feed = giveTo(2);
    giveTo(1);
    expect(factsOf("sink-gained").map(({ number }) => number)).toEqual([2, 1]);
    expect(new Set([tree, child, feed]).size).toBe(3);
    bench.cut(feed);
    expect(factsOf("sink-lost")).toEqual([{ type: "sink-lost", number: 2, connection: feed }]);
    expect(bench.relay.tree.children).toEqual([2]);
  });

  test("may be that neighbour's sink at the same time", () => {
    follow(1);
    const down = takeFrom(1);
    const up = giveTo(1);
    expect(bench.relay.connections.neighbourOf(down)).toBe(1);
    expect(bench.relay.connections.neighbourOf(up)).toBe(1);
    expect([down, up].map((connection) => bench.relay.isFromAbove(connection, 1))).toEqual([
      true,
      false,
    ]);
  });

  test("needs no slot for it: `fanout` is the tree's", () => {
    bench = new Bench({ isRoot: true, number: 0, fanout: 1, options: quiet });
    bench.adopt(1);
    for (const sink of [1, 2, 3, 4]) giveTo(sink);
    expect(factsOf("sink-gained")).toHaveLength(4);
  });

  test("refuses the 65th, until one of the others goes", () => {
    const neighbours = range(100, 165);
    bench = new Bench({ neighbours, options: quiet });
    const [first = 0] = neighbours.slice(0, 64).map(giveTo);
    const refused = { type: "upgrade-reject", link: "source", reason: "fanout-full" };
    expect(bench.answersTo(164, request)).toEqual([{ to: 164, ...refused }]);
    // One that asks anew has its place.
    expect(bench.answersTo(101, request)).toEqual([]);
    bench.context.now += 500;
    expect(bench.answersTo(101, request)).toMatchObject([{ type: "upgrade-accept" }]);
    bench.cut(first);
    giveTo(164);
  });

  test("refuses when it leaves, and asks nobody any more", () => {
    follow(1, 2);
    const connection = takeFrom(1);
    const sink = giveTo(3);
    const effects = bench.do(() => bench.relay.endLinks());
    const closed = only(effects, "close-connection").map((effect) => effect.connection);
    expect(closed).toEqual(expect.arrayContaining([connection, sink]));
    expect(saidIn(effects)).toContainEqual({
      to: 3,
      type: "downgrade",
      link: "source",
      reason: "leaving",
    });
    expect(bench.answersTo(4, request)).toEqual([
      { to: 4, type: "upgrade-reject", link: "source", reason: "leaving" },
    ]);
    expect(askedIn(bench.pass(10_000))).toEqual([]);
  });

  test("heeds no stranger", () => {
    expect(bench.hear(90, request)).toEqual([]);
    const { connection, effects } = bench.greet(90, { token: token(1), link: "sink" });
    expect(effects).toEqual([{ type: "close-connection", connection }]);
  });

  test("takes the token of a feed for a feed only, and that of the tree for the tree", () => {
    bench.joinUnder(1);
    const [answer] = bench.answersTo(2, request);
    const offered = answer?.type === "upgrade-accept" ? answer.token : "";
    const { connection, effects } = bench.greet(2, { token: offered, link: "tree" });
    expect(effects).toEqual([{ type: "close-connection", connection }]);
    expect(bench.relay.tree.children).toEqual([]);
  });
});

describe("what is said of one link", () => {
  test("ends that one and no other of the same two peers", () => {
    bench.joinUnder(1);
    follow(1);
    const down = takeFrom(1);
    const up = giveTo(1);
    const effects = bench.hear(1, { type: "downgrade", link: "sink", reason: "lost" });
    // The neighbour was the sink: it is this peer's feed to it that has ended.
    expect(only(effects, "close-connection")).toEqual([
      { type: "close-connection", connection: up },
    ]);
    expect(bench.relay.connections.neighbourOf(down)).toBe(1);
    bench.hear(1, { type: "downgrade", link: "source", reason: "lost" });
    expect(bench.relay.connections.neighbourOf(down)).toBeUndefined();
    expect(bench.relay.tree.parent).toBe(1);
    bench.hear(1, { type: "downgrade", link: "tree", reason: "lost" });
    expect(bench.relay.tree.parent).toBeUndefined();
  });

  test("as an answer that nobody waits for is answered with a downgrade of that link", () => {
    const accept = { type: "upgrade-accept", link: "source", token: token(1) } as const;
    expect(bench.answersTo(1, accept)).toEqual([
      { to: 1, type: "downgrade", link: "sink", reason: "lost" },
    ]);
  });

  test("leaves all links of a peer that breaks the rules on one of them ended", () => {
    bench.joinUnder(1);
    follow(1);
    takeFrom(1);
    giveTo(1);
    const misbehaved = { number: 1, code: "protocol-violation", message: "tests" } as const;
    const effects = bench.do(() => bench.context.tell({ type: "misbehaved", ...misbehaved }));
    const ended = saidIn(effects).flatMap((said) =>
      said.type === "downgrade" ? [`${said.link} ${said.reason}`] : [],
    );
    expect(ended).toEqual(["tree protocol", "sink protocol", "source protocol"]);
  });
});

describe("a neighbour", () => {
  test("that feeds or is fed is not forgotten for later ones", () => {
    bench.do(() => {
      for (const one of peers(200, 201)) bench.relay.acquaintances.meet(one);
    });
    follow(200);
    giveTo(201);
    bench.do(() => {
      for (const one of peers(...range(300, 400))) bench.relay.acquaintances.meet(one);
    });
    expect(bench.relay.neighbourhood.addressOf(200)).toBe(address(200));
    expect(bench.relay.neighbourhood.addressOf(201)).toBe(address(201));
    expect(bench.relay.neighbourhood.addressOf(300)).toBeUndefined();
  });

  test("that asks whether this peer is there is told so, whatever links there are", () => {
    expect(bench.answersTo(2, { type: "probe", count: 77 })).toEqual([
      { to: 2, type: "probe-ack", count: 77 },
    ]);
    expect(bench.hear(90, { type: "probe", count: 77 })).toEqual([]);
  });
});

describe("a peer that seeks help", () => {
  const seek = (): number[] => askedIn(bench.do(() => bench.relay.feeds.seekHelp()));

  test("asks a neighbour that does not feed it for a feed without any stripe", () => {
    follow(1, 2);
    const [helper = 0, ...others] = seek();
    expect(others).toEqual([]);
    expect([3, 4]).toContain(helper);
    takeFrom(helper);
    expect(factsOf("source-gained")).toMatchObject([
      { number: helper, stripes: { count: 1, wanted: [] } },
    ]);
  });

  test("asks more and more patiently as long as nothing comes, and at once again when something does", () => {
    bench = new Bench({ neighbours: range(1, 40), options: quiet });
    follow(1);
    const times: number[] = [];
    const seekUntil = (until: number): void => {
      for (; bench.context.now <= until; bench.context.now += 50)
        if (seek().length > 0) times.push(bench.context.now);
    };
    seekUntil(16_000);
    expect(times).toEqual([0, 250, 750, 1_750, 3_750, 7_750, 15_750]);
    bench.relay.feeds.onProgress();
    times.length = 0;
    seekUntil(25_000);
    expect(times).toEqual([23_750, 24_000, 24_500]);
  });

  test("asks one more after a quarter of a second, then another in place of the first", () => {
    bench = new Bench({ neighbours: range(1, 40), options: quiet });
    follow(1);
    const helpers = seek();
    bench.context.now = 249;
    expect(seek()).toEqual([]);
    for (const now of [250, 750, 1_750]) {
      bench.context.now = now;
      helpers.push(...seek());
    }
    expect(new Set(helpers).size).toBe(4);
    expect(helpers).not.toContain(1);
    expect(bench.relay.feeds.sourceNumbers).toEqual([1, ...helpers.slice(2)]);
  });

  test("goes on to be fed by the plan, which may make a helper its source", () => {
    follow(1, 2);
    const [helper = 0] = seek();
    const connection = takeFrom(helper);
    expect(askedIn(follow(helper, 2))).toEqual([]);
    expect(factsOf("source-gained").at(-1)).toEqual({
      type: "source-gained",
      number: helper,
      connection,
      stripes: { count: 2, wanted: [0] },
    });
  });

  test("keeps its helpers when the plan changes", () => {
    follow(1);
    const [helper] = seek();
    const [next = 0] = [2, 3, 4].filter((number) => number !== helper);
    follow(next);
    expect(bench.relay.feeds.sourceNumbers).toEqual([helper, next]);
  });

  test("finds none where all neighbours feed it, and when it leaves", () => {
    follow(1, 2, 3, 4);
    expect(seek()).toEqual([]);
    bench = new Bench({ options: quiet });
    follow(1);
    bench.do(() => bench.relay.feeds.leave());
    expect(seek()).toEqual([]);
  });
});
