import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type Address, type Chunk, encodeFrame } from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GroupKey, Identity } from "../../src/index.js";
import { chunk, hello, join, Peer, Side } from "../peer.js";
import { loopback, portOf, rawConnection } from "../socket/loopback.js";

const world = loopback({ keys: [GroupKey.draw()] });
let left: Peer;
let right: Peer;

beforeEach(async () => {
  left = await Peer.open(world);
  right = await Peer.open(world);
});

afterEach(async () => {
  await Promise.all([left.transport.close(), right.transport.close()]);
});

/** Dials with whatever server name and certificate, and says how it ended. */
async function dialAs(to: Address, servername: string, identity?: Identity): Promise<string> {
  const socket = connectTls({
    host: "127.0.0.1",
    port: portOf(to),
    rejectUnauthorized: false,
    ...(servername === "" ? {} : { servername }),
    ...identity?.certificate,
  });
  const ended = new Promise<string>((resolve) => {
    socket.on("error", () => undefined);
    socket.on("close", () => resolve("closed"));
    socket.on("secureConnect", () => socket.write("x"));
    socket.on("data", () => resolve("answered"));
  });
  return await ended;
}

describe("a connection of the group", () => {
  it("tells who has dialled", async () => {
    const { accepted, dialled } = await join(left, right);
    expect(accepted.connection.caller).toBe(left.transport.identity.idIn(hello.session));
    expect(dialled.connection.caller).toBeUndefined();
  });

  it("says nothing in the clear", async () => {
    const said: Buffer[] = [];
    const wire = createServer((near) => {
      const far = connect({ host: "127.0.0.1", port: portOf(right.transport.address) });
      near.on("data", (bytes: Buffer) => said.push(bytes));
      for (const end of [near, far]) end.on("error", () => undefined);
      near.pipe(far).pipe(near);
    });
    wire.listen(0, "127.0.0.1");
    await once(wire, "listening");
    const peer = right.transport.identity.idIn(hello.session);
    const at = `127.0.0.1:${(wire.address() as AddressInfo).port}`;
    const dialled = new Side((side) => left.transport.dial(at, { ...hello, peer }, side));
    const secret = chunk(1, 1_000) as Chunk;
    dialled.connection.send(hello);
    dialled.connection.send(secret);
    const accepted = await right.acceptNext();
    expect(await accepted.frames.takeMany(2)).toEqual([hello, secret]);
    expect(Buffer.concat(said).length).toBeGreaterThan(1_000);
    expect(Buffer.concat(said).includes(Buffer.from(secret.payload.subarray(0, 16)))).toBe(false);
    dialled.connection.destroy();
    await accepted.end();
    wire.close();
  });

  it("ends at both ends when a bit of it is changed on the way", async () => {
    let isSpoiling = false;
    const wire = createServer((near) => {
      const far = connect({ host: "127.0.0.1", port: portOf(right.transport.address) });
      for (const end of [near, far]) end.on("error", () => undefined);
      near.on("close", () => far.end());
      far.on("close", () => near.end());
      far.on("data", (bytes: Buffer) => near.write(bytes));
      near.on("data", (bytes: Buffer) => {
        if (isSpoiling) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        far.write(bytes);
      });
    });
    wire.listen(0, "127.0.0.1");
    await once(wire, "listening");
    const peer = right.transport.identity.idIn(hello.session);
    const at = `127.0.0.1:${(wire.address() as AddressInfo).port}`;
    const dialled = new Side((side) => left.transport.dial(at, { ...hello, peer }, side));
    dialled.connection.send(hello);
    const accepted = await right.acceptNext();
    await accepted.frames.take();
    isSpoiling = true;
    dialled.connection.send(chunk(1, 100));
    expect(await accepted.end()).toBe("link-lost");
    await dialled.closes.take();
    expect(accepted.frames.size).toBe(0);
    wire.close();
  });

  it("does not open to somebody else at the address", async () => {
    const impostor = left.transport.dial(
      right.transport.address,
      { ...hello, peer: "0123456789abcdef" },
      { onFrame: () => undefined, onClose: (error) => ends.push(error?.code) },
    );
    const ends: unknown[] = [];
    impostor.send(hello);
    await expect.poll(() => ends).toEqual(["protocol-violation"]);
    expect(right.accepted.size).toBeLessThan(2);
  });
});

