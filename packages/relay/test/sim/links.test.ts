import { describe, expect, test } from "vitest";
import type { LinkRates } from "../../src/sim/network/conditions.js";
import type { Pipe } from "../../src/sim/network/pipe.js";
import { mostDatagramWaitMs, quantumBytes } from "../../src/sim/network/uplink.js";
import { datagram, frameOf, type Listener, NetworkBench, type Recorder } from "./network-bench.js";

const sender = "10.0.0.1:1";
const readers = ["10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1"] as const;
const quick = "10.0.0.9:1";

const kibibyte = 1_024;
/** Bytes per second; a frame of 10,000 bytes takes 10 ms. */
const megabyte = 1_000_000;
const frameBytes = 10_000;

/** A sender with a link, and a stream to each of some readers. */
class Star {
  readonly bench: NetworkBench;
  readonly source: Listener;
  readonly listeners: Listener[];
  readonly streams: { readonly pipe: Pipe; readonly dialler: Recorder }[];

  constructor(
    link: LinkRates,
    readerLinks: readonly LinkRates[],
    buffers: { readonly sendBufferBytes?: number; readonly receiveBufferBytes?: number } = {},
  ) {
    this.bench = new NetworkBench({ leastLatencyMs: 1, mostLatencyMs: 1, ...buffers });
    this.source = this.bench.listen(sender, link);
    this.listeners = readerLinks.map((rates, place) => this.bench.listen(this.at(place), rates));
    this.streams = readerLinks.map((_, place) => this.bench.connect(sender, this.at(place)));
  }

  at(place: number): string {
    return readers[place] as string;
  }

  reader(place: number): Recorder {
    return this.listeners[place]?.ends[0] as Recorder;
  }

  dialler(place: number): Recorder {
    return this.streams[place]?.dialler as Recorder;
  }

  send(place: number, count: number, bytes = frameBytes): void {
    for (let index = 0; index < count; index += 1)
      this.streams[place]?.pipe.send("dialler", frameOf(index, bytes));
  }

  /** Milliseconds from now until that stream's last frame came. */
  durationOf(place: number, since: number): number {
    return (this.reader(place).frames.at(-1)?.at ?? Number.NaN) - since;
  }
}

/** Within one hundredth, latency apart. */
function expectAbout(found: number, expected: number): void {
  expect(Math.abs(found - expected) / expected).toBeLessThan(0.01);
}

describe("one stream takes bytes divided by the rate", () => {
  const up = { uplinkBytesPerSecond: megabyte };
  const down = { downlinkBytesPerSecond: megabyte };

  test.each([
    ["over an uplink", up, {}],
    ["over a downlink", {}, down],
    ["over an uplink and a downlink of the same rate: bytes pass both at once", up, down],
    [
      "over the slower of the two, the uplink",
      { uplinkBytesPerSecond: megabyte },
      { downlinkBytesPerSecond: 3 * megabyte },
    ],
    [
      "over the slower of the two, the downlink",
      { uplinkBytesPerSecond: 3 * megabyte },
      { downlinkBytesPerSecond: megabyte },
    ],
  ])("%s", (_, link, readerLink) => {
    const star = new Star(link, [readerLink]);
    const since = star.bench.now;
    star.send(0, 200);
    star.bench.pass();
    expectAbout(star.durationOf(0, since), 2_000);
  });

  test("also where one frame is larger than both buffers", () => {
    const buffers = { sendBufferBytes: 16 * kibibyte, receiveBufferBytes: 16 * kibibyte };
    const star = new Star(up, [down], buffers);
    const since = star.bench.now;
    star.send(0, 20, 100_000);
    star.bench.pass();
    // A frame that fills the buffer passes alone, so each waits for the latency of the last.
    expectAbout(star.durationOf(0, since), 2_000 + 20);
  });

  test("and its first frame is there one frame's time and the latency after it was sent", () => {
    const star = new Star(up, [down]);
    const since = star.bench.now;
    star.send(0, 3);
    star.bench.pass();
    const times = star.reader(0).frames.map(({ at }) => Math.round((at - since) * 1e6) / 1e6);
    expect(times).toEqual([11, 21, 31]);
  });
});

