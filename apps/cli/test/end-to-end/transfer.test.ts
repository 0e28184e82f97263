import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ReceiveEvent } from "../../src/receive/receive-event.js";
import type { SendEvent } from "../../src/send/send-event.js";
import { script, version } from "./command.js";
import { documentedFields, undocumented } from "./documented-events.js";
import { eventOf, lastOf, Place } from "./place.js";

const mebibyte = 1024 * 1024;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

describe("a transfer", () => {
  test("to one receiver brings the very bytes, and both exit with 0", async () => {
    await place.write({ "out/big.bin": 5 * mebibyte + 3 });
    const receiving = await place.receive("in", "--once");
    const sent = await place.send(["out/big.bin"], [receiving]).ended;
    const received = await receiving.process.ended;
    expect([sent.code, received.code]).toEqual([0, 0]);
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
  });

  test("of a directory tree to three receivers, through each other", async () => {
    await place.write({
      "out/tree/a/b/deep.bin": 300_000,
      "out/tree/a/empty.txt": 0,
      "out/tree/nothing in here": "directory",
      "out/tree/ünï.txt": "hello",
      "out/beside.txt": 5,
    });
    const receiving = await place.receiveMany(3, "--once");
    const paths = ["out/tree", "out/beside.txt"];
    const sent = await place.send(paths, receiving, "--fanout", "1").ended;
    expect(sent.code).toBe(0);
    const content = await place.contentOf("out");
    for (const [index, { process }] of receiving.entries()) {
      expect((await process.ended).code).toBe(0);
      expect(await place.contentOf(`in-${index + 1}`)).toEqual(content);
    }
    const { peers } = eventOf(sent, "tree");
    const parents = peers.map(({ parent }: { parent: number | null }) => parent);
    expect(parents[0]).toBeNull();
    expect(new Set(parents).size, "with fanout 1, each has another parent").toBe(4);
  });

  test("replaces what is there with --on-conflict overwrite, and fails without", async () => {
    await place.write({ "out/a": 100, "keep/a": "mine", "replace/a": "mine" });
    const keep = await place.receive("keep", "--once");
    const replace = await place.receive("replace", "--once", "--on-conflict", "overwrite");
    const sent = await place.send(["out/a"], [keep, replace]).ended;
    expect(sent.code).toBe(3);
    expect(lastOf(sent).peers).toMatchObject([
      { status: "failed", error: { code: "name-exists" } },
      { status: "complete" },
    ]);
    expect([(await keep.process.ended).code, (await replace.process.ended).code]).toEqual([1, 0]);
    expect(await place.contentOf("replace")).toEqual(await place.contentOf("out"));
  });

  test("follows another one where the receiver stays, and a last signal ends it with 0", async () => {
    await place.write({ "out/a": 1_000, "out/b": 1_000 });
    const receiving = await place.receive("in");
    for (const name of ["out/a", "out/b"])
      expect((await place.send([name], [receiving]).ended).code).toBe(0);
    receiving.process.kill("SIGTERM");
    const { code, events } = await receiving.process.ended;
    expect(code).toBe(0);
    expect(events.filter(({ type }) => type === "result")).toHaveLength(2);
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
  });

  test("goes to all peers of a hosts file", async () => {
    const receiving = await place.receiveMany(2, "--once");
    const hosts = receiving.map(({ address }) => address).join("  # a comment\n\n");
    await place.write({ "out/a": 100, hosts });
    const args = ["send", "out/a", "--hosts-file", "hosts", "--insecure", "--quiet"];
    expect(await place.run(args)).toMatchObject({ code: 0, stderr: "", stdout: "" });
    expect(await place.contentOf("in-2")).toEqual(await place.contentOf("out"));
  });
});

