import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "../../src/core/context.js";
import type { Effect } from "../../src/core/effect.js";
import { Invitation } from "../../src/core/invite/invitation.js";
import { Inviter } from "../../src/core/invite/inviter.js";
import type { PeerOptions } from "../../src/core/options.js";
import {
  address,
  makeContext,
  makeInvite,
  peer,
  range,
  saidIn,
  stepsIn,
  takeFacts,
} from "./parts.js";

const invite = makeInvite();

let context: Context;
let invitation: Invitation;
let effects: Effect[];
beforeEach(() => {
  effects = [];
});

/** Invite the peers 1 to `count`. */
function open(count: number, options: Partial<PeerOptions> = {}): void {
  context = makeContext(options);
  invitation = new Invitation(context, new Inviter(context, invite), {
    addresses: range(1, count + 1).map(address),
    timeoutMs: invite.timeoutMs,
  });
  invitation.start();
  collect();
}

function collect(): void {
  effects.push(...context.takeEffects());
}

function join(number: number, id: string = peer(number).id): void {
  invitation.onJoin(address(number), id);
  collect();
}

function pass(until: number): void {
  for (let due = invitation.deadline(); due !== undefined && due <= until; ) {
    context.now = due;
    invitation.onTick();
    const next = invitation.deadline();
    expect(next === undefined || next > due).toBe(true);
    due = next;
  }
  context.now = until;
  collect();
}

function isClosed(): boolean {
  return takeFacts(context).some(({ type }) => type === "invitations-closed");
}

function joinedNumbers(): string[] {
  return invitation.joined.map(({ address: at }) => at);
}

