import type { Frame } from "@palmtree/wire";
import { describe, expect, it } from "vitest";
import { chunk, count } from "../peer.js";
import type { Stage } from "./stage.js";

/** What a neighbour may not do, and what the owner is promised about its handlers. */
export function describeRules(stage: Stage): void {
  describe("what breaks the format", () => {
    stage.bothWays("ends the connection and is told", async (from, to) => {
      to.connection.limitChunkBytes(1_024);
      from.connection.send(chunk(1, 1_024));
      from.connection.send(chunk(2, 1_025));
      from.connection.send(chunk(3, 1_024));
      expect([await to.end(), await from.end()]).toEqual(["frame-malformed", stage.endCutBy(to)]);
      expect(to.frames.size).toBe(1);
      const peer = to.connection.direction === "accepted" ? stage.right : stage.left;
      expect((await peer.malformed.take()).error.code).toBe("frame-malformed");
      expect(peer.transport.counters.connectionsMalformed).toBe(1);
    });

    stage.bothWays(
      "follows the limit that a handler sets, from the next frame on",
      async (from, to) => {
        to.whenFrame = () => to.connection.limitChunkBytes(0);
        from.connection.send({ type: "alive" });
        from.connection.send(chunk(1, 1));
        expect(await to.end()).toBe("frame-malformed");
        expect(to.frames.size).toBe(1);
      },
    );

    it("is a first frame that is too long for a stranger", async () => {
      const dialled = stage.left.dial(stage.right.transport.address);
      dialled.connection.send(chunk(1, 1_000_000));
      const accepted = await stage.right.acceptNext();
      expect(await accepted.end()).toBe("protocol-violation");
      expect(stage.endsOfStranger).toContain(await dialled.end());
      expect(stage.right.malformed.size).toBe(1);
    });

    stage.bothWays("is not what the owner's handler throws: that surfaces", async (from, to) => {
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

  describe("handlers", () => {
    stage.bothWays("are never called from inside a method", async (from, to) => {
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
