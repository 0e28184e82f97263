import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PalmtreeProcess } from "./command.js";
import { lastOf, Place, type Receiving } from "./place.js";

const mebibyte = 1024 * 1024;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

/** The transfer is under way: some of it has arrived, and most of it has not. */
async function underWay({ process }: Receiving): Promise<void> {
  await process.event("progress");
}

/** Stops a process by a signal, and says how it ended and how long that took. */
async function stop(command: PalmtreeProcess, signal: NodeJS.Signals) {
  const before = performance.now();
  command.kill(signal);
  const ended = await command.ended;
  return { ...ended, seconds: (performance.now() - before) / 1_000 };
}

/** All that is there is what a later session can go on with. */
const partial = [expect.stringMatching(/^\.palmtree-[0-9a-f]{32}$/)];

describe("a receiver that is told to stop", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "by %s in a transfer keeps what it has for another time, and the others complete",
    { timeout: 60_000 },
    async (signal) => {
      await place.writeSparse("disk.img", 128 * mebibyte);
      const receiving = await place.receiveMany(3);
      const sending = place.send(["disk.img"], receiving, "--fanout", "2");
      const [leaver, ...stayers] = receiving as [Receiving, ...Receiving[]];
      await underWay(leaver);
      const { code, events, stderr, seconds } = await stop(leaver.process, signal);
      expect(await readdir(leaver.directory)).toEqual(partial);
      expect(code).toBe(1);
      expect(seconds).toBeLessThan(5);
      expect(lastOf({ events })).toMatchObject({
        type: "result",
        status: "failed",
        files: 0,
        error: { code: "aborted" },
      });
      expect(stderr).toContain("Did not receive disk.img: aborted:");

      const sent = await sending.ended;
      expect(sent.code).toBe(3);
      expect(lastOf(sent).peers.map(({ status }: { status: string }) => status)).toEqual([
        "failed",
        "complete",
        "complete",
      ]);
      for (const { directory } of stayers) expect(await readdir(directory)).toEqual(["disk.img"]);
    },
  );

  test("while nothing comes in ends well, or without what it was to receive once", async () => {
    const idle = await place.receive("idle");
    expect((await stop(idle.process, "SIGINT")).code).toBe(0);
    const waiting = await place.receive("waiting", "--once");
    const { code, events, stderr } = await stop(waiting.process, "SIGTERM");
    const error = { code: "aborted", message: "stopped by SIGTERM" };
    expect(code).toBe(1);
    expect(lastOf({ events })).toMatchObject({ type: "result", status: "failed", error });
    expect(stderr).toContain("palmtree: stopped by SIGTERM\n");
  });

  test("a second time ends at once", { timeout: 60_000 }, async () => {
    await place.writeSparse("disk.img", 1024 * mebibyte);
    const receiving = await place.receive("in");
    place.send(["disk.img"], [receiving]);
    await underWay(receiving);
    receiving.process.kill("SIGINT");
    const { code, seconds } = await stop(receiving.process, "SIGTERM");
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(2);
  });
});

describe("a sender that is told to stop", () => {
  test("in a transfer ends it everywhere, and nothing has a final name", {
    timeout: 60_000,
  }, async () => {
    await place.writeSparse("disk.img", 1024 * mebibyte);
    const receiving = await place.receiveMany(3, "--once");
    const sending = place.send(["disk.img"], receiving, "--fanout", "1");
    await underWay(receiving[2] as Receiving);
    const { code, events, stderr, seconds } = await stop(sending, "SIGINT");
    const error = { code: "aborted", message: "stopped by SIGINT" };
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(5);
    expect(stderr).toContain("palmtree: stopped by SIGINT\n");
    expect(lastOf({ events })).toMatchObject({ type: "result", status: "failed", error });
    for (const { address } of receiving)
      expect(lastOf({ events }).peers).toContainEqual(
        expect.objectContaining({ peer: address, status: "failed", error }),
      );
    for (const { process, directory } of receiving) {
      const ended = await process.ended;
      expect(ended.code).toBe(1);
      expect(lastOf(ended)).toMatchObject({ type: "result", status: "failed", files: 0 });
      expect(await readdir(directory)).toEqual(partial);
    }
  });

  test("by a reader that goes away ends quietly", { timeout: 60_000 }, async () => {
    await place.writeSparse("disk.img", 1024 * mebibyte);
    const receiving = await place.receive("in", "--once");
    const sending = place.send(["disk.img"], [receiving], "--quiet");
    await sending.event("joined");
    sending.process.stdout?.destroy();
    const { code, stderr } = await sending.ended;
    expect([code, stderr]).toEqual([1, ""]);
    expect((await receiving.process.ended).code).toBe(1);
    expect(await readdir(receiving.directory)).toEqual([]);
  });
});

describe("kill -9", () => {
  test("of a receiver leaves nothing under its final name; the others complete", {
    timeout: 60_000,
  }, async () => {
    await place.writeSparse("disk.img", 128 * mebibyte);
    const receiving = await place.receiveMany(4, "--once");
    const sending = place.send(["disk.img"], receiving, "--fanout", "1", "--timeout", "5");
    const { peers } = await sending.event("tree");
    // The root's only child: all chunks for the others go through it.
    const { address } = peers.find(({ parent }: { parent: number | null }) => parent === 0);
    const victim = receiving.find((one) => one.address === address) as Receiving;
    await underWay(victim);
    victim.process.kill("SIGKILL");
    expect((await victim.process.ended).signal).toBe("SIGKILL");
    expect(await readdir(victim.directory)).toEqual(partial);

    const sent = await sending.ended;
    expect(sent.code).toBe(3);
    const hashes = new Set<string | undefined>();
    for (const [index, one] of receiving.entries()) {
      if (one === victim) continue;
      expect((await one.process.ended).code).toBe(0);
      hashes.add((await place.contentOf(`in-${index + 1}`))["disk.img"]);
    }
    expect([...hashes]).toEqual([expect.any(String)]);
    expect(lastOf(sent).peers).toContainEqual(
      expect.objectContaining({ peer: victim.address, status: "failed" }),
    );
  });

  test("of the sender fails the receivers with root-lost; they keep what they have for another time", {
    timeout: 60_000,
  }, async () => {
    await place.writeSparse("disk.img", 1024 * mebibyte);
    const receiving = await place.receiveMany(3, "--once");
    // Long enough for the sender's children to look for another way, and to let their own go.
    const sending = place.send(["disk.img"], receiving, "--timeout", "6");
    for (const one of receiving) await underWay(one);
    const killedAt = performance.now();
    sending.kill("SIGKILL");
    for (const { process, directory } of receiving) {
      const ended = await process.ended;
      expect(ended.code).toBe(1);
      expect(lastOf(ended)).toMatchObject({
        type: "result",
        status: "failed",
        files: 0,
        error: { code: "root-lost" },
      });
      expect(await readdir(directory)).toEqual(partial);
    }
    expect(performance.now() - killedAt).toBeLessThan(20_000);
  });
});
