import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import {
  type OpenTransportOptions,
  openTransport,
  type Transport,
  type TransportCounters,
} from "@palmtree/transport";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FilesSender, GroupKey } from "../../src/index.js";
import { Place } from "./place.js";
import { Wiretap } from "./wiretap.js";

const keys = [GroupKey.draw()];
const patience = { timeout: 10_000 };

let place: Place;
let tap: Wiretap | undefined;
beforeEach(async () => {
  place = await Place.make();
});
afterEach(async () => {
  await tap?.close();
  await place.clear();
});

test("a session that somebody has captured says nothing a second time: to the same receiver, or another process", async () => {
  await place.write({ "out/a": 500_000 });
  const receiving = await place.receive("in", { keys, openTransport: openTapped() });
  tap = await Wiretap.open(receiving.relay.address);
  const { result } = await place.send(["out"], [tap.address], { keys });
  expect(result.status).toBe("complete");
  await receiving.end;
  const landed = await place.contentOf("in");
  expect(tap.streams.length).toBeGreaterThan(0);
  const again = await place.receive("again", { keys });
  for (const { relay } of [receiving, again]) {
    const before = relay.counters;
    tap.answers.length = 0;
    await tap.replay(relay.address);
    const { sessionsJoined, datagramsForeign, connectionsStray } = relay.counters;
    expect(sessionsJoined).toBe(before.sessionsJoined);
    // All but the invitations are dropped, which alone are answered: by a challenge, or a refusal.
    const dropped = datagramsForeign - before.datagramsForeign;
    expect(dropped).toBeGreaterThan(0);
    expect(tap.answers.length).toBe(tap.datagrams.length - dropped);
    for (const answer of tap.answers)
      expect(answer.length).toBeLessThanOrEqual(Math.min(...tap.datagrams.map(lengthToNobody)));
    expect(connectionsStray).toBe(before.connectionsStray);
    expect(relay.receivers).toEqual([]);
  }
  expect(await place.contentOf("in")).toEqual(landed);
  expect(await place.contentOf("again")).toEqual({});
});

test("a session that somebody has captured says nothing to a root: to the same one while it goes on, or another", async () => {
  // The tap stands between two: nobody else may take part.
  const first = serve("127.0.0.1:9");
  const root = await first.address;
  tap = await Wiretap.open(root, "root");
  const late = await place.receive("late", { keys, openTransport: openTapped(root) });
  await late.relay.join(tap.address);
  await expect.poll(() => late.started[0]?.bytesReceived ?? 0, patience).toBeGreaterThan(0);
  expect(tap.streams.length).toBeGreaterThan(0);
  await expectOnlyKnocksHeard(await first.counters, (wire) => wire.replayAside(root));
  expect(await first.end()).toEqual(["failed", "complete"]);
  expect((await late.end).status).toBe("complete");
  const landed = await place.contentOf("late");

  const second = serve((await place.receive("other", { keys })).relay.address);
  const other = await second.address;
  await expectOnlyKnocksHeard(await second.counters, (wire) => wire.replay(other));
  expect(await second.end()).toEqual(["complete"]);
  expect(await place.contentOf("late")).toEqual(landed);
});

/** A stream on its way to one peer, until it is told to end. */
function serve(peer: string): {
  readonly address: Promise<string>;
  /** What the root's transport counts. */
  readonly counters: Promise<Readonly<TransportCounters>>;
  /** How it ended for each peer. */
  readonly end: () => Promise<readonly string[]>;
} {
  const stream = new PassThrough();
  // More than the chunks whose hashes travel together, which wait for each other.
  stream.write(randomBytes(3_000_000));
  let opened: (counters: Readonly<TransportCounters>) => void = () => undefined;
  const counters = new Promise<Readonly<TransportCounters>>((resolve) => {
    opened = resolve;
  });
  const sender = new FilesSender({ stream, name: "x" }, [peer], {
    keys,
    host: "127.0.0.1",
    chunkSizeBytes: 65_536,
    maxWaitMs: 1_000,
    openTransport: async (options) => {
      const transport = await openTransport(options);
      opened(transport.counters);
      return transport;
    },
  });
  let listening: (address: string) => void = () => undefined;
  const address = new Promise<string>((resolve) => {
    listening = resolve;
  });
  const statuses = (async () => {
    for await (const step of sender.start()) {
      if (step.type === "listening") listening(step.address);
      if (step.type === "result") return step.peers.map(({ status }) => status);
    }
    throw new Error("there was no result");
  })();
  const end = (): Promise<readonly string[]> => {
    stream.end();
    return statuses;
  };
  return { address, counters, end };
}

/** A knock may come twice: nothing else is heard, and it is answered with no more than was said. */
async function expectOnlyKnocksHeard(
  counters: Readonly<TransportCounters>,
  replay: (tap: Wiretap) => Promise<void>,
): Promise<void> {
  const wire = tap as Wiretap;
  const { datagramsForeign: before } = counters;
  const lengths = wire.datagrams.map(lengthToNobody);
  const knocks = lengths.filter(Number.isFinite);
  wire.answers.length = 0;
  await replay(wire);
  expect(knocks.length).toBeGreaterThan(0);
  // What was said meanwhile may have been said again too.
  expect(counters.datagramsForeign - before).toBeGreaterThanOrEqual(lengths.length - knocks.length);
  expect(wire.answers.length).toBeLessThanOrEqual(knocks.length);
  for (const answer of wire.answers) expect(answer.length).toBeLessThanOrEqual(Math.min(...knocks));
}

/** Whoever dials is led through the tap, to the root at least. */
function openTapped(root?: string): (options: OpenTransportOptions) => Promise<Transport> {
  return async (options) => {
    const transport = await openTransport(options);
    const dial: Transport["dial"] = (to, ...rest) =>
      transport.dial(root === undefined || to === root ? (tap?.address ?? to) : to, ...rest);
    return new Proxy(transport, {
      get: (target, name) => {
        const value: unknown = name === "dial" ? dial : Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
}

/** Invitations and knocks are the only ones to nobody in particular; all others count as endless here. */
function lengthToNobody(bytes: Uint8Array): number {
  const isToNobody = bytes.subarray(28, 36).every((byte) => byte === 0);
  return isToNobody ? bytes.length : Number.POSITIVE_INFINITY;
}

test("a session in which every datagram comes three times goes on as if it came once", async () => {
  await place.write({ "out/a": 500_000 });
  const receiving = await place.receive("in", { keys });
  tap = await Wiretap.open(receiving.relay.address);
  tap.deliveries = 3;
  const { result } = await place.send(["out"], [tap.address], { keys });
  expect(result.status).toBe("complete");
  expect(receiving.relay.counters.datagramsForeign).toBeGreaterThan(0);
});
