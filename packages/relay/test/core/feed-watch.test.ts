import type { PeerInfo, Trouble } from "@palmtree/wire";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { FeedWatch } from "../../src/core/feed/feed-watch.js";
import type { SourceFlow } from "../../src/core/transfer/inlets.js";
import type { SinkFlow } from "../../src/core/transfer/sink.js";
import { makeContext, peer, range, takeFacts } from "./parts.js";

/** What there is to see at a moment. */
interface Sight {
  readonly sources?: readonly number[];
  readonly isHungry?: boolean;
  readonly flows?: readonly SinkFlow[];
  readonly inflows?: readonly SourceFlow[];
  readonly absent?: readonly number[];
}

const megabyte = 1_000_000;

let context: Context;
let watch: FeedWatch;
/** Everything that was told, and whom was asked whether it is there, by time. */
let troubles: (Trouble & { readonly at: number })[];
let probes: { readonly at: number; readonly to: number }[];

beforeEach(() => {
  context = makeContext();
  watch = new FeedWatch(context);
  troubles = [];
  probes = [];
  watch.start();
});

function look(sight: Sight): void {
  const { sources = [], isHungry = false, flows = [], inflows = [], absent = [] } = sight;
  const probe = ({ number: to }: PeerInfo): unknown => probes.push({ at: context.now, to });
  const inflow = { isHungry, flows: inflows };
  watch.onTick({ self: 9, sources, flows, inflow, absent, neighbour: peer, probe });
  for (const fact of takeFacts(context))
    if (fact.type === "trouble-seen") troubles.push({ ...fact.trouble, at: context.now });
}

/** Let time pass, look by look. `seen` says what there is at each. */
function pass(until: number, seen: (now: number) => Sight, heard: readonly number[] = []): void {
  for (let due = watch.deadline(); due !== undefined && due <= until; due = watch.deadline()) {
    context.now = due;
    for (const number of heard) watch.heard(number);
    look(seen(due));
  }
  context.now = until;
}

/** A flow to that sink of which so many bytes are offered and taken in a second, from `since` on. */
function flowing(
  number: number,
  offered: number,
  taken: number,
  { since = 0, sentBefore = 0, bytesLacked = 1_000 * megabyte } = {},
): (now: number) => SinkFlow {
  return (now) => {
    const seconds = Math.max(0, now - since) / 1_000;
    const bytesOffered = sentBefore + Math.round(offered * seconds);
    const bytesSent = sentBefore + Math.round(taken * seconds);
    const isSending = bytesSent < bytesOffered;
    return { number, connection: -number, bytesSent, bytesOffered, bytesLacked, isSending };
  };
}

