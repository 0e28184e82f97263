import { beforeEach, describe, expect, test } from "vitest";
import type { NetworkConditions } from "../../src/sim/network/conditions.js";
import type { Pipe } from "../../src/sim/network/pipe.js";
import {
  datagram,
  describeFrame,
  frameOf,
  type Listener,
  NetworkBench,
  type Recorder,
} from "./network-bench.js";

const here = "10.0.0.1:1";
const there = "10.0.0.2:1";

let bench: NetworkBench;
beforeEach(() => make({}));

function make(conditions: Partial<NetworkConditions>): void {
  bench = new NetworkBench(conditions);
}

describe("datagrams", () => {
  test("arrive after a delay between the least and the most latency", () => {
    make({ leastLatencyMs: 3, mostLatencyMs: 9 });
    const listener = bench.listen(there);
    for (let sent = 1; sent <= 500; sent += 1)
      bench.network.sendDatagram(here, there, datagram(sent));
    bench.pass();
    const delays = listener.heard.map(({ at }) => at);
    expect(delays).toHaveLength(500);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...delays)).toBeLessThanOrEqual(9);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(5);
  });

  test("are lost and doubled as often as the conditions say", () => {
    make({ loss: 0.2, duplication: 0.1 });
    const listener = bench.listen(there);
    for (let sent = 1; sent <= 10_000; sent += 1)
      bench.network.sendDatagram(here, there, datagram(sent));
    bench.pass();
    const arrived = new Set(listener.heard.map(({ counter }) => counter)).size;
    expect(Math.abs(arrived - 8_000)).toBeLessThan(200);
    expect(Math.abs(listener.heard.length - arrived - 800)).toBeLessThan(150);
    expect(bench.network.datagramsSent).toBe(10_000);
  });

  test("that are late are overtaken, by up to ten times the latency", () => {
    make({ leastLatencyMs: 1, mostLatencyMs: 1, reordering: 0.3 });
    const listener = bench.listen(there);
    for (let sent = 1; sent <= 1_000; sent += 1)
      bench.network.sendDatagram(here, there, datagram(sent));
    bench.pass();
    const late = listener.heard.filter(({ at }) => at > 1);
    expect(Math.abs(late.length - 300)).toBeLessThan(60);
    expect(Math.max(...late.map(({ at }) => at))).toBeLessThanOrEqual(10);
  });

  test("to nobody vanish", () => {
    bench.network.sendDatagram(here, there, datagram(1));
    bench.pass();
    const listener = bench.listen(there);
    bench.network.detach(there, true);
    bench.network.sendDatagram(here, there, datagram(2));
    bench.pass();
    expect(listener.heard).toEqual([]);
  });
});

describe("connections", () => {
  function connect(): { pipe: Pipe; dialler: Recorder; listener: Listener } {
    const listener = bench.listen(there);
    return { listener, ...bench.connect(here, there) };
  }

  test("open after a round trip, and carry frames in order however the latency varies", () => {
    make({ leastLatencyMs: 1, mostLatencyMs: 50 });
    const { pipe, dialler, listener } = connect();
    expect(dialler.log).toEqual(["open"]);
    for (let index = 0; index < 100; index += 1) pipe.send("dialler", frameOf(index));
    pipe.send("accepter", { type: "alive" });
    bench.pass();
    const indexes = listener.ends[0]?.frames.map(({ frame }) => describeFrame(frame));
    expect(indexes).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
    expect(dialler.log).toContain("frame alive");
    expect(dialler.log).toContain("sent 0");
  });

  test("to nobody close at once", () => {
    const { dialler } = bench.connect(here, there);
    expect(dialler.log).toEqual(["close"]);
  });

  test("that are paused hold frames back until they are resumed", () => {
    const { pipe, listener } = connect();
    pipe.pause("accepter", true);
    for (const index of [0, 1]) pipe.send("dialler", frameOf(index));
    bench.pass();
    expect(listener.ends[0]?.frames).toEqual([]);
    pipe.pause("accepter", false);
    bench.pass();
    expect(listener.ends[0]?.log).toEqual(["frame 0", "frame 1"]);
  });

  test("that are closed deliver first what was sent, and tell the other end only", () => {
    make({ leastLatencyMs: 1, mostLatencyMs: 20 });
    const { pipe, dialler, listener } = connect();
    for (const index of [0, 1, 2]) pipe.send("dialler", frameOf(index));
    pipe.close("dialler");
    bench.pass();
    expect(listener.ends[0]?.log).toEqual(["frame 0", "frame 1", "frame 2", "close"]);
    expect(dialler.log).not.toContain("close");
    pipe.send("accepter", frameOf(9));
    bench.pass();
    expect(dialler.frames).toEqual([]);
  });

  test("that are dropped deliver nothing any more, and tell the other end only, once that can be told", () => {
    for (const untilMs of [0, 5_000]) {
      make({ leastLatencyMs: 2, mostLatencyMs: 2 });
      const { pipe, dialler, listener } = connect();
      pipe.send("dialler", frameOf(0));
      pipe.send("accepter", frameOf(9));
      if (untilMs > 0) bench.network.split({ addresses: new Set([there]), way: "both", untilMs });
      const droppedAt = bench.now;
      pipe.drop("dialler");
      bench.pass(droppedAt + 3);
      expect(listener.ends[0]?.log).toEqual(untilMs > 0 ? [] : ["close"]);
      bench.pass();
      expect(listener.ends[0]?.log).toEqual(["close"]);
      expect(dialler.log).toEqual(["open"]);
    }
  });

  test("of a host that is killed break for the other end, those of one that vanishes do not", () => {
    for (const isMachineUp of [true, false]) {
      make({});
      const { pipe, dialler } = connect();
      pipe.send("accepter", frameOf(0));
      bench.network.detach(there, isMachineUp);
      bench.pass();
      expect(dialler.frames).toEqual([]);
      expect(dialler.log.includes("close")).toBe(isMachineUp);
    }
  });

  test("flip one bit of a chunk now and then, never in what the sender holds", () => {
    make({ corruption: 0.25 });
    const { pipe, listener } = connect();
    const frame = frameOf(0);
    for (let sent = 0; sent < 1_000; sent += 1) pipe.send("dialler", frame);
    const page = new Uint8Array(32).fill(7);
    const signature = new Uint8Array(64);
    for (let sent = 0; sent < 50; sent += 1)
      pipe.send("dialler", { type: "hashes", firstChunk: 0, signature, payload: page });
    bench.pass();
    const sums = listener.ends[0]?.frames.map(({ frame: arrived }) =>
      "payload" in arrived ? arrived.payload.reduce((sum, byte) => sum + byte, 0) : 0,
    );
    expect(new Set(sums?.slice(-50))).toEqual(new Set([32 * 7]));
    const flipped = sums?.slice(0, -50).filter((sum) => sum !== 700) ?? [];
    expect(Math.abs(flipped.length - 250)).toBeLessThan(60);
    expect(new Set(flipped)).toEqual(new Set([699]));
    expect("payload" in frame && frame.payload.every((byte) => byte === 7)).toBe(true);
  });
});
