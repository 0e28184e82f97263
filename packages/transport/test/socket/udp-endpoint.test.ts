import type { Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { OpenGuard } from "../../src/security/guard.js";
import { Identity } from "../../src/security/identity.js";
import { UdpEndpoint } from "../../src/socket/udp-endpoint.js";
import { zeroCounters } from "../../src/transport.js";
import { ping } from "../peer.js";

/** A socket that the system takes nothing from. */
class StuckSocket extends EventEmitter {
  queuedBytes = 0;
  sends = 0;

  address(): { family: string } {
    return { family: "IPv4" };
  }

  getSendQueueSize(): number {
    return this.queuedBytes;
  }

  send(bytes: Uint8Array): void {
    this.sends += 1;
    this.queuedBytes += bytes.length;
  }
}

const identity = Identity.draw();
const handlers = { onDatagram: () => undefined, onConnection: () => undefined };

describe("datagrams that the system does not take", () => {
  it("wait up to a limit and are dropped and counted beyond", () => {
    const socket = new StuckSocket();
    const counters = zeroCounters();
    const endpoint = new UdpEndpoint(socket as unknown as Socket, handlers, counters, {
      guard: new OpenGuard(identity),
      sendQueueBytes: 1_000,
    });
    const who = { identity };
    for (let pulse = 0; pulse < 200; pulse += 1)
      endpoint.send("127.0.0.1:9", ping(pulse, who, who));
    expect(socket.queuedBytes).toBeGreaterThan(1_000);
    expect(socket.queuedBytes).toBeLessThan(1_100);
    expect(counters.datagramsUnsent).toBe(200 - socket.sends);
  });

  it("are counted where the system says so later, by an event", () => {
    const socket = new StuckSocket();
    const counters = zeroCounters();
    new UdpEndpoint(socket as unknown as Socket, handlers, counters, {
      guard: new OpenGuard(identity),
      sendQueueBytes: 1_000,
    });
    socket.emit("error", new Error("nobody was there"));
    expect(counters.datagramsUnsent).toBe(1);
  });

  it("from a forged port 0 have nobody to answer to", () => {
    const socket = new StuckSocket();
    const counters = zeroCounters();
    new UdpEndpoint(socket as unknown as Socket, handlers, counters, {
      guard: new OpenGuard(identity),
      sendQueueBytes: 1_000,
    });
    socket.emit("message", new Uint8Array(40), { address: "127.0.0.1", port: 0 });
    expect(counters).toMatchObject({ datagramsMalformed: 1, datagramsReceived: 0 });
  });
});
