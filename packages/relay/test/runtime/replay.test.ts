import { type OpenTransportOptions, openTransport, type Transport } from "@palmtree/transport";
import { afterEach, beforeEach, expect, test } from "vitest";
import { GroupKey } from "../../src/index.js";
import { Place } from "./place.js";
import { Wiretap } from "./wiretap.js";

const keys = [GroupKey.draw()];

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
  const receiving = await place.receive("in", { keys, openTransport: openTapped });
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
      expect(answer.length).toBeLessThanOrEqual(Math.min(...tap.datagrams.map(lengthOfInvite)));
    expect(connectionsStray).toBe(before.connectionsStray);
    expect(relay.receivers).toEqual([]);
  }
  expect(await place.contentOf("in")).toEqual(landed);
  expect(await place.contentOf("again")).toEqual({});
});

/** Whoever dials is led through the tap. */
async function openTapped(options: OpenTransportOptions): Promise<Transport> {
  const transport = await openTransport(options);
  const dial: Transport["dial"] = (to, ...rest) => transport.dial(tap?.address ?? to, ...rest);
  return new Proxy(transport, {
    get: (target, name) => {
      const value: unknown = name === "dial" ? dial : Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Invitations are the only ones to nobody in particular; all others count as endless here. */
function lengthOfInvite(bytes: Uint8Array): number {
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