describe("streams that share an uplink", () => {
  test("share it evenly, whatever the size of their frames", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [{}, {}]);
    const since = star.bench.now;
    star.send(0, 200, 10_000);
    star.send(1, 40, 50_000);
    for (const part of [0.25, 0.5, 0.75, 1]) {
      const time = since + 4_000 * part + 1;
      star.bench.pass(time);
      for (const place of [0, 1]) {
        const missing = 2 * megabyte * part - star.reader(place).bytesUntil(time);
        expect(missing).toBeGreaterThanOrEqual(0);
        expect(missing).toBeLessThanOrEqual(50_000);
      }
    }
  });

  test("have all of it as soon as the others are done", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [{}, {}, {}]);
    const since = star.bench.now;
    star.send(0, 50);
    star.send(1, 100);
    star.send(2, 150);
    star.bench.pass();
    const durations = [0, 1, 2].map((place) => Math.round(star.durationOf(place, since)));
    expect(durations).toEqual([1_501, 2_501, 3_001]);
  });

  test("lose nothing to one whose reader is slow: it is held back, its siblings go on", () => {
    const slow = { downlinkBytesPerSecond: megabyte / 100 };
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [slow, {}, {}]);
    const since = star.bench.now;
    for (const place of [0, 1, 2]) star.send(place, 200);
    star.bench.pass();
    // Twice 2 MB, and what the slow one's receive buffer took before it was full.
    expect(star.durationOf(1, since)).toBeGreaterThan(4_000);
    expect(star.durationOf(1, since)).toBeLessThan(4_000 + 320);
    expectAbout(star.durationOf(0, since), 200_000);
  });

  test("are hardly delayed by short frames that come in the middle of long ones", () => {
    const rates = { uplinkBytesPerSecond: megabyte, downlinkBytesPerSecond: megabyte };
    const bench = new NetworkBench({ leastLatencyMs: 1, mostLatencyMs: 1 });
    const listener = bench.listen(quick, rates);
    const [long, short] = readers.slice(1).map((from) => {
      bench.listen(from, rates);
      return bench.connect(from, quick).pipe;
    });
    const since = bench.now;
    for (let index = 0; index < 100; index += 1) long?.send("dialler", frameOf(index, frameBytes));
    for (let index = 0; index < 100; index += 1) {
      bench.pass(since + 7 + 10 * index);
      short?.send("dialler", frameOf(index, 20));
    }
    bench.pass();
    // 100 long ones of 10 ms, 100 short ones of 0.02 ms, 1 ms on the way.
    expect((listener.ends[0]?.frames.at(-1)?.at ?? Number.NaN) - since).toBeLessThan(1_003.5);
  });

  test("share a reader's downlink in the order in which they come", () => {
    const bench = new NetworkBench({ leastLatencyMs: 1, mostLatencyMs: 1 });
    const listener = bench.listen(quick, { downlinkBytesPerSecond: megabyte });
    const pipes = readers.map((from) => bench.connect(from, quick).pipe);
    const since = bench.now;
    for (const pipe of pipes)
      for (let index = 0; index < 100; index += 1) pipe.send("dialler", frameOf(index, frameBytes));
    bench.pass();
    expectAbout(bench.now - since, 3_000);
    for (const end of listener.ends) expect(end.frames).toHaveLength(100);
  });
});

