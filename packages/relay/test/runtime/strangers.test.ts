import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { type Connection, Identity, openTransport, type Transport } from "@palmtree/transport";
import {
  type Address,
  type ControlMessage,
  type Datagram,
  type Frame,
  type Invite,
  nobody,
} from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FilesSender, PalmTreeRelay } from "../../src/index.js";
import { Place, type Receiving } from "./place.js";
import { tamperedTransport } from "./tampered-transport.js";

const identity = Identity.draw();
const { session } = identity;
const invite: Invite = {
  type: "invite",
  name: "test",
  totalBytes: 1,
  entryCount: 1,
  chunkCount: 1,
  chunkSizeBytes: 1_024,
  isStream: false,
  strategy: "tree",
  fanout: 4,
  timeoutMs: 1_000,
  manifestBytes: 10,
  manifestHash: new Uint8Array(32),
  rootKey: identity.key.publicKey,
  cookie: new Uint8Array(16),
};

const tooLarge: Invite = { ...invite, totalBytes: Number.MAX_SAFE_INTEGER };

const keys = "insecure";

let place: Place;
let receiving: Receiving;
let stranger: Transport;
const answers: ControlMessage[] = [];
let answerer = nobody;
let onAnswer: () => void = () => undefined;

beforeEach(async () => {
  place = await Place.make();
  receiving = await place.receive("in");
  answers.length = 0;
  stranger = await openTransport({
    keys,
    host: "127.0.0.1",
    identity,
    handlers: {
      onDatagram: (_from: Address, { sender, message }: Datagram) => {
        answerer = sender;
        answers.push(message);
        onAnswer();
      },
      onConnection: (connection: Connection) => connection.destroy(),
    },
  });
});
afterEach(async () => {
  await stranger.close();
  await place.clear();
});

async function ask(message: ControlMessage): Promise<ControlMessage | undefined> {
  const answered = new Promise<void>((resolve) => {
    onAnswer = resolve;
  });
  const ids = {
    sender: identity.idIn(session),
    receiver: message.type === "invite" ? nobody : answerer,
  };
  stranger.send(receiving.relay.address, { session, ...ids, counter: 1, message });
  await answered;
  return answers.at(-1);
}

/** It is as if that had not been said. */
async function expectIgnored(message: Invite, sender: string): Promise<void> {
  const ids = { sender, receiver: nobody };
  stranger.send(receiving.relay.address, { session, ...ids, counter: 1, message });
  // Answered after that one, from the same queue.
  await askIn(tooLarge);
  expect(answers.map(({ type }) => type)).toEqual(["challenge", "decline"]);
  expect(receiving.relay.counters).toMatchObject({ sessionsDeclined: 1, sessionsJoined: 0 });
}

/** Invites, and once more with the cookie that the first invitation led to. */
async function askIn(message: Invite): Promise<ControlMessage | undefined> {
  const answer = await ask(message);
  return answer?.type === "challenge" ? await ask({ ...message, cookie: answer.cookie }) : answer;
}

/** Resolves when the relay has ended the connection. */
async function dialAndSend(frame: Frame): Promise<void> {
  await new Promise<void>((resolve) => {
    const call = { session, peer: answerer, token: "0011223344556677" };
    const connection = stranger.dial(receiving.relay.address, call, {
      onFrame: () => expect.unreachable("a stranger gets no frames"),
      onClose: () => resolve(),
    });
    connection.send(frame);
  });
}

describe("what comes from nobody in particular", () => {
  test("bytes that are no datagram and no frames are counted and forgotten", async () => {
    const [host, port] = receiving.relay.address.split(":") as [string, string];
    const socket = connect(Number(port), host);
    socket.on("error", () => undefined);
    socket.end("GET / HTTP/1.1\r\n\r\n");
    await new Promise((resolve) => socket.once("close", resolve));
    const udp = createSocket("udp4");
    udp.send("hello", Number(port), host);
    // Answered after the garbage, from the same queue.
    await askIn(tooLarge);
    udp.close();
    expect(receiving.relay.counters).toMatchObject({
      connectionsMalformed: 1,
      datagramsMalformed: 1,
    });
  });

  test("a connection that names no session, or does not begin with a hello, is ended", async () => {
    await dialAndSend({
      type: "hello",
      session,
      peer: "1011121314151617",
      number: 1,
      token: "0011223344556677",
      link: "tree",
      hasManifest: false,
    });
    await dialAndSend({ type: "alive" });
    expect(receiving.relay.counters.connectionsStray).toBe(2);
  });

  test("an invitation to what there is no room for is declined, each time alike", async () => {
    expect(await askIn(tooLarge)).toMatchObject({ type: "decline", reason: "no-space" });
    expect(await askIn(tooLarge)).toMatchObject({ type: "decline", reason: "no-space" });
    expect(receiving.relay.counters).toMatchObject({ sessionsDeclined: 1, sessionsJoined: 0 });
  });

  test("an invitation leaves nothing behind before its sender has brought the cookie back", async () => {
    const challenge = await ask(invite);
    expect(challenge).toMatchObject({ type: "challenge" });
    expect(await ask({ ...invite, cookie: new Uint8Array(16).fill(1) })).toEqual(challenge);
    expect(receiving.relay.counters).toMatchObject({ sessionsDeclined: 0, sessionsJoined: 0 });
  });

  test("an invitation with another key than the session's id follows from is not answered", async () => {
    const message = { ...invite, rootKey: Identity.draw().key.publicKey };
    await expectIgnored(message, identity.idIn(session));
  });

  test("an invitation with the root's key, from somebody else, is not answered", async () => {
    await expectIgnored(invite, Identity.draw().idIn(session));
  });

  test("a session that has ended here is not joined again", async () => {
    expect(await askIn(invite)).toEqual({ type: "join" });
    expect(await ask({ type: "ended" })).toEqual({ type: "leave", code: "left", detail: "" });
    expect((await receiving.end).error).toMatchObject({ code: "left" });
    expect(await ask({ type: "ended" })).toEqual({ type: "leave", code: "", detail: "" });
    expect(await askIn(invite)).toMatchObject({ type: "decline", reason: "leaving" });
    expect(await ask({ type: "orphan", pulse: 1 })).toMatchObject({ reason: "leaving" });
    const refused = { type: "upgrade-reject", reason: "leaving" };
    for (const [link, answer] of [
      ["tree", "tree"],
      ["sink", "source"],
    ] as const)
      expect(await ask({ type: "upgrade-request", link })).toEqual({ ...refused, link: answer });
    expect(receiving.started).toEqual([]);
  });
});

test("a closed relay has freed its port", async () => {
  const { relay, directory } = receiving;
  await relay.close();
  const port = Number(relay.address.split(":")[1]);
  const again = await PalmTreeRelay.open({ directory, host: "127.0.0.1", port, keys });
  expect(again.address).toBe(relay.address);
  await again.close();
});

test("a bug of ours ends the session with its error, and the receiver's too", async () => {
  await place.write({ "out/a": 1_000 });
  const bug = new Error("a bug");
  const failing = new FilesSender([`${place.path}/out/a`], [receiving.relay.address], {
    openTransport: tamperedTransport((frame) => {
      if (frame.type === "chunk") throw bug;
      return frame;
    }),
    keys,
    timeoutMs: 1_000,
  });
  const reading = (async () => {
    for await (const _ of failing.start());
  })();
  await expect(reading).rejects.toBe(bug);
  expect(await receiving.end).toMatchObject({ status: "failed", files: 0 });
});
