import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { ControlMessage } from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { lieNamed } from "../../src/hostile/lies.js";
import { Trickle } from "../../src/hostile/trickle.js";
import { Rig, settle } from "./rig.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A second of a member that tells that lie, after it has said these to its neighbour. */
async function aSecondOf(name: string, ...said: readonly ControlMessage[]): Promise<Rig> {
  const rig = await Rig.open(lieNamed(name).make());
  for (const message of said) await rig.say(rig.neighbour, message);
  await vi.advanceTimersByTimeAsync(1_000);
  await settle();
  await rig.close();
  return rig;
}

const typesOf = (messages: readonly ControlMessage[]): Set<string> =>
  new Set(messages.map(({ type }) => type));

describe("of its own accord, a member", () => {
  test("asks for every chunk over its connections", async () => {
    const { frames } = await aSecondOf("wants-everything");
    expect(frames).toHaveLength(20);
    expect(frames[0]).toEqual({ type: "want", runs: [{ first: 0, count: 3 }] });
  });

  test("sends chunks that nobody asked for", async () => {
    const { frames } = await aSecondOf("sends-anything");
    expect(frames).toHaveLength(10);
    expect(frames[0]).toMatchObject({ type: "chunk", index: 0 });
  });

  test("says again what it said, byte for byte", async () => {
    const { neighbour } = await aSecondOf(
      "repeats-datagrams",
      { type: "upgrade-request", link: "tree" },
      { type: "tree-reject", reason: "has-parent" },
    );
    expect(neighbour.datagrams.length).toBeGreaterThan(100);
    expect(typesOf(neighbour.messages)).toEqual(new Set(["upgrade-request", "tree-reject"]));
    expect(new Set(neighbour.datagrams.map(({ counter }) => counter)).size).toBe(2);
  });

  test("says again what it said, as if it were new", async () => {
    const { neighbour } = await aSecondOf("repeats-itself", {
      type: "upgrade-request",
      link: "tree",
    });
    expect(typesOf(neighbour.messages)).toEqual(new Set(["upgrade-request"]));
    const counters = new Set(neighbour.datagrams.map(({ counter }) => counter));
    expect(counters.size).toBeGreaterThan(100);
  });

  test("says in the name of others that they leave, never in its own", async () => {
    const { root, neighbour, liarId } = await aSecondOf("spoofs-others");
    const { id: rootId } = root.info(0);
    const stranger = "5".repeat(16);
    const senders = new Set(neighbour.datagrams.map(({ sender }) => sender));
    expect(senders).toEqual(new Set([rootId, stranger]));
    expect([...typesOf(neighbour.messages)]).toEqual(
      expect.arrayContaining(["ended", "leave", "downgrade", "tree-reject", "upgrade-reject"]),
    );
    expect(root.datagrams.map(({ sender }) => sender)).not.toContain(liarId);
  });

  test("says in its own name what only the root says", async () => {
    const { root, neighbour, liarId } = await aSecondOf("plays-root");
    expect(typesOf(neighbour.messages)).toEqual(new Set(["ended", "neighbours", "plan"]));
    expect(new Set(neighbour.datagrams.map(({ sender }) => sender))).toEqual(new Set([liarId]));
    expect(root.datagrams).toEqual([]);
  });

  test("wants everybody as its child and as its parent", async () => {
    const { root, neighbour } = await aSecondOf("goes-in-circles");
    for (const { messages } of [root, neighbour])
      expect(typesOf(messages)).toEqual(new Set(["tree-check", "orphan", "upgrade-request"]));
  });

  test("asks for its connections again and again", async () => {
    const { root, neighbour } = await aSecondOf("asks-anew");
    for (const { messages } of [root, neighbour]) {
      expect(messages).toHaveLength(40);
      expect(typesOf(messages)).toEqual(new Set(["upgrade-request"]));
    }
  });

  test("asks 200 times a second for what has to be answered", async () => {
    const { root, neighbour } = await aSecondOf("floods-requests");
    for (const { messages } of [root, neighbour]) expect(messages.length).toBeGreaterThan(180);
  });

  test("ends its connections", async () => {
    const rig = await aSecondOf("hangs-up");
    expect(await rig.send({ type: "alive" })).toBe(0);
    expect(rig.frames).toEqual([]);
  });

  test("reads nothing more", async () => {
    const rig = await Rig.open(lieNamed("reads-nothing").make());
    await vi.advanceTimersByTimeAsync(1_000);
    const before = rig.link.receivedBytes;
    await rig.hear({ type: "alive" });
    expect(rig.link.receivedBytes).toBe(before);
    expect(before).toBeGreaterThan(0);
    await rig.close();
  });
});

test("a member opens a hundred connections a second over which it says nothing", async () => {
  vi.useRealTimers();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket.on("error", () => undefined)));
  const { act } = lieNamed("exhausts-sockets").make();
  const { port } = server.address() as AddressInfo;
  const victim = { number: 0, id: "0".repeat(16), address: `127.0.0.1:${port}` };
  for (let time = 0; time < 30; time += 1) act?.perform({ peers: [victim] } as never);
  await expect.poll(() => sockets.length).toBe(60);
  for (const socket of sockets) socket.destroy();
  server.close();
});

describe("a trickle", () => {
  test("lets the first bytes go at once, then one whenever it may, in order", () => {
    const written: number[] = [];
    const done: string[] = [];
    const trickle = new Trickle((bytes) => written.push(...bytes), 4);
    trickle.push(Uint8Array.of(1, 2, 3), () => done.push("first"));
    trickle.push(Uint8Array.of(4, 5, 6), () => done.push("second"));
    expect(written).toEqual([1, 2, 3, 4]);
    expect(done).toEqual(["first"]);
    trickle.drip();
    expect(written).toEqual([1, 2, 3, 4, 5]);
    trickle.drip();
    trickle.drip();
    expect(written).toEqual([1, 2, 3, 4, 5, 6]);
    expect(done).toEqual(["first", "second"]);
  });
});