describe("the events that scripts depend on", () => {
  /** Missing where it was over too soon to tell. */
  const anyEfficiency = {
    percent: expect.any(Number),
    limitSeconds: expect.any(Number),
    bytesPerSecond: expect.any(Number),
    bottleneck: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  };

  test("of send", async () => {
    await place.writeSparse("disk.img", 200 * mebibyte);
    const receiving = await place.receiveMany(2, "--once");
    const options = ["--fanout", "2", "--chunk-size", "128k", "--name", "the image"];
    const { events, stdout } = await place.send(["disk.img"], receiving, ...options).ended;
    expect(
      stdout
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ).toEqual(events);

    const { session } = eventOf({ events }, "scanned");
    expect(session).toMatch(/^[0-9a-f]{32}$/);
    const [one, two] = receiving.map(({ address }) => address);
    const bytes = 200 * mebibyte;
    const chunkCount = bytes / (128 * 1024);
    expect(events[0]).toMatchObject({ type: "scanned", files: 1, bytes, chunkCount, skipped: [] });
    expect(events[0]).toMatchObject({ chunkSizeBytes: 131_072 });
    for (const type of ["invited", "joined"])
      for (const address of [one, two]) expect(events).toContainEqual({ type, address });
    expect(events.find(({ type }) => type === "tree")).toEqual({
      type: "tree",
      peers: [
        { number: 0, address: expect.stringMatching(/^127\.0\.0\.1:\d+$/), parent: null },
        { number: 1, address: one, parent: 0 },
        { number: 2, address: two, parent: expect.any(Number) },
      ],
    });
    expect(events).toContainEqual({ type: "plan", plan: "chain", peerCount: 3 });
    for (const { efficiency, ...event } of events.filter(({ type }) => type === "progress")) {
      expect(event).toEqual({ type: "progress", chunkCount, peers: expect.any(Array) });
      if (efficiency !== undefined) expect(efficiency).toEqual(anyEfficiency);
      for (const { address, chunksHeld } of event.peers) {
        expect([one, two]).toContain(address);
        expect(chunksHeld).toBeLessThanOrEqual(chunkCount);
      }
    }
    const outcomes = [one, two].map((address) => ({
      address,
      status: "complete",
      bytes,
      seconds: expect.any(Number),
      link: {
        from: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        // Null where no probe was answered yet.
        roundTripMs: expect.toSatisfy((value) => value === null || value > 0),
        lossPercent: expect.any(Number),
        bytesPerSecond: expect.any(Number),
      },
    }));
    for (const outcome of outcomes)
      expect(events).toContainEqual({ type: "peer-ended", ...outcome });
    const { efficiency = anyEfficiency, ...last } = lastOf({ events });
    expect(efficiency).toEqual(anyEfficiency);
    expect(last).toEqual({
      type: "result",
      status: "complete",
      session,
      files: 1,
      bytes,
      seconds: expect.any(Number),
      peers: outcomes.map((outcome) => ({ peer: outcome.address, ...outcome })),
    });
  });

  test("of send by the tree have no plan", async () => {
    await place.write({ "out/a": 1_000 });
    const receiving = await place.receive("in", "--once");
    const { events } = await place.send(["out"], [receiving], "--strategy", "tree").ended;
    expect(lastOf({ events })).toMatchObject({ type: "result", status: "complete" });
    expect(events.map(({ type }) => type)).not.toContain("plan");
  });

  test("of send name the plan that was asked for", async () => {
    await place.write({ "out/a": 100_000 });
    const receiving = await place.receiveMany(3, "--once");
    const { events } = await place.send(["out"], receiving, "--plan", "double-tree").ended;
    expect(events).toContainEqual({ type: "plan", plan: "double-tree", peerCount: 4 });
    expect(eventOf({ events }, "scanned")).toMatchObject({ chunkSizeBytes: 16_384 });
    expect(lastOf({ events })).toMatchObject({ type: "result", status: "complete" });
  });

  test("of send have progress at most five times a second", async () => {
    await place.writeSparse("disk.img", 400 * mebibyte);
    const receiving = await place.receive("in", "--once");
    const { events } = await place.send(["disk.img"], [receiving]).ended;
    const { seconds } = lastOf({ events });
    const progress = events.filter(({ type }) => type === "progress");
    expect(progress.length).toBeGreaterThan(0);
    expect(progress.length).toBeLessThanOrEqual(Math.ceil(seconds * 5) + 1);
  });

  test("of receive --once", async () => {
    await place.write({ "out/a": 3 * mebibyte });
    const receiving = await place.receive("in", "--once");
    const sent = await place.send(["out"], [receiving]).ended;
    const { events } = await receiving.process.ended;
    const port = Number(receiving.address.split(":")[1]);
    const { session } = eventOf(sent, "scanned");
    const from = eventOf(sent, "tree").peers[0].address;
    const bytes = 3 * mebibyte;
    const seconds = expect.any(Number);
    expect(events.filter(({ type }) => type !== "progress")).toEqual([
      { type: "listening", address: "127.0.0.1", port, dir: receiving.directory },
      { type: "started", session, name: "out", from, files: 1, bytes },
      { type: "landed", session, files: 1, skipped: [], renamed: [], bytes, seconds },
      {
        type: "result",
        status: "complete",
        session,
        name: "out",
        from,
        files: 1,
        skipped: [],
        renamed: [],
        bytes,
        resumedBytes: 0,
        duplicateBytes: 0,
        seconds,
      },
    ]);
    for (const event of events.filter(({ type }) => type === "progress")) {
      expect(event).toEqual({
        type: "progress",
        session,
        bytes: expect.any(Number),
        totalBytes: bytes,
      });
    }
  });
});

