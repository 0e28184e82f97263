import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Event } from "./command.js";
import { hashOf, lastOf, Place, type Receiving, reach, stagedBytes, stagedPath } from "./place.js";

const mebibyte = 1024 * 1024;
/**
 * What is written and not in the journal yet is fetched again: two writes of 1 MiB, and what is
 * written while the journal is. That has to be far below a tenth of the file.
 */
const fileBytes = 96 * mebibyte;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

/** Kills it, as a loss of power would. */
async function kill({ process }: Receiving): Promise<void> {
  process.kill("SIGKILL");
  await process.ended;
}

/** Payload bytes that came over the network. */
function fetchedBytes(result: Event): number {
  return result.bytes - result.resumedBytes + result.duplicateBytes;
}

describe("a receiver that is killed in a transfer and started again", () => {
  test.each(["pipeline", "tree"])(
    "fetches what is not on its disk, and nothing else: %s",
    { timeout: 120_000 },
    async (strategy) => {
      await place.write({ "disk.img": fileBytes });
      const first = await place.receiveMany(3, "--once");
      const args = ["--strategy", strategy, "--timeout", "3"];
      const sending = place.send(["disk.img"], first, ...args);
      const victim = first[1] as Receiving;
      await reach(victim, "disk.img", 0.4 * fileBytes);
      await kill(victim);
      const onDisk = await stagedBytes(victim, "disk.img");
      expect((await sending.ended).code).toBe(3);
      for (const one of first) await one.process.ended;

      // The same command again, to the same directories.
      const second = await place.receiveMany(3, "--once");
      const sent = await place.send(["disk.img"], second, ...args).ended;
      expect(sent.code).toBe(0);
      const results = [];
      for (const { process } of second) results.push(lastOf(await process.ended));
      const [other, restarted] = results as [Event, Event];
      const seen = JSON.stringify({ onDisk, ...restarted });
      expect(fetchedBytes(restarted) + onDisk, seen).toBeLessThanOrEqual(1.1 * fileBytes);
      expect(restarted.resumedBytes).toBeGreaterThan(0.3 * fileBytes);
      // Those that were complete were sent nothing.
      expect(other).toMatchObject({ bytes: fileBytes, resumedBytes: fileBytes, duplicateBytes: 0 });
      const expected = await hashOf(join(place.path, "disk.img"));
      for (const { directory } of second) {
        expect(await readdir(directory)).toEqual(["disk.img"]);
        expect(await hashOf(join(directory, "disk.img"))).toBe(expected);
      }
    },
  );

  test.each(["pipeline", "tree"])(
    "goes on in the session that still runs: %s",
    { timeout: 120_000 },
    async (strategy) => {
      await place.write({ "disk.img": fileBytes });
      const receiving = await place.receiveMany(4, "--once");
      // The session runs at least as long as the victim is waited for; by then it is back.
      const args = ["--strategy", strategy, "--fanout", "1", "--timeout", "6"];
      const sending = place.send(["disk.img"], receiving, ...args);
      const { port } = await sending.event("listening");
      const victim = receiving[1] as Receiving;
      await reach(victim, "disk.img", 0.4 * fileBytes);
      await kill(victim);
      const onDisk = await stagedBytes(victim, "disk.img");
      const join = ["--join", `127.0.0.1:${port}`];
      const restarted = await place.receive("in-2", "--once", ...join);
      const result = lastOf(await restarted.process.ended);
      expect(result).toMatchObject({ status: "complete", bytes: fileBytes });
      expect(result.resumedBytes).toBeGreaterThan(0.3 * fileBytes);
      expect(fetchedBytes(result) + onDisk).toBeLessThanOrEqual(1.1 * fileBytes);
      await sending.ended;
      for (const { process, directory } of receiving) {
        if (directory !== victim.directory) expect((await process.ended).code).toBe(0);
        expect(await readdir(directory)).toEqual(["disk.img"]);
      }
    },
  );

  test("fetches a byte that changed on its disk meanwhile again", { timeout: 60_000 }, async () => {
    await place.write({ "disk.img": fileBytes });
    const first = await place.receive("in", "--once");
    const sending = place.send(["disk.img"], [first]);
    await reach(first, "disk.img", 0.4 * fileBytes);
    await kill(first);
    sending.kill("SIGKILL");
    const file = await open(await stagedPath(first, "disk.img"), "r+");
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, mebibyte);
    byte[0] = (byte[0] ?? 0) ^ 1;
    await file.write(byte, 0, 1, mebibyte);
    await file.close();

    const second = await place.receive("in", "--once");
    expect((await place.send(["disk.img"], [second]).ended).code).toBe(0);
    const { resumedBytes } = lastOf(await second.process.ended);
    expect(resumedBytes).toBeGreaterThan(0.3 * fileBytes);
    expect(await hashOf(join(second.directory, "disk.img"))).toBe(
      await hashOf(join(place.path, "disk.img")),
    );
  });

  test("begins anew when it is told to discard what is there", { timeout: 60_000 }, async () => {
    await place.write({ "disk.img": fileBytes });
    const first = await place.receive("in", "--once");
    const sending = place.send(["disk.img"], [first]);
    await reach(first, "disk.img", 0.2 * fileBytes);
    await kill(first);
    sending.kill("SIGKILL");
    const second = await place.receive("in", "--discard-partial");
    expect(await readdir(second.directory)).toEqual([]);
  });
});

