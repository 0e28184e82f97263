import { beforeEach, describe, expect, test } from "vitest";
import { Bench } from "./bench.js";
import { address, framesIn, only, peer, saidIn, session, token } from "./parts.js";

const options = {
  upgradeRetryMs: 100,
  upgradeTimeoutMs: 1_000,
  silentAfterMs: 5_000,
  aliveIntervalMs: 1_000,
  pulseIntervalMs: 1e9,
  progressIntervalMs: 1e9,
};

let bench: Bench;
beforeEach(() => {
  bench = new Bench({ options });
});

const request = { type: "upgrade-request", link: "tree" } as const;
const alive = { type: "alive" } as const;

/** A root with two children slots, so that nothing but the links has anything to do. */
function makeRoot(): Bench {
  return new Bench({ isRoot: true, number: 0, options });
}

describe("the side that asks", () => {
  test("asks again until it is answered", () => {
    bench.hear(1, { type: "tree-check", pulse: 1, depth: 0 });
    const said = saidIn(bench.pass(450));
    expect(said).toEqual(Array(4).fill({ to: 1, ...request }));
  });

  test("dials when it is accepted, shows the token first, and is active by the welcome", () => {
    bench.relay.self.hasManifest = true;
    bench.hear(1, { type: "tree-check", pulse: 1, depth: 0 });
    const accepted = bench.hear(1, { type: "upgrade-accept", link: "tree", token: token(3) });
    expect(accepted).toEqual([
      { type: "dial", connection: 1, to: address(1), peer: peer(1).id, token: token(3) },
    ]);
    const opened = bench.do(() => bench.relay.links.onConnectionOpened(1));
    expect(framesIn(opened, 1)).toEqual([
      {
        type: "hello",
        session,
        peer: peer(5).id,
        number: 5,
        link: "tree",
        token: token(3),
        hasManifest: true,
      },
    ]);
    expect(bench.relay.links.isActive(1)).toBe(false);
    expect(bench.relay.links.activeNumberOf(1)).toBeUndefined();
    bench.welcome(1, 1);
    expect(bench.relay.links.isActive(1)).toBe(true);
    expect(bench.relay.links.connectionOf(1)).toBe(1);
    expect(bench.relay.links.activeNumberOf(1)).toBe(1);
  });

  test("ends the attempt when somebody else welcomes it", () => {
    bench.hear(1, { type: "tree-check", pulse: 1, depth: 0 });
    bench.hear(1, { type: "upgrade-accept", link: "tree", token: token(3) });
    bench.do(() => bench.relay.links.onConnectionOpened(1));
    const welcome = { type: "welcome", peer: peer(2).id } as const;
    const effects = bench.do(() => bench.relay.connections.onGreeting(1, welcome));
    expect(effects).toContainEqual({ type: "close-connection", connection: 1 });
    expect(saidIn(effects)).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "tree",
      reason: "protocol",
    });
    expect(bench.relay.links.isUsed(1)).toBe(false);
  });

  test("gives up, and says so, when the attempt takes too long", () => {
    bench.hear(1, { type: "tree-check", pulse: 1, depth: 0 });
    bench.hear(1, { type: "upgrade-accept", link: "tree", token: token(3) });
    const effects = bench.pass(1_000);
    expect(only(effects, "close-connection")).toEqual([
      { type: "close-connection", connection: 1 },
    ]);
    expect(saidIn(effects)).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "tree",
      reason: "silent",
    });
    expect(bench.relay.links.isUsed(1)).toBe(false);
  });

  test("gives up at once when the neighbour cannot be dialled", () => {
    bench.hear(1, { type: "tree-check", pulse: 1, depth: 0 });
    bench.hear(1, { type: "upgrade-accept", link: "tree", token: token(3) });
    bench.cut(1);
    expect(bench.relay.links.isUsed(1)).toBe(false);
    expect(bench.facts).toContainEqual({ type: "link-passive", role: "tree", number: 1 });
  });

  test("takes a new connection for a new attempt, and what the old one still does is nothing", () => {
    const old = bench.joinUnder(1);
    bench.cut(old);
    const fresh = bench.joinUnder(1);
    expect(fresh).not.toBe(old);
    bench.do(() => bench.relay.links.onConnectionOpened(old));
    bench.cut(old);
    expect(bench.relay.links.connectionOf(1)).toBe(fresh);
  });
});