describe("the README", () => {
  test("has an example of every event", () => {
    const send: Record<SendEvent["type"], true> = {
      ...{ scanned: true, invited: true, joined: true, declined: true, tree: true },
      ...{ plan: true, progress: true, demoted: true, blamed: true, accused: true },
      ...{ "peer-ended": true },
      ...{ listening: true, result: true, error: true, "stream-ended": true },
    };
    const receive: Record<ReceiveEvent["type"], true> = {
      ...{ listening: true, joined: true, started: true, progress: true, blamed: true },
      ...{ landed: true, result: true, error: true },
    };
    expect([...documentedFields("send").keys()].sort()).toEqual(Object.keys(send).sort());
    expect([...documentedFields("receive").keys()].sort()).toEqual(Object.keys(receive).sort());
  });

  test("knows every field that is printed", async () => {
    await place.write({ "out/a": 2 * mebibyte });
    const receiving = await place.receive("in", "--once");
    const sent = await place.send(["out/a"], [receiving, "no-such-host.invalid"]).ended;
    expect(undocumented("send", sent.events)).toEqual([]);
    expect(undocumented("receive", (await receiving.process.ended).events)).toEqual([]);
  });
});

describe("for people", () => {
  test("stderr has a table of the peers, and stdout has nothing", async () => {
    await place.write({ "out/a": 2 * mebibyte });
    const receiving = await place.receiveMany(2, "--once");
    const to = receiving.flatMap(({ address }) => ["--to", address]);
    const { stdout, stderr } = await place.run(["send", "out/a", ...to, "--insecure"]);
    expect(stdout).toBe("");
    const lines = stderr.trimEnd().split("\n");
    expect(lines[0]).toBe("Sending a: 1 file, 2.0 MiB");
    expect(lines[1]).toMatch(/^PEER +STATUS +RECEIVED +TIME +RATE +RTT +LOSS$/);
    for (const [index, { address }] of receiving.entries()) {
      const row = `^${address} +complete +2\\.0 MiB +[\\d.]+ s +[\\d.]+ MiB/s( +[\\d.]+ ms)? +[\\d.]+ %$`;
      expect(lines[index + 2]).toMatch(new RegExp(row));
    }
    expect(lines.at(-1)).toMatch(/^2 of 2 peers complete in [\d.]+ s$/);
  });

  test("names that hold escape sequences are shown escaped", async () => {
    await place.write({ "out/a": 10 });
    const receiving = await place.receive("in", "--once");
    const hostile = "x\u001b[2Jy";
    expect((await place.send(["out/a"], [receiving], "--name", hostile).ended).code).toBe(0);
    const { stderr, events } = await receiving.process.ended;
    expect(stderr).toContain("Receiving x\\u{1b}[2Jy");
    expect(stderr).not.toContain("\u001b");
    expect(events.find(({ type }) => type === "started")?.name).toBe(hostile);
  });

  test("--version and --help answer on stdout", async () => {
    expect(await place.run(["--version"])).toMatchObject({ code: 0, stdout: `${version}\n` });
    for (const args of [
      ["--help"],
      ["send", "--help"],
      ["help", "receive"],
      ["keygen", "--help"],
    ]) {
      const { code, stdout, stderr } = await place.run(args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("Usage: palmtree");
      expect(stdout).toContain("Examples:");
    }
  });

  test("the built command begins with a line by which the system can start it", async () => {
    await using file = await open(script);
    const { buffer } = await file.read(Buffer.alloc(19), 0, 19, 0);
    expect(buffer.toString()).toBe("#!/usr/bin/env node");
    expect(join(script, "..", "..")).not.toContain("src");
  });
});
