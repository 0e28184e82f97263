import type { ControlMessage } from "@palmtree/wire";
import { describe, expect, test } from "vitest";
import { liesInDatagrams } from "../../src/hostile/lies/in-datagrams.js";
import { honesty, lieNamed, lies } from "../../src/hostile/lies.js";
import { Rig } from "./rig.js";

const token = "a".repeat(16);
const rate = { bytesPerSecond: 1, offeredBytesPerSecond: 2 };
const said = {
  ping: { type: "ping", pulse: 7 },
  treeCheck: { type: "tree-check", pulse: 7, depth: 1 },
  pong: { type: "pong", pulse: 7 },
  probeAck: { type: "probe-ack", count: 1 },
  request: { type: "upgrade-request", link: "sink" },
  accept: { type: "upgrade-accept", link: "source", token },
  reject: { type: "upgrade-reject", link: "source", reason: "busy" },
  trouble: { type: "trouble", number: 2, kind: "silent", ...rate },
} as const satisfies Record<string, ControlMessage>;

const names = Object.keys(said) as (keyof typeof said)[];

/** By lie: what the neighbour hears instead of some of them. Trouble is told by the honest only. */
const expected: Readonly<Record<string, Partial<Record<keyof typeof said, readonly unknown[]>>>> = {
  "pulse-out-of-reach": {
    ping: [{ ...said.ping, pulse: 2 ** 32 - 1 }],
    treeCheck: [{ ...said.treeCheck, pulse: 2 ** 32 - 1 }],
  },
  "blames-others": {},
  "false-tokens": { accept: [{ ...said.accept, token: "0123456789abcdef" }] },
  "refuses-links": { accept: [said.reject] },
  "answers-nothing": { pong: [], probeAck: [], accept: [], reject: [] },
};

describe("in datagrams, a member that", () => {
  test.each(liesInDatagrams.map(({ name, about }) => [about, name] as const))(
    "%s, does that and nothing else",
    async (_, name) => {
      const rig = await Rig.open(lieNamed(name).make());
      for (const kind of names) await rig.say(rig.neighbour, said[kind]);
      const instead = { trouble: [], ...expected[name] };
      expect(expected[name]).toBeDefined();
      expect(rig.neighbour.messages).toEqual(
        names.flatMap((kind) => instead[kind] ?? [said[kind]]),
      );
      const blamed = rig.root.messages.filter(({ type }) => type === "blame");
      expect(blamed.length).toBe(name === "blames-others" ? 4 : 0);
      await rig.close();
    },
  );

  test("does as it should says everything as it is, once, and hears everything", async () => {
    const rig = await Rig.open(honesty.make());
    for (const kind of names) await rig.say(rig.neighbour, said[kind]);
    expect(rig.neighbour.messages).toEqual(Object.values(said));
    const counters = rig.neighbour.datagrams.map(({ counter }) => counter);
    expect(new Set(counters).size).toBe(counters.length);
    expect(rig.heard.map(({ message }) => message.type)).toEqual(["invite", "neighbours"]);
    await rig.close();
  });
});

test("every lie has a name and a phrase of its own", () => {
  expect(new Set(lies.map(({ name }) => name)).size).toBe(lies.length);
  expect(new Set(lies.map(({ about }) => about)).size).toBe(lies.length);
  expect(() => lieNamed("truth")).toThrow(/truth/);
});