describe("the side that offers", () => {
  test("offers a token of its own to every neighbour, and the same one again when asked again", () => {
    bench = makeRoot();
    const first = bench.offerTo(1);
    const other = bench.offerTo(2);
    expect(first).toBe(token(1));
    expect(other).toBe(token(2));
    expect(bench.offerTo(1)).toBe(first);
  });

  test("welcomes the hello that shows the token, and is active from then on", () => {
    bench = makeRoot();
    const offered = bench.offerTo(1) ?? "";
    const { connection, effects } = bench.greet(1, { token: offered, hasManifest: true });
    expect(framesIn(effects, connection)).toEqual([{ type: "welcome", peer: peer(0).id }]);
    expect(bench.relay.links.activeNumberOf(connection)).toBe(1);
    expect(bench.relay.links.hasManifest(1)).toBe(true);
    expect(bench.facts).toContainEqual({
      type: "link-active",
      role: "tree",
      number: 1,
      isDialled: false,
    });
  });

  test("closes a connection that shows another token, without an answer", () => {
    bench = makeRoot();
    bench.offerTo(1);
    const { connection, effects } = bench.greet(1, { token: token(77) });
    expect(effects).toEqual([{ type: "close-connection", connection }]);
    expect(bench.relay.links.isActive(1)).toBe(false);
  });

  test("closes a connection that shows another neighbour's token", () => {
    bench = makeRoot();
    const offered = bench.offerTo(1) ?? "";
    bench.offerTo(2);
    const { connection, effects } = bench.greet(2, { token: offered });
    expect(effects).toEqual([{ type: "close-connection", connection }]);
  });

  test("closes a connection that shows the right token and another id", () => {
    bench = makeRoot();
    const offered = bench.offerTo(1) ?? "";
    const { connection, effects } = bench.greet(1, { token: offered, peer: peer(2).id });
    expect(effects).toEqual([{ type: "close-connection", connection }]);
    expect(bench.relay.links.isActive(1)).toBe(false);
  });

  test("closes a connection of a neighbour to which nothing was offered, and of a stranger", () => {
    bench = makeRoot();
    for (const number of [1, 9]) {
      const { connection, effects } = bench.greet(number, { token: token(1) });
      expect(effects).toEqual([{ type: "close-connection", connection }]);
    }
  });

  test("takes a token once: a second connection with it is closed and leaves the first alone", () => {
    bench = makeRoot();
    const offered = bench.offerTo(1) ?? "";
    const first = bench.greet(1, { token: offered });
    const second = bench.greet(1, { token: offered });
    expect(second.effects).toEqual([{ type: "close-connection", connection: second.connection }]);
    expect(bench.relay.links.connectionOf(1)).toBe(first.connection);
  });

  test("withdraws an offer that nobody took", () => {
    bench = makeRoot();
    const offered = bench.offerTo(1) ?? "";
    expect(saidIn(bench.pass(1_000))).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "tree",
      reason: "silent",
    });
    const { connection, effects } = bench.greet(1, { token: offered });
    expect(effects).toEqual([{ type: "close-connection", connection }]);
  });

  test("gives an active link up for a new offer when the neighbour asks again", () => {
    bench = makeRoot();
    const connection = bench.adopt(1);
    bench.context.now += 500;
    const effects = bench.hear(1, request);
    expect(effects).toContainEqual({ type: "close-connection", connection });
    expect(saidIn(effects)).toEqual([
      { to: 1, type: "upgrade-accept", link: "tree", token: token(2) },
    ]);
    expect(bench.facts).toContainEqual({ type: "child-lost", number: 1 });
  });

  test("keeps a link that has just become active, ever longer for who asks again and again", () => {
    bench = makeRoot();
    bench.adopt(1);
    const patience = (): number => {
      for (let waitedMs = 0; ; waitedMs += 100) {
        if (bench.offerTo(1) !== undefined) {
          bench.adopt(1);
          return waitedMs;
        }
        bench.context.now += 100;
      }
    };
    expect([1, 2, 3, 4, 5, 6].map(patience)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
    // One that was kept for long counts as the first.
    bench.context.now += 16_000;
    expect([1, 2].map(patience)).toEqual([0, 500]);
  });
});

