import type { Strategy } from "@palmtree/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Room } from "./harness.js";
import { attack, chunkCount } from "./hostile-arbitraries.js";
import { Siege } from "./siege.js";

/** The moments at which a machine is attacked. */
const moments = ["inviting", "introducing", "forming", "sending", "landing", "lingering"] as const;
type Moment = (typeof moments)[number];

/** A room of a root and four receivers, in which a session stands still at that moment. */
function roomAt(moment: Moment, strategy: Strategy): Room {
  const room = new Room({ receivers: 4, chunkCount, invite: { fanout: 2, strategy } });
  if (moment === "inviting")
    room.lose = ({ from, message }) => from === 4 && message.type === "join";
  if (moment === "introducing")
    room.lose = ({ from, message }) => from === 4 && message.type === "neighbours-ack";
  if (moment === "forming")
    room.lose = ({ from, message }) => from === 4 && message.type === "upgrade-request";
  if (moment === "sending")
    room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index >= 64;
  if (moment === "landing") room.hold = (_, effect) => effect.type === "land";
  if (moment === "lingering")
    room.lose = ({ from, message }) => from === 4 && message.type === "leave";
  room.start();
  expect(room.phase).toBe(moment === "landing" ? "sending" : moment);
  return room;
}

/** A receiver that has children, where there is one already. */
function innerReceiver(room: Room): number {
  const places = [1, 2, 3, 4];
  const isInner = (place: number): boolean => room.member(place).relay.tree.children.length > 0;
  return places.find(isInner) ?? 1;
}

function besiege(placeIn: (room: Room) => number): void {
  fc.assert(
    fc.property(
      fc.constantFrom(...moments),
      fc.constantFrom("tree" as const, "pipeline" as const),
      fc.array(attack, { minLength: 1, maxLength: 60 }),
      (moment, strategy, attacks) => {
        const room = roomAt(moment, strategy);
        const siege = new Siege(room, placeIn(room));
        for (const one of attacks) siege.suffer(one);
        siege.outlast();
      },
    ),
    { numRuns: 250 },
  );
}

describe("whatever neighbours and strangers say and do, in whatever order and at whatever moment", () => {
  const promise =
    "never throws, heeds no stranger, says nothing that cannot be sent, stays within its bounds, and comes to rest";

  test(`a root ${promise}`, { timeout: 60_000 }, () => besiege(() => 0));

  test(`a receiver ${promise}`, { timeout: 60_000 }, () => besiege(innerReceiver));
});