describe("a sender is held back", () => {
  const buffers = { sendBufferBytes: 100_000, receiveBufferBytes: 50_000 };

  test("by its send buffer: a write is taken when what is not there yet fits in", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [{}], buffers);
    // Ten frames fit; the writes that follow take 27 frames each (256 KiB).
    star.send(0, 10);
    star.bench.pass(star.bench.now + 1);
    expect(star.dialler(0).sentCount).toBe(10);
    const since = star.bench.now;
    star.send(0, 54);
    star.bench.pass(since + 255);
    expect(star.dialler(0).sentCount).toBe(10);
    star.bench.pass(since + 275);
    expect(star.dialler(0).sentCount).toBe(37);
  });

  test("by a reader that has paused, once both buffers are full; resumed, all comes in order", () => {
    const star = new Star({}, [{}], buffers);
    const [{ pipe } = { pipe: undefined }] = star.streams;
    pipe?.pause("accepter", true);
    let sent = 0;
    const sendOne = (): void => {
      if (sent < 1_000) pipe?.send("dialler", frameOf(sent, frameBytes));
      sent += 1;
    };
    star.dialler(0).whenSent = sendOne;
    sendOne();
    star.bench.pass();
    expect(star.reader(0).frames).toEqual([]);
    // 50,000 bytes are with the reader, up to 100,000 in the send buffer, one frame is to be taken.
    expect(star.dialler(0).sentCount).toBe(15);
    pipe?.pause("accepter", false);
    star.bench.pass();
    expect(star.dialler(0).sentCount).toBe(1_000);
    const indexes = star.reader(0).frames.map(({ frame }) => "index" in frame && frame.index);
    expect(indexes).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  });
});

describe("a connection that ends", () => {
  test("leaves its part of the uplink to the others at once, in the middle of a frame", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [{}, {}]);
    const since = star.bench.now;
    star.send(0, 1, 4_000_000);
    star.send(1, 200);
    star.bench.pass(since + 1_000);
    star.bench.network.detach(star.at(0), true);
    star.bench.pass();
    // Half of the rate for a second, then all of it.
    expectAbout(star.durationOf(1, since), 2_500);
  });

  test("does not by the side that closes it: what comes there is dropped, and holds nobody back", () => {
    const star = new Star({}, [{ uplinkBytesPerSecond: megabyte }]);
    const pipe = star.listeners[0]?.pipes[0];
    const since = star.bench.now;
    pipe?.pause("accepter", true);
    for (let index = 0; index < 100; index += 1) pipe?.send("accepter", frameOf(index, frameBytes));
    pipe?.close("accepter");
    star.send(0, 500);
    star.bench.pass(since + 500);
    expect(star.dialler(0).sentCount).toBe(500);
    star.bench.pass();
    expect(star.reader(0).frames).toEqual([]);
    expect(star.dialler(0).frames).toHaveLength(100);
    expect(star.dialler(0).log.at(-1)).toBe("close");
  });

  test("is told only when all is read", () => {
    const star = new Star({}, [{}]);
    const [{ pipe } = { pipe: undefined }] = star.streams;
    pipe?.pause("accepter", true);
    star.send(0, 2);
    pipe?.close("dialler");
    star.bench.pass();
    expect(star.reader(0).log).toEqual([]);
    pipe?.pause("accepter", false);
    star.bench.pass();
    expect(star.reader(0).log).toEqual(["frame 0", "frame 1", "close"]);
  });

  test("with a host that is killed behind a cut is not noticed", () => {
    const star = new Star({}, [{}]);
    star.bench.network.setRates(star.at(0), { uplinkBytesPerSecond: 0 });
    star.bench.network.detach(star.at(0), true);
    star.bench.pass();
    expect(star.dialler(0).log).toEqual(["open"]);
  });
});

