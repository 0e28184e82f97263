import type { Frame } from "@palmtree/wire";
import { describe, expect, it } from "vitest";
import { chunk, count, hello, turns } from "../peer.js";
import type { Stage } from "./stage.js";

/** Frames: all of them, in order, byte for byte, and what is said about their sending. */
export function describeFrames(stage: Stage): void {
  describe("frames", () => {
    stage.bothWays("arrive all, in order, small and large mixed", async (from, to) => {
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

    stage.bothWays("of 64 KiB have a payload of their own, byte for byte", async (from, to) => {
      const frames = Array.from({ length: 64 }, (_, index) => chunk(index));
      for (const frame of frames) from.connection.send(frame);
      const received = await to.frames.takeMany(frames.length);
      expect(received.every(isEqualTo(frames))).toBe(true);
      // Memory may be shared, places in it not.
      const places = received.flatMap((frame) => (frame.type === "chunk" ? [frame.payload] : []));
      for (const [index, place] of places.entries()) place.fill(index);
      expect(places.every((place, index) => place.every((byte) => byte === index))).toBe(true);
    });

    stage.bothWays("keep their payloads until these are given back", async (from, to) => {
      const kept: Frame[] = [];
      for (let round = 0; round < 20; round += 1) {
        const frames = Array.from({ length: 16 }, (_, at) => chunk(16 * round + at));
        for (const frame of frames) from.connection.send(frame);
        const received = await to.frames.takeMany(frames.length);
        expect(received.every(isEqualTo(frames))).toBe(true);
        for (const [at, frame] of received.entries()) {
          if (round % 5 === 0 && at % 5 === 0) kept.push(frame);
          else if (frame.type === "chunk") stage.release(frame.payload);
        }
      }
      const sent = kept.map((frame) => chunk(frame.type === "chunk" ? frame.index : 0));
      expect(kept.every(isEqualTo(sent))).toBe(true);
    });

    stage.bothWays("flow in both directions at once", async (from, to) => {
      for (let index = 0; index < 100; index += 1) {
        from.connection.send(chunk(index));
        to.connection.send(chunk(index));
      }
      await Promise.all([to.frames.takeMany(100), from.frames.takeMany(100)]);
    });

    stage.bothWays("are reported as sent once each, in order", async (from, to) => {
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

    stage.bothWays("are as they were when they were reported as sent", async (from, to) => {
      const payload = new Uint8Array(64 * 1024);
      to.connection.pause();
      for (let index = 0; index < 8; index += 1) {
        payload.fill(index);
        await from.sent({ type: "chunk", index, payload });
      }
      payload.fill(255);
      to.connection.resume();
      for (const [index, frame] of (await to.frames.takeMany(8)).entries()) {
        expect(frame.type === "chunk" && frame.payload.every((byte) => byte === index)).toBe(true);
      }
    });

    it("wait until the connection is open, and until the other side has handlers", async () => {
      const dialled = stage.left.dial(stage.right.transport.address);
      dialled.connection.send(hello);
      for (let index = 0; index < 9; index += 1) dialled.connection.send(chunk(index));
      expect(dialled.calls).toEqual([]);
      const connection = await stage.right.accepted.take();
      await turns(20);
      expect(connection.receivedBytes).toBe(0);
      stage.right.accepted.push(connection);
      const accepted = await stage.right.acceptNext();
      expect((await accepted.frames.takeMany(10))[9]).toEqual(chunk(8));
      expect([dialled.calls, accepted.calls.includes("open")]).toEqual([["open"], false]);
      expect([dialled.connection.direction, connection.direction]).toEqual(["dialled", "accepted"]);
    });

    stage.bothWays("that cannot be encoded are refused, and no others", async (from, to) => {
      const wrong: Frame = { type: "subtree", size: -1 };
      expect(() => from.connection.send(wrong)).toThrow(RangeError);
      from.connection.send(count(1));
      expect(await to.frames.take()).toEqual(count(1));
      expect(from.connection.queuedBytes).toBe(0);
    });
  });
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