describe("Invitation", () => {
  test("every listed peer is invited at once, and the user is told", () => {
    open(3);
    expect(saidIn(effects)).toEqual([1, 2, 3].map((to) => ({ to, ...invite })));
    expect(stepsIn(effects)).toEqual(
      [1, 2, 3].map((number) => ({ type: "invited", address: address(number) })),
    );
  });

  test("when all have answered, it closes without waiting any longer", () => {
    open(2);
    context.now = 3;
    join(1);
    expect(isClosed()).toBe(false);
    join(2);
    expect(isClosed()).toBe(true);
    expect(invitation.absent).toEqual([]);
    expect(invitation.deadline()).toBeUndefined();
    expect(stepsIn(effects).slice(2)).toEqual([
      { type: "joined", address: address(1) },
      { type: "joined", address: address(2) },
    ]);
  });

  test("peers are numbered as they were listed, not as they answered", () => {
    open(3);
    for (const number of [3, 1, 2]) join(number);
    expect(joinedNumbers()).toEqual([1, 2, 3].map(address));
  });

  test("who is silent is invited again and again, and is absent after the longest wait", () => {
    open(2, { maxWaitMs: 5_000 });
    join(1);
    pass(4_999);
    expect(isClosed()).toBe(false);
    pass(5_000);
    expect(isClosed()).toBe(true);
    expect(saidIn(effects).filter(({ to }) => to === 2).length).toBeGreaterThan(4);
    expect(invitation.absent).toMatchObject([{ address: address(2), code: "not-answering" }]);
    expect(invitation.absent[0]?.message).toContain("5000 ms");
    expect(joinedNumbers()).toEqual([address(1)]);
  });

  test("who declines is absent with its reason and its own words, and is not waited for", () => {
    open(2);
    invitation.onDecline(address(1), "no-space", "3 GiB free, 4 GiB needed");
    invitation.onDecline(address(2), "busy", "");
    collect();
    expect(isClosed()).toBe(true);
    expect(invitation.absent).toEqual([
      {
        address: address(1),
        code: "declined",
        message: "declined (no-space): 3 GiB free, 4 GiB needed",
      },
      { address: address(2), code: "declined", message: "declined: busy" },
    ]);
    expect(stepsIn(effects)).toContainEqual({
      type: "declined",
      address: address(2),
      code: "busy",
      message: "declined: busy",
    });
  });

  test("with a least wait it starts without the silent, but not before that time", () => {
    open(3, { minWaitMs: 1_000, minReceivers: 2, maxWaitMs: 5_000 });
    join(1);
    join(2);
    pass(999);
    expect(isClosed()).toBe(false);
    pass(1_000);
    expect(isClosed()).toBe(true);
    expect(joinedNumbers()).toEqual([address(1), address(2)]);
  });

  test("with too few receivers it waits beyond the least wait, and closes with the one that makes them enough", () => {
    open(3, { minWaitMs: 1_000, minReceivers: 2, maxWaitMs: 5_000 });
    join(1);
    pass(2_000);
    expect(isClosed()).toBe(false);
    join(2);
    expect(isClosed()).toBe(true);
  });

  test("without a least wait it waits for all, until the longest wait is over", () => {
    open(3, { minWaitMs: 0, minReceivers: 1, maxWaitMs: 5_000 });
    join(1);
    join(2);
    pass(4_999);
    expect(isClosed()).toBe(false);
    pass(5_000);
    expect(isClosed()).toBe(true);
  });

  test("the longest wait ends it even when it is shorter than the least wait", () => {
    // The third is asked late, behind the second, and would have time left.
    open(3, { minWaitMs: 9_000, minReceivers: 1, maxWaitMs: 2_000, introductionWindow: 1 });
    join(1);
    pass(1_999);
    expect(isClosed()).toBe(false);
    pass(2_000);
    expect(isClosed()).toBe(true);
  });

  test("a peer that was restarted and joins again is known by its new id", () => {
    open(2);
    join(1);
    join(1, "00000000000000ff");
    join(2);
    expect(invitation.joined[0]).toMatchObject({ address: address(1), id: "00000000000000ff" });
    expect(stepsIn(effects).filter(({ type }) => type === "joined")).toHaveLength(2);
  });

  test("joins of those that declined are ignored", () => {
    open(2);
    invitation.onDecline(address(1), "busy", "");
    join(1);
    join(2);
    expect(joinedNumbers()).toEqual([address(2)]);
  });

  test("a stranger that joins, because it knocked and was invited, takes part after those listed", () => {
    open(2);
    join(9);
    join(9);
    join(1);
    join(2);
    expect(joinedNumbers()).toEqual([address(1), address(2), address(9)]);
    expect(stepsIn(effects).filter(({ type }) => type === "joined")).toHaveLength(3);
  });

  test("strangers are taken as long as there is room beside all who were listed", () => {
    open(2, { mostPeers: 4 });
    for (const number of [7, 8, 9]) join(number);
    join(1);
    join(2);
    expect(joinedNumbers()).toEqual([address(1), address(2), address(7)]);
  });

  test("peers that are added while it is open are invited and waited for, each once", () => {
    open(1);
    invitation.add([address(1), address(5)]);
    effects.push(...context.takeEffects());
    expect(saidIn(effects).map(({ to }) => to)).toEqual([1, 5]);
    join(1);
    expect(isClosed()).toBe(false);
    join(5);
    expect(isClosed()).toBe(true);
    expect(joinedNumbers()).toEqual([address(1), address(5)]);
  });

  test("a decline after a join changes nothing", () => {
    open(2);
    join(1);
    invitation.onDecline(address(1), "leaving", "");
    join(2);
    expect(joinedNumbers()).toEqual([address(1), address(2)]);
    expect(invitation.absent).toEqual([]);
  });

  test("whatever comes after it has closed is ignored", () => {
    open(2, { maxWaitMs: 100 });
    join(1);
    pass(100);
    takeFacts(context);
    join(2);
    join(1, "00000000000000ff");
    invitation.onDecline(address(2), "busy", "");
    expect(takeFacts(context)).toEqual([]);
    expect(invitation.joined).toMatchObject([{ address: address(1), id: peer(1).id }]);
    expect(invitation.absent).toMatchObject([{ code: "not-answering" }]);
  });

  test("no more peers than the window are invited at once; every join makes room for one", () => {
    open(10, { introductionWindow: 4 });
    expect(saidIn(effects).map(({ to }) => to)).toEqual([1, 2, 3, 4]);
    join(2);
    join(3);
    expect(saidIn(effects).map(({ to }) => to)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("those who wait for others are reminded every quarter of the time-out that the root lives", () => {
    open(2, { maxWaitMs: 20_000 });
    join(1);
    effects.length = 0;
    pass(19_999);
    const reminders = saidIn(effects).filter(({ to }) => to === 1);
    expect(reminders).toHaveLength(2);
  });
});
