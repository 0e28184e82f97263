import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { createServer, Server } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openTransport } from "../../src/index.js";
import { bindBoth } from "../../src/socket/bind.js";
import { withDefaults } from "../../src/socket/options.js";

const net = vi.hoisted(() => ({ collisions: 0 }));

vi.mock("node:net", async (original) => {
  const actual = await original<typeof import("node:net")>();
  /** As if another process had the port that UDP was given. */
  const collide = (server: Server): void => {
    net.collisions -= 1;
    server.listen = () => {
      const error = Object.assign(new Error("taken"), { code: "EADDRINUSE" });
      queueMicrotask(() => server.emit("error", error));
      return server;
    };
  };
  const create: typeof createServer = (...given: unknown[]) => {
    const server: Server = Reflect.apply(actual.createServer, undefined, given);
    if (net.collisions > 0) collide(server);
    return server;
  };
  return { ...actual, createServer: create };
});

const handlers = { onDatagram: () => undefined, onConnection: () => undefined };

afterEach(() => {
  net.collisions = 0;
});

describe("the buffer for incoming datagrams", () => {
  it.runIf(process.platform === "linux")(
    "is made larger, as far as the system allows",
    async () => {
      const plain = createSocket("udp4").bind(0, "127.0.0.1");
      await once(plain, "listening");
      const { udp, server } = await bindBoth(withDefaults({ host: "127.0.0.1" }));
      expect(udp.getRecvBufferSize()).toBeGreaterThan(plain.getRecvBufferSize());
      for (const socket of [plain, udp, server]) socket.close();
    },
  );
});

describe("a port for UDP and TCP", () => {
  it("is chosen anew when TCP finds it taken", async () => {
    net.collisions = 3;
    await using transport = await openTransport({ host: "127.0.0.1", keys: "insecure", handlers });
    expect(net.collisions).toBe(0);
    expect(transport.address).toMatch(/:\d+$/);
  });

  it("is given up on after so many attempts", async () => {
    net.collisions = 100;
    const opening = openTransport({
      host: "127.0.0.1",
      portAttempts: 4,
      keys: "insecure",
      handlers,
    });
    await expect(opening).rejects.toMatchObject({ code: "port-taken" });
    expect(net.collisions).toBe(96);
  });

  it("is not chosen anew when the caller chose it", async () => {
    const first = await openTransport({ host: "127.0.0.1", keys: "insecure", handlers });
    await first.close();
    const port = Number(first.address.split(":")[1]);
    net.collisions = 1;
    const opening = openTransport({ host: "127.0.0.1", port, keys: "insecure", handlers });
    await expect(opening).rejects.toMatchObject({ code: "port-taken" });
  });
});