describe("a connection that is over", () => {
  /** Node's own client, in the left peer's name, with what an earlier connection has left. */
  function connectAgain(session: Buffer | undefined): TLSSocket {
    const { identity } = left.transport;
    const socket = connectTls({
      host: "127.0.0.1",
      port: portOf(right.transport.address),
      rejectUnauthorized: false,
      servername: `${hello.token}.${identity.idIn(hello.session)}.${hello.session}`,
      ...identity.certificate,
      ...(session === undefined ? {} : { session }),
    });
    return socket.on("error", () => undefined);
  }

  it("leaves nothing with which another could be resumed", async () => {
    const first = connectAgain(undefined);
    const tickets: Buffer[] = [];
    first.on("session", (ticket: Buffer) => tickets.push(ticket));
    first.write(encodeFrame(hello).head);
    const accepted = await right.acceptNext();
    await accepted.frames.take();
    accepted.connection.send({ type: "alive" });
    // Behind whatever the handshake leaves.
    await once(first, "data");
    first.destroy();
    // OpenSSL hands them out whatever it is told; nobody remembers what they stand for.
    expect(tickets.length).toBeGreaterThan(0);
    for (const ticket of tickets) {
      const second = connectAgain(ticket);
      await once(second, "secureConnect");
      expect(second.isSessionReused()).toBe(false);
      second.destroy();
    }
  });
});

describe("a stranger", () => {
  const { session, token } = hello;
  const name = (peer: string, shown = token): string => `${shown}.${peer}.${session}`;

  it.each([
    ["without a name", () => ""],
    ["with a name of another kind", () => "example.org"],
    ["with another token", () => name("0123456789abcdef", "0".repeat(16))],
    ["with the token, and no certificate", () => name("0123456789abcdef")],
  ])("%s gets no connection", async (_how, servername) => {
    expect(await dialAs(right.transport.address, servername())).toBe("closed");
    expect(right.transport.counters.connectionsMalformed).toBe(0);
  });

  it("with the token, and a certificate of its own, cannot pose as another", async () => {
    const stranger = Identity.draw();
    const posing = name(left.transport.identity.idIn(session));
    expect(await dialAs(right.transport.address, posing, stranger)).toBe("closed");
  });

  it("that speaks plainly is not understood", async () => {
    const socket = await rawConnection(right.transport.address);
    socket.resume();
    socket.write("GET / HTTP/1.0\r\n\r\n");
    await once(socket, "end");
    socket.destroy();
    expect(right.accepted.size).toBe(0);
  });

  it("that says whom it wants byte by byte is understood all the same", async () => {
    const wire = createServer((near) => {
      const far = connect({ host: "127.0.0.1", port: portOf(right.transport.address) });
      for (const end of [near, far]) end.on("error", () => undefined);
      far.setNoDelay(true).pipe(near);
      near.on("data", (bytes: Buffer) => {
        for (const byte of bytes.subarray(0, 600)) far.write(Uint8Array.of(byte));
        far.write(bytes.subarray(600));
      });
    });
    wire.listen(0, "127.0.0.1");
    await once(wire, "listening");
    const peer = right.transport.identity.idIn(session);
    const at = `127.0.0.1:${(wire.address() as AddressInfo).port}`;
    const dialled = new Side((side) => left.transport.dial(at, { ...hello, peer }, side));
    dialled.connection.send(hello);
    expect(await (await right.acceptNext()).frames.take()).toEqual(hello);
    dialled.connection.destroy();
    wire.close();
  });

  it("costs no handshake, and is told nothing", async () => {
    const socket = await rawConnection(right.transport.address);
    const answers: Buffer[] = [];
    socket.on("data", (bytes: Buffer) => answers.push(bytes)).on("error", () => undefined);
    // The head of a record with the beginning of a client's message, of which the rest never comes.
    socket.write(Buffer.from("160301006401000060", "hex"));
    await expect.poll(() => right.transport.counters.connectionsAccepted).toBe(1);
    await right.transport.close();
    expect([answers, right.accepted.size]).toEqual([[], 0]);
  });

  it("of one host cannot keep other hosts' connections out", async () => {
    const narrow = await Peer.open(
      loopback({ keys: [GroupKey.draw()], maxPendingPerHost: 2, maxPendingConnections: 3 }),
    );
    const port = portOf(narrow.transport.address);
    const strangers = Array.from({ length: 4 }, () =>
      connect({ host: "127.0.0.1", port }).on("error", () => undefined),
    );
    await expect.poll(() => narrow.transport.counters.connectionsRefused).toBe(2);
    expect(narrow.transport.counters.connectionsAccepted).toBe(2);
    for (const socket of strangers) socket.destroy();
    await narrow.transport.close();
  });
});
