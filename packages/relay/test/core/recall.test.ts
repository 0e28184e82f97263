import type { Address } from "@palmtree/wire";
import { beforeEach, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import { Inviter } from "../../src/core/invite/inviter.js";
import { Recall } from "../../src/core/invite/recall.js";
import { Room } from "./harness.js";
import { address, makeContext, makeInvite, range, saidIn } from "./parts.js";

const invite = makeInvite();

let context: Context;
let missing: readonly Address[];
let recall: Recall;

beforeEach(() => {
  context = makeContext({ introductionWindow: 4 });
  missing = [];
  recall = new Recall(context, new Inviter(context, invite), () => missing);
});

/** Who is invited at the time of the next deadline. */
function invited(): number[] {
  context.now = recall.deadline() ?? context.now;
  recall.onTick();
  return saidIn(context.takeEffects()).map(({ to, type }) => {
    expect(type).toBe("invite");
    return to;
  });
}

test("nobody is invited again before the session has begun", () => {
  missing = [address(1)];
  expect(recall.deadline()).toBeUndefined();
  recall.onTick();
  expect(context.takeEffects()).toEqual([]);
});

test("the missing are invited once a second, as long as they are", () => {
  recall.start();
  missing = [address(1), address(2)];
  expect(invited()).toEqual([1, 2]);
  expect(context.now).toBe(1_000);
  missing = [address(2)];
  expect(invited()).toEqual([2]);
  missing = [];
  expect(invited()).toEqual([]);
  expect(context.now).toBe(3_000);
});

test("of very many some are invited each time, and all in turn", () => {
  recall.start();
  missing = range(1, 11).map((place) => address(place));
  expect(invited()).toEqual([1, 2, 3, 4]);
  expect(invited()).toEqual([5, 6, 7, 8]);
  expect(invited()).toEqual([9, 10, 1, 2]);
});

test.each(["tree", "pipeline"] as const)(
  "a listed peer that is started when the session runs gets everything without asking (%s)",
  (strategy) => {
    const room = new Room({
      receivers: 4,
      chunkCount: 120,
      options: { maxWaitMs: 500 },
      invite: { strategy },
    });
    room.lose = ({ from, to }) => from === 3 || to === 3;
    room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index >= 40;
    room.start();
    room.passUntil(() => room.phase === "sending");
    expect(room.results.map(({ error }) => error?.code)).toEqual(["not-answering"]);
    room.pass(5_000);
    room.lose = () => false;
    room.pass(2_500);
    room.hold = () => false;
    room.release();
    room.passUntil(() => room.phase === "ended");
    expect(room.results.map(({ status }) => status)).toEqual(Array(4).fill("complete"));
  },
);

test("who takes part answers with how far it is, three times, twice a second at most", () => {
  const room = new Room({ receivers: 2, chunkCount: 120, options: { maxWaitMs: 500 } });
  room.hold = (_, effect) => effect.type === "produce-chunk" && effect.index >= 64;
  room.start();
  expect(room.heard("standing")).toEqual([]);
  room.passUntil(() => room.heard("standing", 1).length > 0);
  expect(room.heard("standing", 1)[0]).toMatchObject({
    to: 0,
    message: { type: "standing", chunksHeld: 64, isBusy: false },
  });
  // Somebody has captured the invitation, and says it again and again.
  for (let count = 0; count < 400; count += 1) {
    room.say(0, 1, room.invite);
    room.pass(5);
  }
  const said = room.heard("standing", 1);
  expect(said).toHaveLength(3);
  const pauses = said.slice(1).map(({ at }, index) => at - (said[index]?.at ?? 0));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(500);
  expect(room.heard("join", 1).length).toBeGreaterThan(400);
  expect(room.party(0).steps.filter(({ type }) => type === "blamed")).toEqual([]);
});
