import type { Socket } from "node:net";
import { encodeDatagram, encodeFrame } from "@palmtree/wire";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hello, Peer, ping, turns } from "../peer.js";
import { loopback, portOf, rawConnection, rawDatagrams } from "./loopback.js";

let peer: Peer;

beforeEach(async () => {
  peer = await Peer.open(loopback());
});

afterEach(() => peer.transport.close());

/** The peer still does what it is there for. */
async function expectAlive(): Promise<void> {
  const socket = await rawDatagrams();
  const alive = encodeDatagram(ping(9, peer.transport, peer.transport));
  socket.send(alive, portOf(peer.transport.address), "127.0.0.1");
  // A random sample sent before may be well-formed, and delivered first.
  for (;;) {
    const { datagram } = await peer.datagrams.take();
    if (Buffer.compare(encodeDatagram(datagram), alive) === 0) break;
  }
  socket.close();
}

/** How each datagram of this version begins. */
const magic = Buffer.from("505401", "hex");

describe("bytes from strangers", () => {
  it("in datagrams are counted and told, and never throw", async () => {
    const valid = encodeDatagram(ping(1, peer.transport, peer.transport));
    const socket = await rawDatagrams();
    const target = [portOf(peer.transport.address), "127.0.0.1"] as const;
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 1_500 }),
      fc.nat(valid.length - 1).map((length) => valid.slice(0, length)),
      fc.uint8Array({ maxLength: 40 }).map((tail) => Buffer.concat([valid.slice(0, 40), tail])),
    );
    const bad = fc.sample(bytes, 300).filter((each) => Buffer.compare(each, valid) !== 0);
    for (const each of bad) {
      socket.send(each, ...target);
      await turns(1);
    }
    await expectAlive();
    const { datagramsMalformed, datagramsReceived, datagramsForeign } = peer.transport.counters;
    // A few of the samples may be well-formed.
    expect(datagramsMalformed + datagramsReceived + datagramsForeign).toBe(bad.length + 1);
    expect(datagramsMalformed).toBeGreaterThan(bad.length - 20);
    // Of what does not begin as a datagram nobody is told.
    const beginning = bad.filter((each) => Buffer.compare(each.subarray(0, 3), magic) === 0);
    expect(peer.malformed.size).toBeGreaterThan(beginning.length - 20);
    expect(peer.malformed.size).toBeLessThanOrEqual(beginning.length);
    const { from, error } = await peer.malformed.take();
    expect([from, error.code]).toEqual([
      `127.0.0.1:${socket.address().port}`,
      "datagram-malformed",
    ]);
    socket.close();
  });

  it("in connections end that connection, once, and never throw", async () => {
    const head = encodeFrame(hello).head;
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 3_000 }),
      fc.nat(head.length - 1).map((length) => head.slice(0, length)),
      fc.uint8Array({ maxLength: 200 }).map((tail) => Buffer.concat([head, tail])),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (given) => {
        const socket = await rawConnection(peer.transport.address);
        const side = await peer.acceptNext();
        socket.end(given);
        socket.resume();
        const code = await side.end();
        expect(["in order", "link-lost", "frame-malformed"]).toContain(code);
        socket.destroy();
      }),
      { numRuns: 100 },
    );
    await expectAlive();
    expect(peer.transport.counters.connectionsMalformed).toBe(peer.malformed.size);
    expect(peer.malformed.size).toBeGreaterThan(0);
  });

  it("may come one by one", async () => {
    const socket = await rawConnection(peer.transport.address);
    const side = await peer.acceptNext();
    socket.setNoDelay(true);
    for (const byte of encodeFrame(hello).head) {
      await new Promise<void>((resolve) => socket.write(Uint8Array.of(byte), () => resolve()));
    }
    expect(await side.frames.take()).toEqual(hello);
    socket.destroy();
  });

  it("that end inside a frame are a lost link", async () => {
    const { socket, side } = await connected(peer);
    const { head, payload } = encodeFrame({ type: "chunk", index: 1, payload: Buffer.alloc(100) });
    socket.end(Buffer.concat([head, (payload ?? Buffer.alloc(0)).subarray(0, 50)]));
    const { error } = await side.closes.take();
    expect(error).toMatchObject({ code: "link-lost", facts: { reason: "cut" } });
  });

  it("that break the format are told before the end, the frames before them delivered", async () => {
    const { socket, side } = await connected(peer);
    const { head } = encodeFrame({ type: "alive" });
    socket.write(Buffer.concat([head, head, Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0)]));
    expect(await side.end()).toBe("frame-malformed");
    expect(side.frames.size).toBe(2);
    const { error } = await peer.malformed.take();
    expect(error).toMatchObject({ code: "frame-malformed", fault: "remote" });
  });
});

async function connected(
  to: Peer,
): Promise<{ socket: Socket; side: Awaited<ReturnType<Peer["acceptNext"]>> }> {
  const socket = await rawConnection(to.transport.address);
  const side = await to.acceptNext();
  socket.write(encodeFrame(hello).head);
  await side.frames.take();
  return { socket, side };
}