describe("a sink", () => {
  test("that takes a tenth of what it is offered is slow, and told with both rates", () => {
    const flow = flowing(3, 10 * megabyte, megabyte);
    pass(2_000, (now) => ({ flows: [flow(now)] }), [3]);
    expect(troubles[0]).toMatchObject({
      number: 3,
      kind: "slow",
      bytesPerSecond: megabyte,
      offeredBytesPerSecond: 10 * megabyte,
    });
    expect(troubles[0]?.at).toBeLessThanOrEqual(1_000);
  });

  test("is slow once it has lost two thirds of a second, however much it is offered", () => {
    const flow = flowing(3, 1_000 * megabyte, megabyte);
    pass(750, (now) => ({ flows: [flow(now)] }), [3]);
    expect(troubles).toEqual([]);
    pass(850, (now) => ({ flows: [flow(now)] }), [3]);
    expect(troubles).toHaveLength(1);
  });

  test("that takes more than five sixths of what it is offered is not slow", () => {
    const flow = flowing(3, 10 * megabyte, 8.5 * megabyte);
    pass(30_000, (now) => ({ flows: [flow(now)] }), [3]);
    expect(troubles).toEqual([]);
  });

  test("beside another one is slow only when it takes less than half: they share an uplink unevenly", () => {
    const even = flowing(4, 10 * megabyte, 10 * megabyte);
    const uneven = flowing(3, 10 * megabyte, 5.5 * megabyte);
    pass(15_000, (now) => ({ flows: [even(now), uneven(now)] }), [3, 4]);
    expect(troubles).toEqual([]);
    const slow = flowing(5, 10 * megabyte, 4.5 * megabyte);
    pass(20_000, (now) => ({ flows: [even(now), slow(now)] }), [4, 5]);
    expect(troubles[0]).toMatchObject({ kind: "slow", number: 5 });
  });

  test("that takes two thirds of what it is offered is slow after two and a half seconds", () => {
    const flow = flowing(3, 10 * megabyte, 6.6 * megabyte);
    pass(2_400, (now) => ({ flows: [flow(now)] }), [3]);
    expect(troubles).toEqual([]);
    pass(2_900, (now) => ({ flows: [flow(now)] }), [3]);
    expect(troubles[0]).toMatchObject({ kind: "slow", number: 3 });
  });

  test("is not slow when it will have the rest within a second of the others", () => {
    const slow = { bytesLacked: 14.9 * megabyte };
    const flow = flowing(3, 10 * megabyte, 6 * megabyte, slow);
    pass(5_000, (now) => ({ flows: [flow(now)] }), [3]);
    // At these rates it needs 2.5 s for what takes the others 1.5 s.
    expect(troubles).toHaveLength(0);
    const later = flowing(4, 10 * megabyte, 6 * megabyte, { bytesLacked: 15.1 * megabyte });
    pass(10_000, (now) => ({ flows: [later(now)] }), [4]);
    expect(troubles[0]).toMatchObject({ kind: "slow", number: 4 });
  });

  test("that is behind by no more than windows and buffers hold is not slow, whatever its rate", () => {
    // 512 KiB are always allowed: after a second these are 400 kB behind.
    const flow = flowing(3, 400_000, 0);
    pass(1_000, (now) => ({ flows: [flow(now)] }), [3]);
    expect(troubles).toEqual([]);
    pass(2_000, (now) => ({ flows: [flow(now)] }), [3]);
    expect(troubles[0]).toMatchObject({ kind: "slow", bytesPerSecond: 0 });
  });

  test("that stood still for less than half a second is not slow", () => {
    const before = 50 * megabyte;
    const even = flowing(3, 50 * megabyte, 50 * megabyte);
    // A short stop, and then on at full speed.
    const stopped = flowing(3, 50 * megabyte, 0, { since: 1_000, sentBefore: before });
    pass(1_000, (now) => ({ flows: [even(now)] }), [3]);
    pass(1_450, (now) => ({ flows: [stopped(now)] }), [3]);
    const onwards = flowing(3, 50 * megabyte, 50 * megabyte, { sentBefore: -22.5 * megabyte });
    const offered = (now: number): number => even(now).bytesOffered;
    pass(5_000, (now) => ({ flows: [{ ...onwards(now), bytesOffered: offered(now) }] }), [3]);
    expect(troubles).toEqual([]);
  });

  test("is told again, as long as it stays slow, after 0.5, 1, 2, 2, ... s", () => {
    const flow = flowing(3, 10 * megabyte, megabyte);
    pass(10_000, (now) => ({ flows: [flow(now)] }), [3]);
    const pauses = range(1, troubles.length).map(
      (place) => (troubles[place]?.at ?? 0) - (troubles[place - 1]?.at ?? 0),
    );
    expect(pauses).toEqual([500, 1_000, 2_000, 2_000, 2_000]);
  });

  test("that is offered little and takes it all is not slow", () => {
    const flow = flowing(3, 1_000, 1_000);
    pass(10_000, (now) => ({ flows: [flow(now)] }));
    expect(troubles).toEqual([]);
    expect(probes).toEqual([]);
  });

  test("begins anew over a new connection: what the old one took is not held against it", () => {
    const slow = flowing(3, 10 * megabyte, 0);
    pass(550, (now) => ({ flows: [slow(now)] }), [3]);
    pass(1_000, (now) => ({ flows: [{ ...slow(now), connection: -33 }] }), [3]);
    expect(troubles).toEqual([]);
  });
});