describe("a rate that changes", () => {
  test.each(["uplink", "downlink"] as const)(
    "holds at once, also for what is under way: %s",
    (which) => {
      const rate = `${which}BytesPerSecond` as const;
      const isUplink = which === "uplink";
      const star = new Star(isUplink ? { [rate]: megabyte } : {}, [
        isUplink ? {} : { [rate]: megabyte },
      ]);
      const since = star.bench.now;
      star.send(0, 200);
      star.bench.pass(since + 1_000);
      star.bench.network.setRates(isUplink ? sender : star.at(0), { [rate]: megabyte / 10 });
      star.bench.pass(since + 6_000);
      star.bench.network.setRates(isUplink ? sender : star.at(0), { [rate]: megabyte });
      star.bench.pass();
      // 1 MB in the first second, 0.5 MB in the next five, 0.5 MB at the end.
      expectAbout(star.durationOf(0, since), 6_500);
    },
  );

  test("of 0 is silent: no frame, no datagram, no end and no refusal comes through; then all goes on", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [{}]);
    const { network } = star.bench;
    const since = star.bench.now;
    star.send(0, 100);
    star.bench.pass(since + 300);
    network.setRates(star.at(0), { uplinkBytesPerSecond: 0, downlinkBytesPerSecond: 0 });
    const before = star.reader(0).frames.length;
    network.sendDatagram(sender, star.at(0), datagram(1));
    network.sendDatagram(star.at(0), sender, datagram(2));
    star.bench.pass(since + 100_000);
    const stranger = star.bench.connect(sender, star.at(0));
    expect(star.reader(0).frames).toHaveLength(before);
    expect(stranger.dialler.log).toEqual([]);
    expect(star.dialler(0).log).not.toContain("close");
    expect(star.listeners[0]?.heard).toEqual([]);
    expect(star.source.heard).toEqual([]);
    network.setRates(star.at(0), { downlinkBytesPerSecond: megabyte });
    star.bench.pass();
    expect(star.reader(0).frames).toHaveLength(100);
  });

  test("gives a downlink nothing that it left unused: no frame passes faster than its rate", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte / 10 }, [
      { downlinkBytesPerSecond: megabyte },
    ]);
    const since = star.bench.now;
    star.send(0, 200);
    star.bench.pass(since + 10_000);
    star.bench.network.setRates(sender, { uplinkBytesPerSecond: 10 * megabyte });
    star.bench.pass();
    // 1 MB in ten seconds, 1 MB in one.
    expectAbout(star.durationOf(0, since), 11_000);
  });

  test("to no limit lets everything go at once", () => {
    const star = new Star({ uplinkBytesPerSecond: 1 }, [{ downlinkBytesPerSecond: 1 }]);
    const since = star.bench.now;
    star.send(0, 100);
    star.bench.pass(since + 1);
    const without = Number.POSITIVE_INFINITY;
    star.bench.network.setRates(sender, { uplinkBytesPerSecond: without });
    star.bench.pass(since + 10);
    star.bench.network.setRates(star.at(0), { downlinkBytesPerSecond: without });
    star.bench.pass(since + 100);
    expect(star.reader(0).frames).toHaveLength(100);
  });

  test("below 0 or not a number is refused", () => {
    const { network } = new NetworkBench();
    for (const rate of [-1, Number.NaN])
      for (const which of ["uplinkBytesPerSecond", "downlinkBytesPerSecond"])
        expect(() => network.setRates(sender, { [which]: rate })).toThrow(RangeError);
  });
});

