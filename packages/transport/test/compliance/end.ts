import { describe, expect, it } from "vitest";
import { chunk, count, hello, join, Peer, ping, settled, turns } from "../peer.js";
import type { Stage } from "./stage.js";

/** How a connection ends, and a transport. */
export function describeEnd(stage: Stage): void {
  describe("the end", () => {
    stage.bothWays("close sends what is queued first", async (from, to) => {
      for (let index = 0; index < 100; index += 1) from.connection.send(chunk(index));
      from.connection.close();
      from.connection.send({ type: "alive" });
      expect(await to.end()).toBe("in order");
      expect(to.frames.size).toBe(100);
      expect(await from.end()).toBe("in order");
    });

    it("close sends what was queued before the connection was open", async () => {
      const dialled = stage.left.dial(stage.right.transport.address);
      dialled.connection.send(hello);
      dialled.connection.send(chunk(1));
      dialled.connection.close();
      const accepted = await stage.right.acceptNext();
      expect(await accepted.frames.takeMany(2)).toEqual([hello, chunk(1)]);
      expect([await accepted.end(), await dialled.end()]).toEqual(["in order", "in order"]);
    });

    it("close ends a connection that is not open and has nothing to send", async () => {
      const dialled = stage.left.dial(stage.right.transport.address);
      dialled.connection.close();
      expect(await dialled.end()).toBe("in order");
      expect(dialled.calls).toEqual(["close"]);
    });

    stage.bothWays(
      "after close no frame is delivered, not even one that waits",
      async (from, to) => {
        to.whenFrame = () => to.connection.pause();
        for (let index = 0; index < 50; index += 1) from.connection.send(count(index));
        await to.frames.take();
        to.connection.close();
        expect([await to.end(), await from.end()]).toEqual(["in order", "in order"]);
        expect(to.frames.size).toBe(0);
      },
    );

    stage.bothWays(
      "after close no frame is delivered that came before the end",
      async (from, to) => {
        to.whenFrame = () => to.connection.pause();
        for (let index = 0; index < 50; index += 1) from.connection.send(count(index));
        from.connection.close();
        await to.frames.take();
        await turns(50);
        to.connection.close();
        expect([await to.end(), await from.end()]).toEqual(["in order", "in order"]);
        expect(to.frames.size).toBe(0);
      },
    );

    it("both may close at once", async () => {
      const { dialled, accepted } = await join(stage.left, stage.right);
      for (const { connection } of [dialled, accepted]) {
        for (let index = 0; index < 20; index += 1) connection.send(chunk(index));
        connection.close();
        connection.close();
      }
      expect([await dialled.end(), await accepted.end()]).toEqual(["in order", "in order"]);
    });

    stage.bothWays("destroy is an error to the other side, and only there", async (from, to) => {
      from.connection.send(chunk(1));
      await to.frames.take();
      from.connection.destroy();
      expect([await from.end(), await to.end()]).toEqual(["in order", "link-lost"]);
    });

    stage.bothWays("destroy inside a handler is the last of it", async (from, to) => {
      to.calls.length = 0;
      to.whenFrame = () => to.connection.destroy();
      for (let index = 0; index < 50; index += 1) from.connection.send(count(index));
      await Promise.all([to.end(), from.end()]);
      expect(to.calls).toEqual(["frame", "close"]);
    });

    stage.bothWays("destroy drops what is queued and reports none of it as sent", async (from) => {
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

    stage.bothWays(
      "what the neighbour's end cuts off is not reported as sent",
      async (from, to) => {
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
      },
    );

    stage.bothWays("destroy during close does not wait for the neighbour", async (from, to) => {
      to.connection.pause();
      for (let index = 0; index < 1_000; index += 1) from.connection.send(chunk(1));
      from.connection.close();
      from.connection.destroy();
      expect(await from.end()).toBe("in order");
      to.connection.resume();
      expect(await to.end()).toBe(stage.endCutBy(from));
    });

    stage.bothWays("destroy after close has sent all is an end in order", async (from, to) => {
      to.connection.pause();
      await from.sent({ type: "alive" });
      from.connection.close();
      from.connection.destroy();
      expect(await from.end()).toBe("in order");
      to.connection.resume();
      expect(await to.end()).toBe("in order");
      expect(to.frames.size).toBe(1);
    });

    stage.bothWays(
      "comes once, and nothing after it, whatever is called then",
      async (from, to) => {
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
      },
    );

    it("comes with an error when nobody is there to be dialled", async () => {
      const dialled = stage.left.dial(await stage.world.vacantAddress());
      dialled.connection.send(hello, () => expect.unreachable());
      const { error } = await dialled.closes.take();
      expect(error).toMatchObject({ code: "link-lost", fault: "remote" });
      expect(error?.facts).toMatchObject({ reason: "ECONNREFUSED" });
      expect(dialled.calls).toEqual(["close"]);
    });

    it("reaches handlers that are set after it", async () => {
      const dialled = stage.left.dial(stage.right.transport.address);
      const connection = await stage.right.accepted.take();
      connection.destroy();
      await dialled.end();
      stage.right.accepted.push(connection);
      expect(await (await stage.right.acceptNext()).end()).toBe("in order");
    });
  });

  describe("the transport's end", () => {
    it("flushes and ends every connection, and frees the address", async () => {
      const { dialled, accepted } = await join(stage.left, stage.right);
      const { address } = stage.right.transport;
      for (let index = 0; index < 50; index += 1) accepted.connection.send(chunk(index));
      await stage.right.transport.close();
      await stage.right.transport.close();
      expect([await accepted.end(), await dialled.end()]).toEqual(["in order", "in order"]);
      expect(dialled.frames.size).toBe(50);
      const again = await Peer.open(stage.world, address);
      expect(again.transport.address).toBe(address);
      const datagram = ping(1, stage.left.transport, again.transport);
      stage.left.transport.send(address, datagram);
      expect((await again.datagrams.take()).datagram).toEqual(datagram);
      await again.transport.close();
    });

    it("does not wait for strangers that have said nothing", async () => {
      const dialled = stage.left.dial(stage.right.transport.address);
      const accepted = await stage.right.acceptNext();
      await stage.right.transport.close();
      expect(await accepted.end()).toBe("in order");
      expect(stage.endsOfStranger).toContain(await dialled.end());
    });

    it("leaves nothing to dial with", async () => {
      await stage.left.transport.close();
      expect(await stage.left.dial(stage.right.transport.address).end()).toBe("in order");
    });

    it("does not let a second transport take an address", async () => {
      const { address } = stage.right.transport;
      await expect(Peer.open(stage.world, address)).rejects.toMatchObject({ code: "port-taken" });
    });
  });
}
