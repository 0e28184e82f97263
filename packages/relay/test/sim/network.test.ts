import type { Datagram, Frame } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.js";
import { EventQueue } from "../../src/sim/event-queue.js";
import {
  calmNetwork,
  Network,
  type NetworkConditions,
  type Pipe,
  type PipeEnd,
} from "../../src/sim/network.js";

const here = "10.0.0.1:1";
const there = "10.0.0.2:1";

let queue: EventQueue;
let now: number;
let network: Network;
beforeEach(() => make({}));

function make(conditions: Partial<NetworkConditions>): void {
  queue = new EventQueue();
  now = 0;
  network = new Network(queue, new Random(5), () => now, { ...calmNetwork, ...conditions });
}

function pass(until: number = Number.POSITIVE_INFINITY): void {
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (next.time > until) return queue.push(next.time, next.action);
    now = next.time;
    next.action();
  }
}

function datagram(counter: number): Datagram {
  return { session: "", sender: "", counter, message: { type: "join" } };
}

/** A host that keeps what it hears, and when. */
class Listener {
  readonly heard: { readonly at: number; readonly counter: number }[] = [];
  readonly ends: Recorder[] = [];
  readonly pipes: Pipe[] = [];

  constructor(at: string) {
    network.attach(at, this);
  }

  onDatagram(_: string, { counter }: Datagram): void {
    this.heard.push({ at: now, counter });
  }

  onAccept(pipe: Pipe): PipeEnd {
    const end = new Recorder();
    this.ends.push(end);
    this.pipes.push(pipe);
    return end;
  }
}

/** One end of a connection, that writes down what it is told. */
class Recorder implements PipeEnd {
  readonly log: string[] = [];
  readonly frames: { readonly at: number; readonly frame: Frame }[] = [];

  onOpen(): void {
    this.log.push("open");
  }
  onFrame(frame: Frame): void {
    this.log.push(`frame ${describeFrame(frame)}`);
    this.frames.push({ at: now, frame });
  }
  onSent(frame: Frame): void {
    this.log.push(`sent ${describeFrame(frame)}`);
  }
  onClose(): void {
    this.log.push("close");
  }
}

function describeFrame(frame: Frame): string {
  return frame.type === "chunk" ? `${frame.index}` : frame.type;
}

function chunk(index: number, bytes = 100): Frame {
  return { type: "chunk", index, payload: new Uint8Array(bytes).fill(7) };
}

describe("datagrams", () => {
  test("arrive after a delay between the least and the most latency", () => {
    make({ leastLatencyMs: 3, mostLatencyMs: 9 });
    const listener = new Listener(there);
    for (let sent = 1; sent <= 500; sent += 1) network.sendDatagram(here, there, datagram(sent));
    pass();
    const delays = listener.heard.map(({ at }) => at);
    expect(delays).toHaveLength(500);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...delays)).toBeLessThanOrEqual(9);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(5);
  });

  test("are lost and doubled as often as the conditions say", () => {
    make({ loss: 0.2, duplication: 0.1 });
    const listener = new Listener(there);
    for (let sent = 1; sent <= 10_000; sent += 1) network.sendDatagram(here, there, datagram(sent));
    pass();
    const arrived = new Set(listener.heard.map(({ counter }) => counter)).size;
    expect(Math.abs(arrived - 8_000)).toBeLessThan(200);
    expect(Math.abs(listener.heard.length - arrived - 800)).toBeLessThan(150);
    expect(network.datagramsSent).toBe(10_000);
  });

  test("that are late are overtaken, by up to ten times the latency", () => {
    make({ leastLatencyMs: 1, mostLatencyMs: 1, reordering: 0.3 });
    const listener = new Listener(there);
    for (let sent = 1; sent <= 1_000; sent += 1) network.sendDatagram(here, there, datagram(sent));
    pass();
    const late = listener.heard.filter(({ at }) => at > 1);
    expect(Math.abs(late.length - 300)).toBeLessThan(60);
    expect(Math.max(...late.map(({ at }) => at))).toBeLessThanOrEqual(10);
  });

  test("to nobody vanish", () => {
    network.sendDatagram(here, there, datagram(1));
    pass();
    const listener = new Listener(there);
    network.detach(there, true);
    network.sendDatagram(here, there, datagram(2));
    pass();
    expect(listener.heard).toEqual([]);
  });
});