describe("an active link", () => {
  test("goes passive, and the neighbour is told, when the connection is lost", () => {
    bench = makeRoot();
    const connection = bench.adopt(1);
    expect(saidIn(bench.cut(connection))).toEqual([
      { to: 1, type: "downgrade", link: "tree", reason: "lost" },
    ]);
    expect(bench.relay.links.isActive(1)).toBe(false);
    expect(bench.relay.links.activeNumberOf(connection)).toBeUndefined();
  });

  test("goes passive without an answer when the neighbour downgrades it", () => {
    bench = makeRoot();
    const connection = bench.adopt(1);
    const downgrade = { type: "downgrade", link: "tree", reason: "silent" } as const;
    expect(bench.hear(1, downgrade)).toEqual([{ type: "close-connection", connection }]);
    expect(bench.relay.links.isActive(1)).toBe(false);
  });

  test("stays up for the last frames of a neighbour that leaves", () => {
    for (const message of [
      { type: "downgrade", link: "tree", reason: "leaving" },
      { type: "leave", code: "", detail: "" },
    ] as const) {
      bench = makeRoot();
      bench.adopt(1);
      expect(bench.hear(1, message)).toEqual([]);
      expect(bench.relay.links.isActive(1)).toBe(true);
    }
  });

  test("that was idle for a second carries alive", () => {
    bench = makeRoot();
    const connection = bench.adopt(1);
    const effects = bench.pass(3_500);
    expect(framesIn(effects, connection)).toEqual([alive, alive, alive]);
  });

  test("on which something was sent meanwhile carries alive a second after that", () => {
    bench = makeRoot();
    const connection = bench.adopt(1);
    bench.pass(700);
    bench.do(() => bench.relay.links.send(1, { type: "finish" }));
    expect(framesIn(bench.pass(1_699), connection)).toEqual([]);
    expect(framesIn(bench.pass(1_700), connection)).toEqual([alive]);
  });

  test("to a neighbour that is silent on both ways is downgraded", () => {
    bench = makeRoot();
    const connection = bench.adopt(1);
    const before = saidIn(bench.pass(4_999));
    expect(new Set(before.map(({ type }) => type))).toEqual(new Set(["probe"]));
    const effects = bench.pass(5_000);
    expect(saidIn(effects)).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "tree",
      reason: "silent",
    });
    // What was sent there is not flushed: nobody reads it.
    expect(effects).toContainEqual({ type: "drop-connection", connection });
    expect(only(effects, "close-connection")).toEqual([]);
    expect(bench.facts).toContainEqual({ type: "child-lost", number: 1 });
  });

  test("to a neighbour that is silent is doubted first: it is asked whether it is there", () => {
    bench = makeRoot();
    bench.adopt(1);
    expect(saidIn(bench.pass(1_999))).toEqual([]);
    expect(saidIn(bench.pass(2_000))).toMatchObject([{ to: 1, type: "probe" }]);
    expect(saidIn(bench.pass(4_500))).toHaveLength(5);
    // It was only slow to answer.
    bench.hear(1, { type: "probe-ack", count: 1 });
    expect(saidIn(bench.pass(6_499))).toEqual([]);
    expect(bench.relay.links.isActive(1)).toBe(true);
  });

  test("to a silent neighbour is downgraded in time, also where nothing else is due", () => {
    bench = new Bench({ isRoot: true, number: 0, options: { ...options, aliveIntervalMs: 1e9 } });
    bench.adopt(1);
    expect(saidIn(bench.pass(5_000))).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "tree",
      reason: "silent",
    });
  });

  test("stays as long as the neighbour is heard on either way", () => {
    bench = makeRoot();
    bench.adopt(1);
    for (let at = 4_000; at <= 20_000; at += 4_000) {
      bench.pass(at);
      if (at % 8_000 === 0) bench.hear(1, { type: "pong", pulse: 1 });
      else bench.childSays(1, alive);
    }
    expect(bench.relay.links.isActive(1)).toBe(true);
  });

  test("is no worse for a machine that itself stood still: it begins to listen anew", () => {
    bench = makeRoot();
    bench.adopt(1);
    const { relay } = bench;
    relay.setTime(1_000, relay.deadline());
    bench.do(() => relay.onTick());
    // A laptop's lid was closed for a minute.
    relay.setTime(61_000, relay.deadline());
    expect(saidIn(bench.do(() => relay.onTick()))).toMatchObject([{ type: "probe" }]);
    expect(relay.links.isActive(1)).toBe(true);
    // From now on it counts as always: this minute is left out.
    bench.pass(63_900);
    expect(relay.links.isActive(1)).toBe(true);
    expect(saidIn(bench.pass(64_100))).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "tree",
      reason: "silent",
    });
  });

  test("of a machine that was only a little late is judged as always", () => {
    bench = makeRoot();
    bench.adopt(1);
    const { relay } = bench;
    for (let at = 500; at <= 4_500; at += 500) {
      relay.setTime(at, relay.deadline());
      bench.do(() => relay.onTick());
    }
    relay.setTime(5_200, relay.deadline());
    expect(saidIn(bench.do(() => relay.onTick()))).toContainEqual({
      to: 1,
      type: "downgrade",
      link: "tree",
      reason: "silent",
    });
  });

  test("that is closed with all others says that this peer leaves", () => {
    bench = makeRoot();
    const connections = [bench.adopt(1), bench.adopt(2)];
    const effects = bench.do(() => bench.relay.links.closeAll());
    expect(only(effects, "close-connection").map(({ connection }) => connection)).toEqual(
      connections,
    );
    expect(saidIn(effects)).toEqual([
      { to: 1, type: "downgrade", link: "tree", reason: "leaving" },
      { to: 2, type: "downgrade", link: "tree", reason: "leaving" },
    ]);
  });
});

describe("a passive link", () => {
  test("drops what is to be sent over it, and has no connection", () => {
    expect(bench.do(() => bench.relay.links.send(1, alive))).toEqual([]);
    expect(bench.relay.links.connectionOf(1)).toBeUndefined();
  });

  test("has nothing to do: neither alive, nor silence, nor a deadline", () => {
    bench = makeRoot();
    bench.cut(bench.adopt(1));
    bench.pass(20_000);
    expect(bench.relay.links.deadline()).toBeUndefined();
  });

  test("is not made for a neighbour that only sends a downgrade", () => {
    expect(bench.hear(1, { type: "downgrade", link: "tree", reason: "lost" })).toEqual([]);
    expect(bench.relay.links.isUsed(1)).toBe(false);
  });

  test("ignores frames other than a greeting on connections that it does not know", () => {
    expect(bench.do(() => bench.relay.connections.onGreeting(-9, alive))).toEqual([]);
    const welcome = { type: "welcome", peer: peer(1).id } as const;
    expect(bench.do(() => bench.relay.connections.onGreeting(-9, welcome))).toEqual([]);
  });
});
