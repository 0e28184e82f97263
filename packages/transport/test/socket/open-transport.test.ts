import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { addressOf, endpointOf } from "../../src/address.js";
import { openTransport } from "../../src/index.js";
import { listenError } from "../../src/socket/system-error.js";
import { hello, join, Peer, ping } from "../peer.js";
import { loopback, portOf, rawConnection } from "./loopback.js";

const handlers = { onDatagram: () => undefined, onConnection: () => undefined };
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

describe("openTransport", () => {
  it("takes UDP and TCP on one port, which it names", async () => {
    await using transport = await openTransport({ host: "127.0.0.1", keys: "insecure", handlers });
    expect(transport.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    const socket = await rawConnection(transport.address);
    socket.destroy();
    const peer = await Peer.open(loopback());
    peer.transport.send(transport.address, ping(1, peer.transport, transport));
    await expect.poll(() => transport.counters.datagramsReceived).toBe(1);
    await peer.transport.close();
  });

  it("says which port is taken, whether UDP or TCP has it", async () => {
    const udp = createSocket("udp4").bind(0, "127.0.0.1");
    await once(udp, "listening");
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    for (const bound of [udp, server]) {
      const address = bound.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      await expect(
        openTransport({ host: "127.0.0.1", port, keys: "insecure", handlers }),
      ).rejects.toMatchObject({
        code: "port-taken",
        fault: "local",
        message: `127.0.0.1:${port}: the port is taken`,
        facts: { address: `127.0.0.1:${port}`, reason: "EADDRINUSE" },
      });
    }
    udp.close();
    server.close();
  });

  it("refuses a host that is not an address, or not of this machine", async () => {
    for (const host of ["localhost", "", "127.0.0.1:80", "192.0.2.1"]) {
      await expect(openTransport({ host, keys: "insecure", handlers })).rejects.toMatchObject({
        code: "address-invalid",
      });
    }
  });

  it("says so when the system forbids it", () => {
    const denied = Object.assign(new Error("denied"), { code: "EACCES" });
    expect(listenError("::1", 80, denied)).toMatchObject({
      code: "not-permitted",
      message: "[::1]:80: listening is not permitted",
      cause: denied,
    });
  });

  it("nobody does without keys by accident", async () => {
    for (const keys of [undefined, [], "none"])
      await expect(openTransport({ keys: keys as never, handlers })).rejects.toThrow(TypeError);
  });

  it("refuses options that are out of their range, by name", async () => {
    for (const options of [
      { port: 65_536 },
      { port: -1 },
      { port: 1.5 },
      { dialTimeoutMs: 0 },
      { helloTimeoutMs: Number.NaN },
      { closeTimeoutMs: 2 ** 31 },
      { maxConnections: 0 },
    ]) {
      const [name = ""] = Object.keys(options);
      await expect(openTransport({ ...options, keys: "insecure", handlers })).rejects.toThrow(
        RangeError,
      );
      await expect(openTransport({ ...options, keys: "insecure", handlers })).rejects.toThrow(name);
    }
  });

  it.runIf(hasIpv6)("works over IPv6", async () => {
    const left = await Peer.open(loopback({ host: "::1" }));
    const right = await Peer.open(loopback({ host: "::1" }));
    expect(left.transport.address).toMatch(/^\[::1\]:\d+$/);
    left.transport.send(right.transport.address, ping(1, left.transport, right.transport));
    expect((await right.datagrams.take()).from).toBe(left.transport.address);
    const { accepted } = await join(left, right);
    expect(accepted.connection.remote).toMatch(/^\[::1\]:\d+$/);
    await Promise.all([left.transport.close(), right.transport.close()]);
  });

  it.runIf(hasIpv6)("serves IPv4 and IPv6 on `::`, and calls IPv4 peers by that name", async () => {
    const both = await Peer.open(loopback({ host: "::" }));
    const left = await Peer.open(loopback());
    const port = portOf(both.transport.address);
    left.transport.send(`127.0.0.1:${port}`, ping(1, left.transport, both.transport));
    const { from } = await both.datagrams.take();
    expect(from).toBe(left.transport.address);
    both.transport.send(from, ping(2, both.transport, left.transport));
    expect((await left.datagrams.take()).from).toBe(`127.0.0.1:${port}`);
    const dialled = left.dial(`127.0.0.1:${port}`);
    dialled.connection.send(hello);
    const accepted = await both.acceptNext();
    expect(accepted.connection.remote).toMatch(/^127\.0\.0\.1:\d+$/);
    await Promise.all([left.transport.close(), both.transport.close()]);
  });

  it("counts what the system does not send", async () => {
    await using transport = await openTransport({ host: "127.0.0.1", keys: "insecure", handlers });
    // Port 9 of the IPv6 loopback cannot be reached from an IPv4 socket.
    transport.send("[::1]:9", ping(1, transport, transport));
    await expect.poll(() => transport.counters.datagramsUnsent).toBe(1);
    expect(transport.counters.datagramsSent).toBe(0);
  });
});

describe("addresses", () => {
  it("have one form, and none without a port", () => {
    expect(addressOf("127.0.0.1", 80)).toBe("127.0.0.1:80");
    expect(addressOf("::ffff:127.0.0.1", 80)).toBe("127.0.0.1:80");
    expect(addressOf("FE80::0:1%eth0", 80)).toBe("[fe80::1]:80");
    expect(addressOf("127.0.0.1", 0)).toBeUndefined();
    expect(addressOf(undefined, undefined)).toBeUndefined();
  });

  it("give the socket a host without brackets", () => {
    expect(endpointOf("127.0.0.1:80")).toEqual({ host: "127.0.0.1", port: 80, family: 4 });
    expect(endpointOf("[::1]:80")).toEqual({ host: "::1", port: 80, family: 6 });
    expect(endpointOf("[::ffff:127.0.0.1]:80")).toMatchObject({ host: "127.0.0.1", family: 4 });
  });
});
