import { type Connection, openTransport, type Transport } from "@palmtree/transport";
import { anySession, type ControlMessage, makeKnock, nobody } from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FilesSender, ResultStep, SenderStep } from "../../src/index.js";
import { Place, type Receiving } from "./place.js";

const mebibyte = 1024 * 1024;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

/** Sends; `act` is called with each step while the session goes on. */
async function sendWhile(
  sender: FilesSender,
  act: (step: SenderStep, root: string) => void,
): Promise<ResultStep> {
  let root = "";
  for await (const step of sender.start()) {
    if (step.type === "listening") root = step.address;
    if (step.type === "result") return step;
    act(step, root);
  }
  throw new Error("there was no result");
}

async function expectSame(receiving: Receiving): Promise<void> {
  await receiving.end;
  const name = receiving.directory.slice(place.path.length + 1);
  expect(await place.contentOf(name)).toEqual(await place.contentOf("out"));
}

describe("a relay that joins a running session", () => {
  test.each(["pipeline", "tree"] as const)(
    "receives everything, and is in the result though nobody listed it (%s)",
    async (strategy) => {
      await place.write({ "out/big": 30 * mebibyte + 1, "out/t/empty": 0 });
      const listed = await place.receiveMany(2);
      const late = await place.receive("late");
      let joining: Promise<unknown> = Promise.resolve();
      const sender = place.sender(["out/big", "out/t"], listed, { strategy });
      const result = await sendWhile(sender, ({ type }, root) => {
        if (type === "tree-formed") joining = late.relay.join(root);
      });
      expect(await joining).toBe(late.started[0]);
      expect(result.status).toBe("complete");
      expect(result.peers.map(({ peer, status }) => [peer, status])).toEqual(
        [...listed, late].map(({ relay }) => [relay.address, "complete"]),
      );
      expect(result.tree.map(({ address }) => address)).toContain(late.relay.address);
      await expectSame(late);
    },
  );

  test("by itself neither fails a session nor makes it whole", async () => {
    await place.write({ "out/a": 20 * mebibyte });
    const [listed] = await place.receiveMany(1);
    const late = await place.receive("late", { maxTotalBytes: 1 });
    let joining: Promise<unknown> = Promise.resolve();
    const sender = place.sender(["out/a"], [listed as Receiving, "127.0.0.1:9"], {
      maxWaitMs: 2_000,
    });
    const result = await sendWhile(sender, ({ type }, root) => {
      if (type === "tree-formed") joining = late.relay.join(root).catch((error: unknown) => error);
    });
    expect(await joining).toMatchObject({
      code: "declined",
      message: expect.stringContaining("at most 1 are taken"),
    });
    expect(result.status).toBe("partial");
    expect(result.peers).toHaveLength(2);
  });

  test("takes part from the start where the invitations are still open", async () => {
    await place.write({ "out/a": 100_000 });
    const [listed] = await place.receiveMany(1);
    const early = await place.receive("early");
    const sender = place.sender(["out/a"], [listed as Receiving, "127.0.0.1:9"], {
      maxWaitMs: 2_000,
    });
    let joining: Promise<unknown> = Promise.resolve();
    const result = await sendWhile(sender, ({ type, ...step }, root) => {
      if (type === "invited" && "address" in step && step.address === "127.0.0.1:9")
        joining = early.relay.join(root);
    });
    await joining;
    expect(result.peers.map(({ status }) => status)).toEqual(["complete", "failed", "complete"]);
    await expectSame(early);
  });
});

