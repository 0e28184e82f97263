import { createSocket } from "node:dgram";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Place } from "./place.js";
import { corruptingOnce, tamperedTransport, withoutChunksFrom } from "./tampered-transport.js";

const chunk = 65_536;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

/** Blamed neighbours are tried again soon, so that a test need not wait. */
const forgiving = { peerOptions: { blameMs: 50, orphanRetryMs: 20, orphanAfterMs: 50 } };

describe("a peer that fails, fails alone", () => {
  test("a peer that does not answer is named, and the others are served", async () => {
    const deaf = createSocket("udp4");
    await new Promise<void>((resolve) => deaf.bind(0, "127.0.0.1", resolve));
    const address = `127.0.0.1:${deaf.address().port}`;
    await place.write({ "out/a": 3 * chunk });
    const receiving = await place.receive("in");
    const { result } = await place.send(["out/a"], [address, receiving], { maxWaitMs: 2_000 });
    deaf.close();
    expect(result.status).toBe("partial");
    expect(result.peers).toMatchObject([
      { peer: address, status: "failed", number: undefined, error: { code: "not-answering" } },
      { peer: receiving.relay.address, status: "complete" },
    ]);
    expect(result.peers[0]?.error?.message).toContain(address);
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
  });

  test("a host that does not resolve is named, and the others are served", async () => {
    await place.write({ "out/a": 3 });
    const receiving = await place.receive("in");
    const { result } = await place.send(["out/a"], ["no-such-host.invalid:1", receiving]);
    expect(result.peers).toMatchObject([
      { peer: "no-such-host.invalid:1", status: "failed", error: { code: "host-unknown" } },
      { status: "complete" },
    ]);
  });

  test("when nobody resolves, the result says so for each", async () => {
    await place.write({ "out/a": 3 });
    const { result } = await place.send(["out/a"], ["one.invalid", "two.invalid"]);
    expect(result).toMatchObject({ status: "failed", error: { code: "no-peers" } });
    expect(result.peers.map(({ error }) => error?.code)).toEqual(["host-unknown", "host-unknown"]);
  });

  test("where a name is taken, that peer fails with name-exists and keeps its file", async () => {
    await place.write({ "out/a": 20 * chunk, "in-1/a": 10 });
    const before = await place.contentOf("in-1");
    const receiving = await place.receiveMany(3);
    const { result } = await place.send(["out/a"], receiving, { fanout: 1 });
    expect(result.peers).toMatchObject([
      { status: "failed", error: { code: "name-exists" } },
      { status: "complete" },
      { status: "complete" },
    ]);
    expect(await receiving[0]?.end).toMatchObject({
      status: "failed",
      files: 0,
      error: { code: "name-exists" },
    });
    expect(await place.contentOf("in-1")).toEqual(before);
    expect(await place.contentOf("in-3")).toEqual(await place.contentOf("out"));
  });

  test("a peer that declines is reported with its reason", async () => {
    await place.write({ "out/a": 3 });
    const [willing, picky, small] = await Promise.all([
      place.receive("willing"),
      place.receive("picky", { accept: () => ({ reason: "refused", detail: "not today" }) }),
      place.receive("small", { maxTotalBytes: 2 }),
    ]);
    const { result } = await place.send(["out/a"], [picky, small, willing]);
    expect(result.peers.map(({ status }) => status)).toEqual(["failed", "failed", "complete"]);
    expect(result.peers[0]?.error).toMatchObject({ code: "declined" });
    expect(result.peers[0]?.error?.message).toContain("refused");
    expect(result.peers[0]?.error?.message).toContain("not today");
    expect(result.peers[1]?.error?.message).toContain("too-large");
    expect(picky.relay.counters).toMatchObject({ sessionsDeclined: 1, sessionsJoined: 0 });
    expect(await readdir(picky.directory)).toEqual([]);
  });

  test("a relay with as many sessions as it may have is busy for others", async () => {
    await place.write({ "out/a": 20 * chunk, "out/b": 3 });
    const receiving = await place.receive("in", { maxSessions: 1 });
    const stuck = place.sender(["out/a"], [receiving], {
      openTransport: tamperedTransport(withoutChunksFrom(4)),
    });
    for await (const step of stuck.start()) {
      if (step.type !== "tree-formed") continue;
      const { result } = await place.send(["out/b"], [receiving]);
      expect(result.peers[0]?.error?.message).toContain("busy");
      break;
    }
    await receiving.end;
    expect((await place.send(["out/b"], [receiving])).result.status).toBe("complete");
  });
});

