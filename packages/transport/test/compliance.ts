import type { Frame } from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chunk, hello, join, Peer, ping, type Side, turns, type World } from "./peer.js";

/** What every transport promises, as tests. */
export function describeTransport(name: string, world: World): void {
  let left: Peer;
  let right: Peer;

  beforeEach(async () => {
    left = await Peer.open(world);
    right = await Peer.open(world);
  });

  afterEach(async () => {
    await Promise.all([left.transport.close(), right.transport.close()]);
  });

  /** The same promise for what a dialled connection sends and for what an accepted one sends. */
  function bothWays(promise: string, test: (from: Side, to: Side) => Promise<void>): void {
    for (const direction of ["dialled to accepted", "accepted to dialled"] as const) {
      it(`${promise} (${direction})`, async () => {
        const { dialled, accepted } = await join(left, right);
        if (direction === "dialled to accepted") await test(dialled, accepted);
        else await test(accepted, dialled);
      });
    }
  }

  describe(`${name}: datagrams`, () => {
    it("arrive whole, both ways, with the address that answers them", async () => {
      left.transport.send(right.transport.address, ping(1));
      const first = await right.datagrams.take();
      expect(first).toEqual({ from: left.transport.address, datagram: ping(1) });
      right.transport.send(first.from, ping(2));
      expect((await left.datagrams.take()).datagram).toEqual(ping(2));
      expect(left.transport.counters).toMatchObject({ datagramsSent: 1, datagramsReceived: 1 });
    });

    it("to nobody are silent", async () => {
      left.transport.send(await world.vacantAddress(), ping(1));
      left.transport.send(right.transport.address, ping(2));
      expect((await right.datagrams.take()).datagram).toEqual(ping(2));
    });

    it("after the end are counted, nothing more", async () => {
      await left.transport.close();
      left.transport.send(right.transport.address, ping(1));
      expect(left.transport.counters).toMatchObject({ datagramsSent: 0, datagramsUnsent: 1 });
    });

    it("to what is no address are the caller's mistake", () => {
      for (const address of ["localhost:4747", "127.0.0.1", "127.0.0.1:0", ""]) {
        expect(() => left.transport.send(address, ping(1))).toThrow(
          expect.objectContaining({ code: "address-invalid" }),
        );
        expect(() => left.dial(address)).toThrow(
          expect.objectContaining({ code: "address-invalid" }),
        );
      }
    });
  });

  describe(`${name}: frames`, () => {
    bothWays("arrive all, in order, small and large mixed", async (from, to) => {
      const frames = Array.from({ length: 1_000 }, (_, index): Frame => {
        if (index % 7 === 0) return chunk(index, 1 + ((index * 977) % 70_000));
        return index % 2 === 0 ? count(index) : { type: "alive" };
      });
      for (const [index, frame] of frames.entries()) {
        from.connection.send(frame);
        if (index % 100 === 99) await turns(1);
      }
      expect((await to.frames.takeMany(frames.length)).every(isEqualTo(frames))).toBe(true);
      expect(to.connection.receivedBytes).toBeGreaterThanOrEqual(from.connection.sentBytes - 100);
    });

    bothWays("of 64 KiB have a payload of their own, byte for byte", async (from, to) => {
      const frames = Array.from({ length: 64 }, (_, index) => chunk(index));
      for (const frame of frames) from.connection.send(frame);
      const received = await to.frames.takeMany(frames.length);
      expect(received.every(isEqualTo(frames))).toBe(true);
      const buffers = received.map((frame) => (frame.type === "chunk" ? frame.payload.buffer : 0));
      expect(new Set(buffers).size).toBe(frames.length);
    });

    bothWays("flow in both directions at once", async (from, to) => {
      for (let index = 0; index < 100; index += 1) {
        from.connection.send(chunk(index));
        to.connection.send(chunk(index));
      }
      await Promise.all([to.frames.takeMany(100), from.frames.takeMany(100)]);
    });

    bothWays("are reported as sent once each, in order", async (from, to) => {
      const sent: number[] = [];
      for (let index = 0; index < 50; index += 1) {
        from.connection.send(chunk(index), () => sent.push(index));
      }
      expect(from.connection.queuedBytes).toBeGreaterThan(50 * 64 * 1024);
      await from.sent({ type: "alive" });
      expect(sent).toEqual(Array.from({ length: 50 }, (_, index) => index));
      expect(from.connection.queuedBytes).toBe(0);
      expect(from.connection.sentBytes).toBeGreaterThan(50 * 64 * 1024);
      await to.frames.takeMany(51);
    });

    bothWays("are as they were when they were reported as sent", async (from, to) => {
      const payload = new Uint8Array(64 * 1024);
      for (let index = 0; index < 20; index += 1) {
        payload.fill(index);
        await from.sent({ type: "chunk", index, payload });
      }
      payload.fill(255);
      for (const [index, frame] of (await to.frames.takeMany(20)).entries()) {
        expect(frame.type === "chunk" && frame.payload.every((byte) => byte === index)).toBe(true);
      }
    });

    it("wait until the connection is open, and until the other side has handlers", async () => {
      const dialled = left.dial(right.transport.address);
      dialled.connection.send(hello);
      for (let index = 0; index < 9; index += 1) dialled.connection.send(chunk(index));
      expect(dialled.calls).toEqual([]);
      const connection = await right.accepted.take();
      await turns(20);
      expect(connection.receivedBytes).toBe(0);
      right.accepted.push(connection);
      const accepted = await right.acceptNext();
      expect((await accepted.frames.takeMany(10))[9]).toEqual(chunk(8));
      expect([dialled.calls, accepted.calls.includes("open")]).toEqual([["open"], false]);
      expect([dialled.connection.direction, connection.direction]).toEqual(["dialled", "accepted"]);
    });

    bothWays("that cannot be encoded are refused, and no others", async (from, to) => {
      const wrong: Frame = { type: "subtree", size: -1 };
      expect(() => from.connection.send(wrong)).toThrow(RangeError);
      from.connection.send(count(1));
      expect(await to.frames.take()).toEqual(count(1));
      expect(from.connection.queuedBytes).toBe(0);
    });
  });

  describe(`${name}: holding back`, () => {
    bothWays("pause stops frames at once, resume loses none", async (from, to) => {
      const frames = Array.from({ length: 200 }, (_, index): Frame => {
        return count(index);
      });
      to.whenFrame = () => to.connection.pause();
      for (const frame of frames) from.connection.send(frame);
      const received: Frame[] = [];
      while (received.length < frames.length) {
        received.push(await to.frames.take());
        if (received.length > 20) continue;
        await turns(2);
        expect(to.frames.size).toBe(0);
        if (received.length === 20) to.whenFrame = undefined;
        to.connection.resume();
      }
      expect(received).toEqual(frames);
    });

    bothWays("a paused reader stops the writer, with bounded memory", async (from, to) => {
      const total = 1_024;
      let sent = 0;
      let given = 0;
      const frame = chunk(1);
      const fill = (): void => {
        for (; given < total && given - sent < 16; given += 1) {
          from.connection.send(frame, () => {
            sent += 1;
            fill();
          });
        }
      };
      to.connection.pause();
      fill();
      await settled(() => sent);
      expect(sent).toBeLessThan(total / 2);
      expect(from.connection.queuedBytes).toBeGreaterThan(0);
      expect(to.connection.receivedBytes).toBeLessThan(1024 * 1024);
      expect(to.frames.size).toBe(0);
      to.connection.resume();
      await to.frames.takeMany(total);
      expect(sent).toBe(total);
    });

    bothWays("a reader that pauses in every frame stops the writer too", async (from, to) => {
      to.whenFrame = () => to.connection.pause();
      for (let index = 0; index < 1_024; index += 1) from.connection.send(chunk(1));
      for (let index = 0; index < 10; index += 1) {
        await to.frames.take();
        to.connection.resume();
      }
      await to.frames.take();
      await settled(() => from.connection.sentBytes);
      expect(from.connection.queuedBytes).toBeGreaterThan(16 * 1024 * 1024);
      expect(to.connection.receivedBytes).toBeLessThan(4 * 1024 * 1024);
      to.connection.destroy();
    });

    bothWays("resume and pause in one turn is pause", async (from, to) => {
      to.whenFrame = () => to.connection.pause();
      for (let index = 0; index < 50; index += 1) from.connection.send(count(index));
      await to.frames.take();
      to.connection.resume();
      to.connection.pause();
      await turns(20);
      expect(to.frames.size).toBe(0);
      to.whenFrame = undefined;
      to.connection.resume();
      await to.frames.takeMany(49);
    });

    bothWays("frames before the end wait for a paused reader", async (from, to) => {
      to.whenFrame = () => to.connection.pause();
      for (let index = 0; index < 50; index += 1) from.connection.send(count(index));
      from.connection.close();
      await to.frames.take();
      await turns(50);
      expect(to.calls).not.toContain("close");
      to.whenFrame = undefined;
      to.connection.resume();
      expect((await to.frames.takeMany(49)).at(-1)).toEqual(count(49));
      expect([await to.end(), await from.end()]).toEqual(["in order", "in order"]);
    });
  });

  describe(`${name}: the end`, () => {
    bothWays("close sends what is queued first", async (from, to) => {
      for (let index = 0; index < 100; index += 1) from.connection.send(chunk(index));
      from.connection.close();
      from.connection.send({ type: "alive" });
      expect(await to.end()).toBe("in order");
      expect(to.frames.size).toBe(100);
      expect(await from.end()).toBe("in order");
    });

    it("close sends what was queued before the connection was open", async () => {
      const dialled = left.dial(right.transport.address);
      dialled.connection.send(hello);
      dialled.connection.send(chunk(1));
      dialled.connection.close();
      const accepted = await right.acceptNext();
      expect(await accepted.frames.takeMany(2)).toEqual([hello, chunk(1)]);
      expect([await accepted.end(), await dialled.end()]).toEqual(["in order", "in order"]);
    });

    it("close ends a connection that is not open and has nothing to send", async () => {
      const dialled = left.dial(right.transport.address);
      dialled.connection.close();
      expect(await dialled.end()).toBe("in order");
      expect(dialled.calls).toEqual(["close"]);
    });

    bothWays("after close no frame is delivered, not even one that waits", async (from, to) => {
      to.whenFrame = () => to.connection.pause();
      for (let index = 0; index < 50; index += 1) from.connection.send(count(index));
      await to.frames.take();
      to.connection.close();
      expect([await to.end(), await from.end()]).toEqual(["in order", "in order"]);
      expect(to.frames.size).toBe(0);
    });

    bothWays("after close no frame is delivered that came before the end", async (from, to) => {
      to.whenFrame = () => to.connection.pause();
      for (let index = 0; index < 50; index += 1) from.connection.send(count(index));
      from.connection.close();
      await to.frames.take();
      await turns(50);
      to.connection.close();
      expect([await to.end(), await from.end()]).toEqual(["in order", "in order"]);
      expect(to.frames.size).toBe(0);
    });

    it("both may close at once", async () => {
      const { dialled, accepted } = await join(left, right);
      for (const { connection } of [dialled, accepted]) {
        for (let index = 0; index < 20; index += 1) connection.send(chunk(index));
        connection.close();
        connection.close();
      }
      expect([await dialled.end(), await accepted.end()]).toEqual(["in order", "in order"]);
    });

    bothWays("destroy is an error to the other side, and only there", async (from, to) => {
      from.connection.send(chunk(1));
      await to.frames.take();
      from.connection.destroy();
      expect([await from.end(), await to.end()]).toEqual(["in order", "link-lost"]);
    });

    bothWays("destroy inside a handler is the last of it", async (from, to) => {
      to.calls.length = 0;
      to.whenFrame = () => to.connection.destroy();
      for (let index = 0; index < 50; index += 1) from.connection.send(count(index));
      await Promise.all([to.end(), from.end()]);
      expect(to.calls).toEqual(["frame", "close"]);
    });

    bothWays("destroy drops what is queued and reports none of it as sent", async (from) => {
      let sent = 0;
      for (let index = 0; index < 50; index += 1) {
        from.connection.send(chunk(index), () => {
          sent += 1;
        });
      }
      from.connection.destroy();
      expect(from.connection.queuedBytes).toBe(0);
      await from.end();
      await turns(20);
      expect(sent).toBe(0);
    });

    bothWays("what the neighbour's end cuts off is not reported as sent", async (from, to) => {
      to.connection.pause();
      let sent = 0;
      for (let index = 0; index < 1_000; index += 1) {
        from.connection.send(chunk(1), () => {
          sent += 1;
        });
      }
      await settled(() => sent);
      const before = sent;
      to.connection.destroy();
      expect(await from.end()).toBe("link-lost");
      expect(sent).toBe(before);
      expect(from.connection.queuedBytes).toBe(0);
    });

    bothWays("destroy during close does not wait for the neighbour", async (from, to) => {
      to.connection.pause();
      for (let index = 0; index < 1_000; index += 1) from.connection.send(chunk(1));
      from.connection.close();
      from.connection.destroy();
      expect(await from.end()).toBe("in order");
      to.connection.resume();
      expect(await to.end()).toBe("link-lost");
    });

    bothWays("comes once, and nothing after it, whatever is called then", async (from, to) => {
      from.connection.close();
      await Promise.all([from.end(), to.end()]);
      for (const { connection } of [from, to]) {
        connection.send(chunk(1), () => expect.unreachable());
        connection.pause();
        connection.resume();
        connection.close();
        connection.destroy();
        expect(connection.queuedBytes).toBe(0);
      }
      await turns(20);
      for (const side of [from, to]) {
        expect(side.calls.filter((call) => call === "close")).toHaveLength(1);
        expect(side.calls.at(-1)).toBe("close");
      }
    });

    it("comes with an error when nobody is there to be dialled", async () => {
      const dialled = left.dial(await world.vacantAddress());
      dialled.connection.send(hello, () => expect.unreachable());
      const { error } = await dialled.closes.take();
      expect(error).toMatchObject({ code: "link-lost", fault: "remote" });
      expect(error?.facts).toMatchObject({ reason: "ECONNREFUSED" });
      expect(dialled.calls).toEqual(["close"]);
    });

    it("reaches handlers that are set after it", async () => {
      const dialled = left.dial(right.transport.address);
      const connection = await right.accepted.take();
      connection.destroy();
      await dialled.end();
      right.accepted.push(connection);
      expect(await (await right.acceptNext()).end()).toBe("in order");
    });
  });

  describe(`${name}: what breaks the format`, () => {
    bothWays("ends the connection and is told", async (from, to) => {
      to.connection.limitChunkBytes(1_024);
      from.connection.send(chunk(1, 1_024));
      from.connection.send(chunk(2, 1_025));
      from.connection.send(chunk(3, 1_024));
      expect([await to.end(), await from.end()]).toEqual(["frame-malformed", "link-lost"]);
      expect(to.frames.size).toBe(1);
      const peer = to.connection.direction === "accepted" ? right : left;
      expect((await peer.malformed.take()).error.code).toBe("frame-malformed");
      expect(peer.transport.counters.connectionsMalformed).toBe(1);
    });

    bothWays("follows the limit that a handler sets, from the next frame on", async (from, to) => {
      to.whenFrame = () => to.connection.limitChunkBytes(0);
      from.connection.send({ type: "alive" });
      from.connection.send(chunk(1, 1));
      expect(await to.end()).toBe("frame-malformed");
      expect(to.frames.size).toBe(1);
    });

    it("is a first frame that is too long for a stranger", async () => {
      const dialled = left.dial(right.transport.address);
      dialled.connection.send(chunk(1, 1_000_000));
      const accepted = await right.acceptNext();
      expect([await accepted.end(), await dialled.end()]).toEqual([
        "protocol-violation",
        "link-lost",
      ]);
      expect(right.malformed.size).toBe(1);
    });

    bothWays("is not what the owner's handler throws: that surfaces", async (from, to) => {
      const surfaced = surfacing();
      const seen: Frame[] = [];
      to.whenFrame = (frame) => {
        seen.push(frame);
        if (seen.length === 1) throw new Error("the owner's bug");
      };
      from.connection.send(count(1));
      from.connection.send(count(2));
      expect(await surfaced).toMatchObject({ message: "the owner's bug" });
      expect(await to.frames.take()).toEqual(count(2));
    });
  });

  describe(`${name}: the transport's end`, () => {
    it("flushes and ends every connection, and frees the address", async () => {
      const { dialled, accepted } = await join(left, right);
      const { address } = right.transport;
      for (let index = 0; index < 50; index += 1) accepted.connection.send(chunk(index));
      await right.transport.close();
      await right.transport.close();
      expect([await accepted.end(), await dialled.end()]).toEqual(["in order", "in order"]);
      expect(dialled.frames.size).toBe(50);
      const again = await Peer.open(world, address);
      expect(again.transport.address).toBe(address);
      left.transport.send(address, ping(1));
      expect((await again.datagrams.take()).datagram).toEqual(ping(1));
      await again.transport.close();
    });

    it("does not wait for strangers that have said nothing", async () => {
      const dialled = left.dial(right.transport.address);
      const accepted = await right.acceptNext();
      await right.transport.close();
      expect([await accepted.end(), await dialled.end()]).toEqual(["in order", "link-lost"]);
    });

    it("leaves nothing to dial with", async () => {
      await left.transport.close();
      expect(await left.dial(right.transport.address).end()).toBe("in order");
    });

    it("does not let a second transport take an address", async () => {
      const { address } = right.transport;
      await expect(Peer.open(world, address)).rejects.toMatchObject({ code: "port-taken" });
    });
  });

  describe(`${name}: handlers`, () => {
    bothWays("are never called from inside a method", async (from, to) => {
      await to.sent({ type: "alive" });
      await from.frames.take();
      let isInside = true;
      const check = (): void => expect(isInside).toBe(false);
      from.connection.setHandlers({ onFrame: check, onClose: check });
      from.connection.pause();
      from.connection.send({ type: "alive" }, check);
      from.connection.resume();
      isInside = false;
      await to.frames.take();
      isInside = true;
      from.connection.close();
      from.connection.destroy();
      isInside = false;
      await to.end();
    });
  });
}

function count(index: number): Frame {
  return { type: "subtree", size: index + 1 };
}

function isEqualTo(expected: readonly Frame[]): (frame: Frame, index: number) => boolean {
  return (frame, index) => {
    const other = expected[index];
    if (other === undefined || frame.type !== other.type) return false;
    if (frame.type !== "chunk" || other.type !== "chunk") {
      return JSON.stringify(frame) === JSON.stringify(other);
    }
    return frame.index === other.index && Buffer.compare(frame.payload, other.payload) === 0;
  };
}

/** Waits until a number has not moved for a while, in turns of the event loop. */
async function settled(read: () => number): Promise<void> {
  let last = -1;
  for (let still = 0; still < 30; still += 1) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const now = read();
    if (now !== last) still = 0;
    last = now;
  }
}

/** The next exception that surfaces, with the test runner's own listeners out of the way. */
function surfacing(): Promise<unknown> {
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  return new Promise((resolve) => {
    process.once("uncaughtException", (error) => {
      for (const listener of listeners) process.on("uncaughtException", listener);
      resolve(error);
    });
  });
}