describe("connections", () => {
  function connect(): { pipe: Pipe; dialler: Recorder; listener: Listener } {
    const listener = new Listener(there);
    const dialler = new Recorder();
    const pipe = network.connect(here, there, dialler);
    return { pipe, dialler, listener };
  }

  test("open after a round trip, and carry frames in order however the latency varies", () => {
    make({ leastLatencyMs: 1, mostLatencyMs: 50 });
    const { pipe, dialler, listener } = connect();
    pass();
    expect(dialler.log).toEqual(["open"]);
    for (let index = 0; index < 100; index += 1) pipe.send("dialler", chunk(index));
    pipe.send("accepter", { type: "alive" });
    pass();
    const indexes = listener.ends[0]?.frames.map(({ frame }) => describeFrame(frame));
    expect(indexes).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
    expect(dialler.log).toContain("frame alive");
    expect(dialler.log).toContain("sent 0");
  });

  test("to nobody close at once", () => {
    const dialler = new Recorder();
    network.connect(here, there, dialler);
    pass();
    expect(dialler.log).toEqual(["close"]);
  });

  test("share their host's uplink: bytes leave one after the other", () => {
    make({ leastLatencyMs: 1, mostLatencyMs: 1, uplinkBytesPerMs: 10 });
    const { pipe, listener } = connect();
    const second = network.connect(here, there, new Recorder());
    pass();
    const since = now;
    // 84 bytes and a head of 16 take 10 ms each.
    pipe.send("dialler", chunk(0, 84));
    second.send("dialler", chunk(1, 84));
    pipe.send("dialler", chunk(2, 84));
    pass();
    const arrivals = listener.ends
      .flatMap(({ frames }) => frames)
      .map(({ at, frame }) => [describeFrame(frame), Math.round(at - since)]);
    expect(arrivals).toEqual([
      ["0", 11],
      ["2", 31],
      ["1", 21],
    ]);
  });

  test("that are paused hold frames back, unsent, until they are resumed", () => {
    const { pipe, dialler, listener } = connect();
    pass();
    pipe.pause("accepter", true);
    for (const index of [0, 1]) pipe.send("dialler", chunk(index));
    pass();
    expect(listener.ends[0]?.frames).toEqual([]);
    expect(dialler.log).not.toContain("sent 0");
    pipe.pause("accepter", false);
    expect(listener.ends[0]?.log).toEqual(["frame 0", "frame 1"]);
    expect(dialler.log).toEqual(["open", "sent 0", "sent 1"]);
  });

  test("that are closed deliver first what was sent, and tell the other end only", () => {
    make({ leastLatencyMs: 1, mostLatencyMs: 20 });
    const { pipe, dialler, listener } = connect();
    pass();
    for (const index of [0, 1, 2]) pipe.send("dialler", chunk(index));
    pipe.close("dialler");
    pass();
    expect(listener.ends[0]?.log).toEqual(["frame 0", "frame 1", "frame 2", "close"]);
    expect(dialler.log).not.toContain("close");
    pipe.send("accepter", chunk(9));
    pass();
    expect(dialler.frames).toEqual([]);
  });

  test("of a host that is killed break for the other end, those of one that vanishes do not", () => {
    for (const isMachineUp of [true, false]) {
      make({});
      const { pipe, dialler } = connect();
      pass();
      pipe.send("accepter", chunk(0));
      network.detach(there, isMachineUp);
      pass();
      expect(dialler.frames).toEqual([]);
      expect(dialler.log.includes("close")).toBe(isMachineUp);
    }
  });

  test("flip one bit of a chunk now and then, never in what the sender holds", () => {
    make({ corruption: 0.25 });
    const { pipe, listener } = connect();
    pass();
    const frame = chunk(0);
    for (let sent = 0; sent < 1_000; sent += 1) pipe.send("dialler", frame);
    const page = new Uint8Array(32).fill(7);
    for (let sent = 0; sent < 50; sent += 1)
      pipe.send("dialler", { type: "hashes", firstChunk: 0, payload: page });
    pass();
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
