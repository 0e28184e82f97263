import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { undocumented } from "./documented-events.js";
import { eventOf, lastOf, Place, type Receiving, reach } from "./place.js";

const mebibyte = 1024 * 1024;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

describe("a latecomer", () => {
  test.each(["pipeline", "tree"])(
    "that asks in the middle of a session gets everything (strategy %s)",
    async (strategy) => {
      const bytes = 64 * mebibyte + 7;
      await place.write({ "out/disk.img": bytes });
      const receiving = await place.receiveMany(2, "--once");
      const sending = place.send(["out/disk.img"], receiving, "--strategy", strategy);
      const { port } = await sending.event("listening");
      await reach(receiving[0] as Receiving, "disk.img", bytes / 4);
      // The sender stands still until the latecomer is there: however fast the rest would go.
      sending.kill("SIGSTOP");
      const late = await place.receive("late", "--once", "--join", `127.0.0.1:${port}`);
      sending.kill("SIGCONT");
      const joined = await sending.event("joined", ({ isLate }) => isLate === true);
      expect(joined.address).toBe(late.address);
      const [sent, received] = [await sending.ended, await late.process.ended];
      expect([sent.code, received.code]).toEqual([0, 0]);
      const { peers } = lastOf(sent);
      expect(peers.map(({ status }: { status: string }) => status)).toEqual(
        Array(3).fill("complete"),
      );
      expect(peers[2]).toMatchObject({ peer: late.address, address: late.address });
      const content = await place.contentOf("out");
      for (const name of ["in-1", "in-2", "late"])
        expect(await place.contentOf(name)).toEqual(content);
      expect(eventOf(received, "joined").from).toBe(`127.0.0.1:${port}`);
      expect(undocumented("send", sent.events)).toEqual([]);
      expect(undocumented("receive", received.events)).toEqual([]);
    },
    60_000,
  );
});

describe("receive --join", () => {
  test("says where no sender answers, and ends with 1", async () => {
    const nobody = await place.receive("other");
    const args = ["--once", "--join", nobody.address, "--max-wait", "0.3"];
    const { process } = await place.receive("in", ...args);
    const { code, events, stderr } = await process.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^palmtree: no answer from `palmtree send` at 127\.0\.0\.1:\d+ within/m);
    expect(events.map(({ type }) => type)).toEqual(["listening", "error", "result"]);
    expect(lastOf({ events })).toMatchObject({
      status: "failed",
      error: { code: "not-answering" },
    });
  });

  test("says so and ends with 1 also without --once: it was asked to join, and could not", async () => {
    const args = ["--join", "127.0.0.1:9", "--max-wait", "0.2", "--session", "ab".repeat(16)];
    const { process } = await place.receive("in", ...args);
    const { code, events } = await process.ended;
    expect(code).toBe(1);
    expect(lastOf({ events })).toMatchObject({ type: "error", code: "not-answering" });
  });

  test("ends in good order where it is stopped while it asks", async () => {
    const { process } = await place.receive("in", "--once", "--join", "127.0.0.1:9");
    process.kill("SIGTERM");
    const { code, events } = await process.ended;
    expect(code).toBe(1);
    expect(lastOf({ events }).error).toMatchObject({ code: "aborted" });
  });

  test.each([
    [["--join", "a b"], /--join: got "a b", expected HOST or HOST:PORT/],
    [["--join", "x", "--session", "12"], /--session: got "12", expected 32 hexadecimal digits/],
    [["--session", "0".repeat(32)], /--session: it means something only with --join/],
    [["--max-wait", "3"], /--max-wait: it means something only with --join/],
  ])("is a usage error with %j", async (args, message) => {
    const given = ["receive", "--insecure", "--listen", "127.0.0.1:0", "--dir", "in", ...args];
    const { code, stderr } = await place.run(given);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test("killed in the middle is named in the sender's result and does not change its exit code", async () => {
    await place.write({ "out/disk.img": 300 * mebibyte });
    const receiving = await place.receiveMany(1, "--once");
    const sending = place.send(["out/disk.img"], receiving, "--timeout", "2");
    const { port } = await sending.event("listening");
    await sending.event("tree");
    const late = await place.receive("late", "--once", "--join", `127.0.0.1:${port}`);
    await late.process.event("started");
    late.process.kill("SIGKILL");
    const { code, events } = await sending.ended;
    expect(code).toBe(0);
    expect(lastOf({ events })).toMatchObject({
      status: "complete",
      peers: [{ status: "complete" }, { address: late.address, status: "failed" }],
    });
  });
});
