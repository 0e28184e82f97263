import type { Frame } from "@palmtree/wire";
import { describe, expect } from "vitest";
import { chunk, count, settled, turns } from "../peer.js";
import type { Stage } from "./stage.js";

/** Back-pressure: a reader that pauses, and a writer that is held back. */
export function describeHoldingBack(stage: Stage): void {
  describe("holding back", () => {
    stage.bothWays("pause stops frames at once, resume loses none", async (from, to) => {
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

    stage.bothWays("a paused reader stops the writer, with bounded memory", async (from, to) => {
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

    stage.bothWays("a reader that pauses in every frame stops the writer too", async (from, to) => {
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

    stage.bothWays("resume and pause in one turn is pause", async (from, to) => {
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

    stage.bothWays("frames before the end wait for a paused reader", async (from, to) => {
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
}
