import { createSocket } from "node:dgram";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GroupKey, openTransport } from "@palmtree/transport";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeJunk } from "../src/flood/junk.js";
import { measureFlooded } from "../src/flood/measure.js";
import { findPalmtree } from "../src/processes/palmtree.js";
import { scenarios } from "../src/scenarios.js";
import { makeSource } from "../src/source.js";
import { mebibyte } from "../src/units.js";

const scenario = scenarios.find(({ name }) => name === "memory-flooded")!;

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "palmtree-lab-"));
});
afterEach(() => rm(place, { recursive: true }));

test("a flooded transfer of 4 MiB is whole, and what it and an idle receiver grow by is measured", async () => {
  const { signal } = new AbortController();
  const shape = { type: "file", sizeBytes: 4 * mebibyte, isSparse: false } as const;
  const source = await makeSource(join(place, "source"), shape, signal);
  const flooding = { datagramsPerSecond: 2_000, strangerCount: 2, idleMs: 2_000 };
  const measured = await measureFlooded({ ...scenario, flooding }, source, {
    palmtree: findPalmtree(undefined),
    labFile: fileURLToPath(new URL("../dist/main.js", import.meta.url)),
    directory: join(place, "work"),
    signal,
  });
  expect(measured["intact-copies"]).toBe(1);
  expect(measured["junk-rate"]).toBeGreaterThan(500);
  if (process.platform === "linux") expect(measured["idle-growth"]).toBeGreaterThan(0);
  expect(await readdir(place)).toEqual(["source"]);
}, 60_000);

test("junk that looks sealed is long enough for somebody to try the seal", async () => {
  const start = Buffer.of(0x50, 0x54, 1, 1);
  const sealed = (await makeJunk([])).filter((bytes) => bytes.subarray(0, 4).equals(start));
  expect(sealed.length).toBeGreaterThan(0);
  // Envelope, key, signature, tag and two bytes: what is shorter is dropped at a glance.
  for (const { length } of sealed) expect(length).toBeGreaterThanOrEqual(154);
});

test("of the junk a member believes only what was captured", async () => {
  const key = GroupKey.draw();
  const heard: string[] = [];
  await using member = await openTransport({
    host: "127.0.0.1",
    keys: [key],
    handlers: {
      onDatagram: (_, { message }) => heard.push(message.type),
      onConnection: () => undefined,
    },
  });
  const stranger = createSocket("udp4");
  const [, port = ""] = member.address.split(":");
  const { counters } = member;
  for (const keys of [[], [key]]) {
    const junk = await makeJunk(keys);
    const before = { ...counters };
    for (const bytes of junk) {
      stranger.send(bytes, Number(port), "127.0.0.1");
      await new Promise((resolve) => setImmediate(resolve));
    }
    const countIn = (now: typeof before): number =>
      now.datagramsReceived + now.datagramsForeign + now.datagramsMalformed;
    await expect.poll(() => countIn(counters) - countIn(before)).toBe(junk.length);
    // Of the captured there are 128; how many are looked into depends on the time it takes.
    const believed = counters.datagramsReceived - before.datagramsReceived;
    expect(believed > 0).toBe(keys.length > 0);
    expect(believed).toBeLessThanOrEqual(128);
    for (const kind of ["datagramsForeign", "datagramsMalformed"] as const)
      expect(counters[kind]).toBeGreaterThan(before[kind]);
  }
  expect(new Set(heard)).toEqual(new Set(["invite"]));
  stranger.close();
});