describe("a corrupt chunk", () => {
  test("is neither stored nor relayed, and its sender is blamed", async () => {
    await place.write({ "out/a": 20 * chunk });
    const receiving = await place.receiveMany(2, forgiving);
    const corrupting = corruptingOnce(5);
    const { result } = await place.send(["out/a"], receiving, {
      fanout: 1,
      openTransport: tamperedTransport(corrupting),
    });
    expect(corrupting.count).toBe(1);
    expect(result.status).toBe("complete");
    const blamed = receiving.map(({ steps }) => steps.filter(({ type }) => type === "blamed"));
    expect(blamed.flat()).toMatchObject([{ type: "blamed", number: 0, code: "chunk-corrupt" }]);
    for (const name of ["in-1", "in-2"])
      expect(await place.contentOf(name)).toEqual(await place.contentOf("out"));
    for (const { end } of receiving) expect(await end).toMatchObject({ bytes: 20 * chunk });
  });

  test("from a relay is blamed on the relay, and got from it or another later", async () => {
    await place.write({ "out/a": 20 * chunk });
    const corrupting = corruptingOnce(7);
    const receiving = await place.receiveMany(2, {
      ...forgiving,
      openTransport: tamperedTransport(corrupting),
    });
    const { result } = await place.send(["out/a"], receiving, { fanout: 1 });
    expect(corrupting.count).toBe(1);
    expect(result.status).toBe("complete");
    const blamed = receiving.flatMap(({ steps }) => steps.filter(({ type }) => type === "blamed"));
    expect(blamed).toMatchObject([{ code: "chunk-corrupt" }]);
    expect(blamed).not.toMatchObject([{ number: 0 }]);
    for (const name of ["in-1", "in-2"])
      expect(await place.contentOf(name)).toEqual(await place.contentOf("out"));
  });
});

test("a chunk that is longer than the session's chunks is not even taken in", async () => {
  await place.write({ "out/a": 3 * chunk });
  const receiving = await place.receive("in", forgiving);
  let count = 0;
  const { result } = await place.send(["out/a"], [receiving], {
    openTransport: tamperedTransport((frame) => {
      if (frame.type !== "chunk" || count > 0) return frame;
      count += 1;
      return { ...frame, payload: new Uint8Array(chunk + 1) };
    }),
  });
  expect(result.status).toBe("complete");
  expect(receiving.steps.filter(({ type }) => type === "blamed")).toMatchObject([
    { number: 0, code: "frame-malformed" },
  ]);
  expect(receiving.relay.counters.connectionsMalformed).toBe(1);
});