test("a sender that is killed and run again sends what is missing", {
  timeout: 60_000,
}, async () => {
  await place.write({ "disk.img": fileBytes });
  const receiving = await place.receiveMany(2);
  const sending = place.send(["disk.img"], receiving, "--timeout", "3");
  for (const one of receiving) await reach(one, "disk.img", 0.3 * fileBytes);
  sending.kill("SIGKILL");
  await sending.ended;
  for (const { process } of receiving)
    await process.event("result", ({ status }) => status === "failed");
  expect((await place.send(["disk.img"], receiving).ended).code).toBe(0);
  for (const { process, directory } of receiving) {
    const result = await process.event("result", ({ status }) => status === "complete");
    expect(result.resumedBytes).toBeGreaterThan(0.2 * fileBytes);
    expect(fetchedBytes(result)).toBeLessThan(0.8 * fileBytes);
    expect(await readdir(directory)).toEqual(["disk.img"]);
  }
});

describe("the same command run again", () => {
  test("finds every host complete, and sends nothing", { timeout: 60_000 }, async () => {
    await place.write({ "out/a": 3 * mebibyte, "out/b/c": 100, "out/empty": "" });
    const receiving = await place.receiveMany(3);
    expect((await place.send(["out"], receiving).ended).code).toBe(0);
    const before = await stat(join(receiving[0]?.directory ?? "", "out", "a"));
    expect((await place.send(["out"], receiving).ended).code).toBe(0);
    for (const { process } of receiving) {
      const bytes = 3 * mebibyte + 100;
      const again = await process.event("result", ({ resumedBytes }) => resumedBytes > 0);
      expect(again).toMatchObject({ status: "complete", files: 3, bytes, resumedBytes: bytes });
    }
    const after = await stat(join(receiving[0]?.directory ?? "", "out", "a"));
    expect([after.ino, after.ctimeMs]).toEqual([before.ino, before.ctimeMs]);
  });

  test("sends the files that changed, and no others", { timeout: 60_000 }, async () => {
    await place.write({ "out/a": 3 * mebibyte, "out/b": mebibyte, "out/gone": 100 });
    const receiving = await place.receiveMany(2, "--on-conflict", "overwrite");
    expect((await place.send(["out"], receiving).ended).code).toBe(0);
    await rm(join(place.path, "out/gone"));
    await place.write({ "out/b": mebibyte, "out/new": 5 });
    expect((await place.send(["out"], receiving).ended).code).toBe(0);
    for (const [index, { process }] of receiving.entries()) {
      const again = await process.event("result", ({ resumedBytes }) => resumedBytes > 0);
      expect(fetchedBytes(again)).toBe(mebibyte + 5);
      expect(await place.contentOf(`in-${index + 1}`)).toEqual({
        "out/": "",
        ...Object.fromEntries(
          Object.entries(await place.contentOf("out")).map(([path, hash]) => [`out/${path}`, hash]),
        ),
      });
    }
  });
});
