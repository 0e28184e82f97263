import { describe, expect, it } from "vitest";
import { createMemoryNetwork } from "../src/memory/index.js";
import { describeTransport } from "./compliance.js";
import { hello, Peer, ping, turns, type World } from "./peer.js";

function worldOf(network = createMemoryNetwork()): World {
  let hosts = 0;
  const nextAddress = (): string => {
    hosts += 1;
    return `10.0.0.${hosts}:4747`;
  };
  return {
    open: async (handlers, address = nextAddress()) => network.open(address, { handlers }),
    canDiallerReset: true,
    vacantAddress: async () => nextAddress(),
  };
}

describeTransport("memory", worldOf());

describe("a network in memory", () => {
  async function arrivals(seed: number, datagramLoss: number): Promise<readonly number[]> {
    const world = worldOf(createMemoryNetwork({ seed, datagramLoss }));
    const [left, right] = [await Peer.open(world), await Peer.open(world)];
    for (let pulse = 0; pulse < 200; pulse += 1) {
      const datagram = ping(pulse, left.transport, right.transport);
      left.transport.send(right.transport.address, datagram);
    }
    await turns(1);
    const received = await right.datagrams.takeMany(right.datagrams.size);
    return received.map(({ datagram }) => datagram.counter - 1);
  }

  it("loses the same datagrams for the same seed, and others for another", async () => {
    const first = await arrivals(1, 0.3);
    expect(await arrivals(1, 0.3)).toEqual(first);
    expect(await arrivals(2, 0.3)).not.toEqual(first);
    expect(first.length).toBeGreaterThan(100);
    expect(first.length).toBeLessThan(180);
    expect(await arrivals(1, 0)).toHaveLength(200);
    expect(await arrivals(1, 1)).toEqual([]);
  });

  it("runs on the caller's time", async () => {
    const due: { at: number; run: () => void }[] = [];
    let now = 0;
    const world = worldOf(
      createMemoryNetwork({
        latencyMs: 5,
        schedule: (delayMs, run) => due.push({ at: now + delayMs, run }),
      }),
    );
    const [left, right] = [await Peer.open(world), await Peer.open(world)];
    const dialled = left.dial(right.transport.address);
    dialled.connection.send(hello);
    left.transport.send(right.transport.address, ping(1, left.transport, right.transport));
    const times: string[] = [];
    const listen = async (): Promise<void> => {
      await right.datagrams.take();
      times.push(`datagram at ${now}`);
    };
    const accept = async (): Promise<void> => {
      const side = await right.acceptNext();
      times.push(`connection at ${now}`);
      await side.frames.take();
      times.push(`hello at ${now}`);
    };
    const told = Promise.all([listen(), accept()]);
    while (due.length > 0) {
      const next = due.shift();
      now = next?.at ?? now;
      next?.run();
      await turns(1);
    }
    await told;
    expect(times.sort()).toEqual(["connection at 5", "datagram at 5", "hello at 15"]);
  });

  it("refuses a loss that is no share", () => {
    for (const datagramLoss of [-0.1, 1.1, Number.NaN]) {
      expect(() => createMemoryNetwork({ datagramLoss })).toThrow(RangeError);
    }
  });
});