describe("joining fails", () => {
  let root: Transport;
  let heard: ControlMessage[];
  let answer: ControlMessage | undefined;
  const session = "000102030405060708090a0b0c0d0e0f";

  beforeEach(async () => {
    heard = [];
    answer = undefined;
    root = await openTransport({
      keys: "insecure",
      host: "127.0.0.1",
      handlers: {
        onDatagram: (from, datagram) => {
          heard.push(datagram.message);
          const ids = { sender: root.identity.idIn(session), receiver: datagram.sender };
          const envelope = { session, ...ids, counter: 1 };
          if (answer !== undefined) root.send(from, { ...envelope, message: answer });
        },
        onConnection: (connection: Connection) => connection.destroy(),
      },
    });
  });
  afterEach(() => root.close());

  test("where nobody answers, after the longest wait, with the address in the message", async () => {
    const { relay } = await place.receive("in");
    await expect(relay.join(root.address, { maxWaitMs: 600 })).rejects.toMatchObject({
      code: "not-answering",
      message: expect.stringContaining(root.address),
    });
    expect(new Set(heard.map(({ type }) => type))).toEqual(new Set(["knock"]));
    expect(heard.length).toBeGreaterThan(1);
    // Not more than pauses that double allow, and one at the end.
    expect(heard.length).toBeLessThan(6);
  });

  test("where the session is over, and where the sender has no room, at once", async () => {
    const { relay } = await place.receive("in");
    answer = { type: "ended" };
    await expect(relay.join(root.address)).rejects.toMatchObject({ code: "session-over" });
    answer = { type: "decline", reason: "busy", detail: "the session has its 9 peers" };
    await expect(relay.join(root.address)).rejects.toMatchObject({
      code: "declined",
      message: expect.stringContaining("its 9 peers"),
    });
  });

  test("where only another session is under way than the one that was asked for", async () => {
    const { relay } = await place.receive("in");
    answer = { type: "ended" };
    const options = { session: "f".repeat(32), maxWaitMs: 300 };
    await expect(relay.join(root.address, options)).rejects.toMatchObject({
      code: "not-answering",
      message: expect.stringContaining("session ffff"),
    });
  });

  test("with the signal's reason when the caller does not want any more", async () => {
    const { relay } = await place.receive("in");
    const controller = new AbortController();
    const joining = relay.join(root.address, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(joining).rejects.toThrow("enough");
  });

  test("for what a caller got wrong", async () => {
    const { relay } = await place.receive("in");
    await expect(relay.join("a b")).rejects.toMatchObject({ code: "address-invalid" });
    await expect(relay.join("x", { session: "12" })).rejects.toThrow(RangeError);
    await expect(relay.join("x", { maxWaitMs: -1 })).rejects.toThrow(RangeError);
    await expect(relay.join("nowhere.invalid")).rejects.toMatchObject({ code: "host-unknown" });
  });

  test("a receiver answers no knock: it has no session to give", async () => {
    const { relay } = await place.receive("in");
    for (const name of [session, anySession])
      root.send(relay.address, {
        session: name,
        sender: root.identity.idIn(name),
        receiver: nobody,
        counter: 1,
        message: makeKnock(),
      });
    await expect(relay.join(root.address, { maxWaitMs: 200 })).rejects.toThrow();
    expect(heard.every(({ type }) => type === "knock")).toBe(true);
  });
});

describe("addPeers", () => {
  test("has more peers take part, and in the result, in the order in which they were added", async () => {
    await place.write({ "out/a": 30 * mebibyte });
    const [listed, added] = (await place.receiveMany(2)) as [Receiving, Receiving];
    const sender = place.sender(["out/a"], [listed], { maxWaitMs: 2_000 });
    let adding: Promise<void> = Promise.resolve();
    const result = await sendWhile(sender, ({ type }) => {
      if (type === "tree-formed")
        adding = sender.addPeers([
          "nowhere.invalid",
          added.relay.address,
          listed.relay.address,
          "127.0.0.1:9",
        ]);
    });
    await adding;
    expect(result.status).toBe("partial");
    expect(result.peers.map(({ peer, error }) => [peer, error?.code])).toEqual([
      [listed.relay.address, undefined],
      ["nowhere.invalid", "host-unknown"],
      [added.relay.address, undefined],
      ["127.0.0.1:9", "not-answering"],
    ]);
    await expectSame(added);
  });

  test("needs a session that runs", async () => {
    await place.write({ "out/a": 1 });
    const [listed] = (await place.receiveMany(1)) as [Receiving];
    const sender = place.sender(["out/a"], [listed]);
    await expect(sender.addPeers(["10.0.0.9"])).rejects.toMatchObject({ code: "session-over" });
    await sendWhile(sender, () => undefined);
    await expect(sender.addPeers(["10.0.0.9"])).rejects.toMatchObject({ code: "session-over" });
    await expect(sender.addPeers(["a b"])).rejects.toMatchObject({ code: "address-invalid" });
    await expect(sender.addPeers([])).rejects.toThrow(RangeError);
  });
});
