import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type Address, encodeFrame } from "@palmtree/wire";
import { describe, expect, it } from "vitest";
import { chunk, hello, join, Peer, type Side } from "../peer.js";
import { loopback, portOf, rawConnection } from "./loopback.js";

describe("a stranger's connection", () => {
  it("is ended when its first frame does not come in time", async () => {
    const peer = await Peer.open(loopback({ helloTimeoutMs: 50 }));
    const socket = await rawConnection(peer.transport.address);
    socket.write(encodeFrame(hello).head.subarray(0, 20));
    const side = await peer.acceptNext();
    const { error } = await side.closes.take();
    expect(error).toMatchObject({ code: "timed-out", fault: "remote" });
    expect(peer.transport.counters).toMatchObject({
      connectionsSilent: 1,
      connectionsMalformed: 0,
    });
    await peer.transport.close();
  });

  it("is ended in time even if its owner never looked at it", async () => {
    const peer = await Peer.open(loopback({ helloTimeoutMs: 50 }));
    const socket = await rawConnection(peer.transport.address);
    socket.resume();
    await closed(socket);
    expect(peer.transport.counters.connectionsSilent).toBe(1);
    await peer.transport.close();
  });

  it("is not ended after its first frame, however long it is silent", async () => {
    const peer = await Peer.open(loopback({ helloTimeoutMs: 50 }));
    const other = await Peer.open(loopback());
    const { dialled, accepted } = await join(other, peer);
    const silent = await rawConnection(peer.transport.address);
    silent.resume();
    await closed(silent);
    await dialled.sent({ type: "alive" });
    expect(await accepted.frames.take()).toEqual({ type: "alive" });
    await Promise.all([peer.transport.close(), other.transport.close()]);
  });

  it("is refused when too many have said nothing yet", async () => {
    const peer = await Peer.open(loopback({ maxPendingConnections: 2 }));
    const { address, counters } = peer.transport;
    const first = await rawConnection(address);
    await rawConnection(address);
    await expect.poll(() => counters.connectionsAccepted).toBe(2);
    await expectRefusal(address);
    expect(counters).toMatchObject({ connectionsAccepted: 2, connectionsRefused: 1 });
    // One that speaks makes room, and so does one that goes.
    first.write(encodeFrame(hello).head);
    await (await peer.acceptNext()).frames.take();
    const third = await rawConnection(address);
    await expect.poll(() => counters.connectionsAccepted).toBe(3);
    third.destroy();
    await peer.acceptNext();
    await (await peer.acceptNext()).closes.take();
    await rawConnection(address);
    await expect.poll(() => counters.connectionsAccepted).toBe(4);
    first.destroy();
    await peer.transport.close();
  });

  it("is refused when there are too many altogether", async () => {
    const peer = await Peer.open(loopback({ maxConnections: 2 }));
    const other = await Peer.open(loopback());
    const { dialled, accepted } = await join(other, peer);
    await join(other, peer);
    await expectRefusal(peer.transport.address);
    dialled.connection.destroy();
    await accepted.closes.take();
    await join(other, peer);
    expect(peer.transport.counters).toMatchObject({
      connectionsAccepted: 3,
      connectionsRefused: 1,
    });
    await Promise.all([peer.transport.close(), other.transport.close()]);
  });
});

describe("patience", () => {
  it("ends with a dialled connection that does not open", async () => {
    const full = await fullBacklog();
    const peer = await Peer.open(loopback({ dialTimeoutMs: 300 }));
    const sides: Side[] = [];
    for (let count = 0; count < 6; count += 1) sides.push(peer.dial(full.address));
    const unopened = await firstEnd(sides);
    expect(unopened).toMatchObject({ code: "timed-out", facts: { what: "dialling" } });
    for (const { connection } of sides) connection.destroy();
    await peer.transport.close();
    full.end();
  });

  it("is not asked of one who gives up dialling", async () => {
    const full = await fullBacklog();
    const peer = await Peer.open(loopback({ dialTimeoutMs: 600_000 }));
    const sides: Side[] = [];
    for (let count = 0; count < 6; count += 1) sides.push(peer.dial(full.address));
    await expect.poll(() => sides[0]?.calls).toEqual(["open"]);
    for (const { connection } of sides) connection.destroy();
    await Promise.all(sides.map((side) => side.end()));
    expect(sides.at(-1)?.calls).toEqual(["close"]);
    await peer.transport.close();
    full.end();
  });

  it("ends with a neighbour that does not end its side", async () => {
    const { server, peer, side } = await againstPlainServer();
    side.connection.send(hello);
    side.connection.close();
    const { error } = await side.closes.take();
    expect(error).toMatchObject({ code: "timed-out", facts: { what: "closing" } });
    await peer.transport.close();
    server.close();
  });

  it("ends with a neighbour that takes nothing while the connection is closed", async () => {
    const { server, peer, side } = await againstPlainServer();
    for (let index = 0; index < 400; index += 1) side.connection.send(chunk(1));
    side.connection.close();
    expect(await side.end()).toBe("timed-out");
    await peer.transport.close();
    server.close();
  });
});

/** The connection may be reset before it is open to this side. */
async function expectRefusal(address: Address): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port: portOf(address) });
  socket.on("error", () => undefined);
  await closed(socket);
  expect(socket.bytesRead).toBe(0);
}

async function closed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

/** The first error among the ends of several connections. */
async function firstEnd(sides: readonly Side[]): Promise<unknown> {
  return (await Promise.race(sides.map(({ closes }) => closes.take()))).error;
}

/** A dialled connection to a server that neither reads nor ends. */
async function againstPlainServer(): Promise<{
  server: ReturnType<typeof createServer>;
  peer: Peer;
  side: Side;
}> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const peer = await Peer.open(loopback({ closeTimeoutMs: 100 }));
  const side = peer.dial(`127.0.0.1:${port}`);
  await once(server, "connection");
  server.unref();
  server.once("close", () => undefined);
  for (const socket of sockets) socket.unref();
  return { server, peer, side };
}

/** A listening port whose process never accepts, so that the system stops answering. */
async function fullBacklog(): Promise<{ address: string; end: () => void }> {
  const child = fork(new URL("full-backlog.mjs", import.meta.url));
  const [port] = await once(child, "message");
  return { address: `127.0.0.1:${port}`, end: () => child.kill("SIGKILL") };
}