describe("ending early", () => {
  const stuck = { openTransport: tamperedTransport(withoutChunksFrom(10)) };

  test("a reader that breaks ends the session, and nothing has its name at the receivers", async () => {
    await place.write({ "out/a": 20 * chunk });
    const receiving = await place.receiveMany(3);
    for await (const step of place.sender(["out/a"], receiving, stuck).start())
      if (step.type === "progress" && step.chunksHeld > 0) break;
    for (const { end, directory } of receiving) {
      expect(await end).toMatchObject({ status: "failed", files: 0, error: { code: "left" } });
      expect(await readdir(directory)).not.toContain("a");
    }
  });

  test("a signal makes start() throw its reason, and ends the session", async () => {
    await place.write({ "out/a": 20 * chunk });
    const receiving = await place.receive("in");
    const controller = new AbortController();
    const reason = new Error("enough");
    const { signal } = controller;
    const reading = (async () => {
      for await (const step of place.sender(["out/a"], [receiving], { ...stuck, signal }).start())
        if (step.type === "tree-formed") controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    expect((await receiving.end).status).toBe("failed");
    expect(await readdir(receiving.directory)).toEqual([]);
  });

  test("close() in mid-transfer leaves its staging for another time, and the sender knows", async () => {
    await place.write({ "out/a": 20 * chunk });
    const receiving = await place.receive("in");
    const sending = place.send(["out/a"], [receiving], stuck);
    const receiver = await receiving.start;
    for await (const { total } of receiver.dataReceiver())
      if (total.bytesReceived === 10 * chunk) break;
    expect(await readdir(receiving.directory)).toEqual([`.palmtree-${receiver.session}`]);

    const before = performance.now();
    await receiving.relay.close();
    expect(performance.now() - before).toBeLessThan(2_500);
    expect(await readdir(receiving.directory)).toEqual([`.palmtree-${receiver.session}`]);
    expect(await receiver.result).toMatchObject({ status: "failed", error: { code: "aborted" } });
    const { result } = await sending;
    expect(result.peers).toMatchObject([{ status: "failed", error: { code: "aborted" } }]);
  });

  test("a receiver that cancels leaves alone; the others complete", async () => {
    await place.write({ "out/a": 20 * chunk });
    const [leaver, stayer] = await Promise.all([
      place.receive("in-1", { onTransferStart: (receiver) => receiver.cancel("no, thanks") }),
      place.receive("in-2"),
    ]);
    const { result } = await place.send(["out/a"], [leaver, stayer], { fanout: 1 });
    expect(result.peers).toMatchObject([
      { status: "failed", error: { message: "no, thanks" } },
      { status: "complete" },
    ]);
    expect(await readdir(leaver.directory)).toEqual([]);
    expect(await place.contentOf("in-2")).toEqual(await place.contentOf("out"));
  });
});

describe("what is wrong on the sender's side", () => {
  const read = async (steps: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of steps);
  };

  test("a file that does not exist is named", async () => {
    const sending = read(place.sender(["nothing"], ["127.0.0.1:9"]).start());
    await expect(sending).rejects.toMatchObject({ code: "source-missing" });
    await expect(sending).rejects.toThrow(join(place.path, "nothing"));
  });

  test("a file that changes meanwhile fails the session, and nothing lands", async () => {
    await place.write({ "out/a": 40 * chunk });
    const receiving = await place.receive("in");
    const steps: unknown[] = [];
    for await (const step of place.sender(["out/a"], [receiving]).start()) {
      steps.push(step);
      if (step.type !== "joined") continue;
      await writeFile(join(place.path, "out/a"), Buffer.alloc(chunk));
      await utimes(join(place.path, "out/a"), 1, 1);
    }
    expect(steps.at(-1)).toMatchObject({ status: "failed", error: { code: "source-changed" } });
    expect((await receiving.end).status).toBe("failed");
    expect(await readdir(receiving.directory)).toEqual([]);
  });

  test("a port that is taken is named", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    await place.write({ a: 1 });
    const sending = read(place.sender(["a"], ["127.0.0.1:9"], { host: "127.0.0.1", port }).start());
    await expect(sending).rejects.toMatchObject({ code: "port-taken" });
    await expect(sending).rejects.toThrow(String(port));
    taken.close();
  });

  test("two names for one peer are both named", async () => {
    await place.write({ a: 1 });
    const sending = read(place.sender(["a"], ["127.0.0.1:4747", "127.0.0.1"]).start());
    await expect(sending).rejects.toMatchObject({ code: "address-invalid" });
    await expect(sending).rejects.toThrow('"127.0.0.1:4747" and "127.0.0.1"');
  });
});