describe("datagrams on a link", () => {
  test("wait for those before them, and no longer than the bound", () => {
    const star = new Star({ uplinkBytesPerSecond: 10_000 }, [{}]);
    const since = star.bench.now;
    for (let counter = 1; counter <= 100; counter += 1)
      star.bench.network.sendDatagram(sender, star.at(0), datagram(counter));
    star.bench.pass();
    const delays = star.listeners[0]?.heard.map(({ at }) => at - since - 1) ?? [];
    expect(delays).toHaveLength(100);
    // 84 bytes take 8.4 ms.
    expect(delays[0]).toBeCloseTo(8.4);
    expect(delays[4]).toBeCloseTo(42);
    expect(Math.max(...delays)).toBeCloseTo(mostDatagramWaitMs);
  });

  test("wait for a little of the streams in front of them, and not for all of it", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [
      { downlinkBytesPerSecond: megabyte },
    ]);
    star.send(0, 200);
    star.bench.pass(star.bench.now + 100);
    const since = star.bench.now;
    star.bench.network.sendDatagram(sender, star.at(0), datagram(1));
    star.bench.pass();
    const delay = (star.listeners[0]?.heard[0]?.at ?? Number.NaN) - since;
    const quantumMs = (quantumBytes / megabyte) * 1_000;
    expect(delay).toBeGreaterThan(quantumMs);
    expect(delay).toBeLessThan(2 * quantumMs + 2);
  });

  test("wait for a little of a full downlink, and not for all of it", () => {
    const star = new Star({}, [{ downlinkBytesPerSecond: megabyte }]);
    star.send(0, 20);
    star.bench.pass(star.bench.now + 5);
    const since = star.bench.now;
    star.bench.network.sendDatagram(quick, star.at(0), datagram(1));
    star.bench.pass();
    const delay = (star.listeners[0]?.heard[0]?.at ?? Number.NaN) - since;
    expect(delay).toBeCloseTo(1 + (quantumBytes + 84) / 1_000);
  });

  test("that were sent before a stream leave before it", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [{}]);
    const since = star.bench.now;
    for (let counter = 0; counter < 500; counter += 1)
      star.bench.network.sendDatagram(sender, star.at(0), datagram(counter));
    star.send(0, 1);
    star.bench.pass();
    expect(star.durationOf(0, since)).toBeCloseTo(42 + 10 + 1);
  });

  test("cost two streams half of their bytes each", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [{}, {}]);
    const since = star.bench.now;
    for (const place of [0, 1]) star.send(place, 50);
    star.bench.pass(since + 500);
    for (let counter = 0; counter < 1_000; counter += 1)
      star.bench.network.sendDatagram(sender, quick, datagram(counter));
    star.bench.pass();
    for (const place of [0, 1]) expect(star.durationOf(place, since)).toBeCloseTo(1_000 + 84 + 1);
  });

  test.each(["uplink", "downlink"] as const)("cost the streams their bytes: %s", (which) => {
    const rate = { [`${which}BytesPerSecond`]: megabyte };
    const star = new Star(which === "uplink" ? rate : {}, [which === "uplink" ? {} : rate, {}]);
    const since = star.bench.now;
    star.send(0, 100);
    star.bench.pass(since + 500);
    const [from, to] = which === "uplink" ? [sender, star.at(1)] : [quick, star.at(0)];
    for (let counter = 0; counter < 1_000; counter += 1)
      star.bench.network.sendDatagram(from, to, datagram(counter));
    star.bench.pass();
    expect(star.durationOf(0, since)).toBeCloseTo(1_000 + 84 + 1);
  });
});

describe("a link counts", () => {
  test("every byte that leaves and that arrives, frames and datagrams", () => {
    const star = new Star({ uplinkBytesPerSecond: megabyte }, [
      { downlinkBytesPerSecond: megabyte },
    ]);
    star.send(0, 7);
    star.bench.network.sendDatagram(sender, star.at(0), datagram(1));
    star.bench.pass();
    const { network } = star.bench;
    expect(network.attachment(sender).uplink.sentBytes).toBe(70_084);
    expect(network.attachment(star.at(0)).downlink.receivedBytes).toBe(70_084);
    expect(network.attachment(sender).downlink.receivedBytes).toBe(0);
  });

  test("what arrives, and not what is lost on the way or waits behind a cut", () => {
    const star = new Star({}, [{}]);
    const { network } = star.bench;
    network.setRates(star.at(0), { downlinkBytesPerSecond: 0 });
    star.send(0, 7);
    network.sendDatagram(sender, star.at(0), datagram(1));
    star.bench.pass();
    expect(network.attachment(sender).uplink.sentBytes).toBe(70_084);
    expect(network.attachment(star.at(0)).downlink.receivedBytes).toBe(0);
  });
});