describe("silence", () => {
  const hungry = { sources: [1, 2], isHungry: true };

  test("of a source is asked about after 200 ms, by a probe at each look", () => {
    pass(1_000, () => hungry);
    const ofOne = probes.filter(({ to }) => to === 1).map(({ at }) => at);
    expect(ofOne[0]).toBe(300);
    expect(ofOne).toHaveLength(8);
  });

  test("is asked about at eight looks, and then once a second: a slow link is not to be filled", () => {
    pass(5_150, () => hungry, [2]);
    const times = probes.filter(({ to }) => to === 1).map(({ at }) => at);
    expect(times).toEqual([300, 400, 500, 600, 700, 800, 900, 1_000, 2_000, 3_000, 4_000, 5_000]);
  });

  test("is told when 600 ms have passed and four probes were in vain, and again", () => {
    pass(3_000, () => hungry, [2]);
    const times = troubles.map(({ at, number, kind }) => ({ at, number, kind }));
    expect(times[0]).toEqual({ at: 700, number: 1, kind: "silent" });
    expect(times[1]).toEqual({ at: 1_200, number: 1, kind: "silent" });
    expect(troubles.every(({ number }) => number === 1)).toBe(true);
  });

  test("of a source that answers probes is none, although nothing flows", () => {
    pass(10_000, () => hungry, [1, 2]);
    expect(troubles).toEqual([]);
  });

  test("needs probes: who was not asked four times is not called silent", () => {
    // Only every other look sees that something is missing, so that it is never asked often enough.
    pass(10_000, (now) => ((now / 100) % 4 === 0 ? {} : hungry));
    expect(troubles).toEqual([]);
  });

  test("of a source matters only while this peer waits for chunks, and reads them", () => {
    pass(5_000, () => ({ sources: [1, 2], isHungry: false }));
    expect(probes).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test("of a sink to which chunks are stuck is asked about and told as well", () => {
    const stuck = { ...flowing(4, 0, 0)(0), bytesOffered: 1_000, isSending: true };
    pass(3_000, () => ({ flows: [stuck] }));
    expect(probes[0]?.to).toBe(4);
    expect(troubles[0]).toMatchObject({ number: 4, kind: "silent", bytesPerSecond: 0 });
  });

  test("of a sink to which nothing is on its way is no trouble", () => {
    const idle = flowing(4, 0, 0)(0);
    pass(5_000, () => ({ flows: [idle] }));
    expect(probes).toEqual([]);
  });

  test("is broken by a single word", () => {
    pass(600, () => hungry, [2]);
    watch.heard(1);
    pass(1_100, () => hungry, [2]);
    expect(troubles).toEqual([]);
    pass(1_400, () => hungry, [2]);
    expect(troubles).toMatchObject([{ number: 1, kind: "silent" }]);
  });

  test("of somebody who has no address here is asked nobody", () => {
    context.now = 100;
    for (const now of [100, 200, 300, 400]) {
      context.now = now;
      watch.onTick({
        self: 9,
        sources: [1],
        flows: [],
        inflow: { isHungry: true, flows: [] },
        absent: [],
        neighbour: () => undefined,
        probe: ({ number: to }) => probes.push({ at: now, to }),
      });
    }
    expect(probes).toEqual([]);
  });
});

describe("a machine that was itself late", () => {
  test("begins to listen anew: a busy event loop is not a dead neighbour", () => {
    const hungry = { sources: [1], isHungry: true };
    pass(500, () => hungry);
    context.now = 5_000;
    look(hungry);
    expect(troubles).toEqual([]);
    expect(watch.deadline()).toBe(5_100);
    // From then on it counts as always.
    pass(7_000, () => hungry);
    expect(troubles[0]?.at).toBeGreaterThanOrEqual(5_600);
  });

  test("measures rates anew: what stood still with it was not a slow sink", () => {
    const flow = flowing(3, 10 * megabyte, 9 * megabyte);
    pass(500, (now) => ({ flows: [flow(now)] }), [3]);
    const stalled = { ...flow(500), bytesOffered: flow(500).bytesOffered + 100 * megabyte };
    context.now = 5_000;
    look({ flows: [stalled] });
    pass(5_400, () => ({ flows: [stalled] }), [3]);
    expect(troubles).toEqual([]);
  });
});

test("nothing is looked at before there is a feed, and after the end", () => {
  const idle = new FeedWatch(context);
  expect(idle.deadline()).toBeUndefined();
  watch.stop();
  expect(watch.deadline()).toBeUndefined();
  look({ sources: [1], isHungry: true });
  expect(probes).toEqual([]);
});

describe("a source that answers", () => {
  const megabytes = (count: number): number => count * megabyte;

  /** What source 1 has sent and left out by then, a second. */
  function from(fed: number, passedOver: number, isOwing = true): (now: number) => Sight {
    return (now) => {
      const bytesFed = Math.round((fed * now) / 1_000);
      const bytesPassedOver = Math.round((passedOver * now) / 1_000);
      const counts = { bytesFed, bytesPassedOver, bytesRepeated: 0 };
      return { isHungry: true, inflows: [{ number: 1, connection: -1, ...counts, isOwing }] };
    };
  }

  /** What source 1 has sent by then, a second, and how much of it again. */
  function again(fed: number, repeated: number): (now: number) => Sight {
    return (now) => {
      const { inflows = [] } = from(fed, 0)(now);
      const bytesRepeated = Math.round((repeated * now) / 1_000);
      return { isHungry: true, inflows: inflows.map((flow) => ({ ...flow, bytesRepeated })) };
    };
  }

  test("and has sent nothing of what it owes for a second withholds it", () => {
    pass(1_000, from(0, 0));
    expect(troubles).toEqual([]);
    pass(1_200, from(0, 0));
    expect(troubles).toMatchObject([{ number: 1, kind: "withholding", bytesPerSecond: 0 }]);
  });

  test("and owes nothing may be quiet", () => {
    pass(10_000, from(0, 0, false));
    expect(troubles).toEqual([]);
  });

  test("and sends a chunk now and then is no trouble, however slow: its own source says so", () => {
    pass(10_000, from(1, 0));
    expect(troubles).toEqual([]);
  });

  test("but leaves out every other chunk withholds these", () => {
    pass(2_000, from(megabytes(2), megabytes(2)));
    expect(troubles[0]).toMatchObject({ number: 1, kind: "withholding" });
  });

  test("and leaves out few, of much or of little, is no trouble", () => {
    pass(10_000, from(megabytes(20), megabytes(5)));
    expect(troubles).toEqual([]);
    pass(20_000, from(0.5 * megabyte, 0.5 * megabyte));
    expect(troubles).toEqual([]);
  });

  test("but sends a third of its chunks again wastes what it has to send, however slowly", () => {
    pass(10_000, again(0.3 * megabyte, 0.09 * megabyte));
    expect(troubles).toEqual([]);
    pass(12_000, again(0.3 * megabyte, 0.09 * megabyte));
    expect(troubles[0]).toMatchObject({ number: 1, kind: "withholding" });
  });

  test("and sends some of much again is no trouble", () => {
    pass(10_000, again(megabytes(20), megabytes(4)));
    expect(troubles).toEqual([]);
  });

  test("and gives no feed at all for one and a half seconds withholds chunks too", () => {
    const without = (): Sight => ({ sources: [1], isHungry: true, absent: [1] });
    pass(1_500, without, [1]);
    expect(troubles).toEqual([]);
    pass(1_600, without, [1]);
    expect(troubles).toMatchObject([{ number: 1, kind: "withholding", bytesPerSecond: 0 }]);
  });

  test("and whose feed comes and goes is given that time once, until it sends a chunk", () => {
    const without = (): Sight => ({ sources: [1], isHungry: true, absent: [1] });
    const emptyHanded = (now: number): Sight => ({ ...from(0, 0)(now), sources: [1] });
    const sending = (now: number): Sight => ({ ...from(1, 0)(now), sources: [1] });
    pass(1_000, without, [1]);
    pass(1_500, emptyHanded, [1]);
    pass(2_000, without, [1]);
    expect(troubles).toEqual([]);
    pass(2_100, without, [1]);
    expect(troubles).toHaveLength(1);
    pass(6_000, sending, [1]);
    pass(7_500, without, [1]);
    expect(troubles).toHaveLength(1);
    pass(7_700, without, [1]);
    expect(troubles).toHaveLength(2);
  });

  test("and gives no feed while this peer lacks nothing is no trouble", () => {
    pass(10_000, () => ({ sources: [1], absent: [1] }), [1]);
    expect(troubles).toEqual([]);
  });

  test("is given a second anew when this peer did not read from it, or has a new feed", () => {
    pass(900, from(0, 0));
    pass(1_000, () => ({ ...from(0, 0)(0), isHungry: false }));
    pass(1_900, from(0, 0));
    pass(2_000, () => ({ isHungry: true }));
    pass(2_900, from(0, 0));
    expect(troubles).toEqual([]);
    pass(3_200, from(0, 0));
    expect(troubles).toHaveLength(1);
  });
});
