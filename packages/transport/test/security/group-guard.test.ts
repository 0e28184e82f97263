import { anySession, type ControlMessage, type Datagram, makeKnock, nobody } from "@palmtree/wire";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { GroupGuard } from "../../src/security/group-guard.js";
import { GroupKey } from "../../src/security/group-key.js";
import { OpenGuard } from "../../src/security/guard.js";
import { Identity } from "../../src/security/identity.js";
import { ReplayFilter } from "../../src/security/replay-filter.js";

/** Where it comes from, if that does not matter. */
const somewhere = "192.0.2.1:4747";

const session = "000102030405060708090a0b0c0d0e0f";
const group = GroupKey.draw();

/** Somebody who has that key. */
class Somebody {
  readonly identity = Identity.draw();
  readonly guard: GroupGuard;
  #counter = 0;

  constructor(...keys: [GroupKey, ...GroupKey[]]) {
    this.guard = new GroupGuard(this.identity, keys);
  }

  idIn(which: string): string {
    return this.identity.idIn(which);
  }

  datagram(receiver: string, message: ControlMessage, where = session): Datagram {
    this.#counter += 1;
    return { session: where, sender: this.idIn(where), receiver, counter: this.#counter, message };
  }

  says(receiver: string, message: ControlMessage, where = session): Uint8Array {
    return this.guard.wrap(this.datagram(receiver, message, where));
  }
}

const ping = { type: "ping", pulse: 7 } as const;

describe("a member of the group", () => {
  const left = new Somebody(group);
  const right = new Somebody(group);

  it("is believed", () => {
    const said = left.datagram(right.idIn(session), ping);
    expect(right.guard.unwrap(left.guard.wrap(said), somewhere)).toEqual(said);
  });

  it("is believed once: what was captured says nothing a second time", () => {
    const said = left.says(right.idIn(session), ping);
    expect(right.guard.unwrap(said, somewhere)).toBeDefined();
    expect(right.guard.unwrap(said, somewhere)).toBeUndefined();
  });

  it("is believed when its words overtake each other, but not for ever", () => {
    const said = Array.from({ length: 40 }, () => left.says(right.idIn(session), ping));
    const heard = said
      .toReversed()
      .map((each) => right.guard.unwrap(each, somewhere) !== undefined);
    expect(heard.slice(0, 16)).toEqual(Array.from({ length: 16 }, () => true));
    expect(heard.slice(17)).not.toContain(true);
  });

  describe("that says much", () => {
    const clock = vi.spyOn(performance, "now");
    beforeEach(() => clock.mockReturnValue(1_000));
    afterAll(() => clock.mockRestore());

    it("is heard 512 times at once, and 64 times a second; and so is everybody else", () => {
      const [flooder, other, listener] = [
        new Somebody(group),
        new Somebody(group),
        new Somebody(group),
      ];
      const heard = (who: Somebody, times: number): number => {
        let count = 0;
        for (let said = 0; said < times; said += 1)
          if (listener.guard.unwrap(who.says(listener.idIn(session), ping), somewhere)) count += 1;
        return count;
      };
      expect(heard(flooder, 600)).toBe(512);
      expect(heard(other, 10)).toBe(10);
      clock.mockReturnValue(2_000);
      expect(heard(flooder, 200)).toBe(64);
    });

    it("is not silenced by who does so in its name", () => {
      const [liar, honest, listener] = [
        new Somebody(group),
        new Somebody(group),
        new Somebody(group),
      ];
      const receiver = listener.idIn(session);
      expect(listener.guard.unwrap(honest.says(receiver, ping), somewhere)).toBeDefined();
      for (let said = 0; said < 600; said += 1) {
        const counter = 1_000 + said;
        const forged = { session, sender: honest.idIn(session), receiver, counter, message: ping };
        expect(listener.guard.unwrap(liar.guard.wrap(forged), somewhere)).toBeUndefined();
      }
      expect(listener.guard.unwrap(honest.says(receiver, ping), somewhere)).toBeDefined();
    });
  });

  it("cannot speak in another's name, whose id it knows", () => {
    const forged = { ...left.datagram(right.idIn(session), ping), sender: "0123456789abcdef" };
    expect(right.guard.unwrap(left.guard.wrap(forged), somewhere)).toBeUndefined();
  });

  it("is not overheard by whom it does not mean", () => {
    const third = new Somebody(group);
    expect(third.guard.unwrap(left.says(right.idIn(session), ping), somewhere)).toBeUndefined();
  });

  it("may say to nobody in particular what invites, and nothing else", () => {
    expect(right.guard.unwrap(left.says(nobody, makeKnock(), anySession), somewhere)).toBeDefined();
    expect(right.guard.unwrap(left.says(nobody, makeKnock()), somewhere)).toBeDefined();
    expect(right.guard.unwrap(left.says(nobody, ping), somewhere)).toBeUndefined();
  });

  it("says nothing that can be read on the way", () => {
    const detail = "what nobody should read";
    const said = left.says(right.idIn(session), { type: "leave", code: "left", detail });
    expect(Buffer.from(said).includes(detail)).toBe(false);
  });
});

describe("whoever is not of the group", () => {
  let member: Somebody;
  beforeEach(() => {
    member = new Somebody(group);
  });

  it("is not believed, with another key or without one", () => {
    const stranger = new Somebody(GroupKey.draw());
    expect(
      member.guard.unwrap(stranger.says(member.idIn(session), ping), somewhere),
    ).toBeUndefined();
    const open = new OpenGuard(stranger.identity);
    const said = open.wrap(stranger.datagram(member.idIn(session), ping));
    expect(member.guard.unwrap(said, somewhere)).toBeUndefined();
  });

  it("cannot change a bit of what members say", () => {
    const friend = new Somebody(group);
    const said = friend.says(member.idIn(session), ping);
    const startedAt = performance.now();
    const clock = vi.spyOn(performance, "now");
    for (let bit = 32; bit < said.length * 8; bit += 1) {
      const changed = Uint8Array.from(said);
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      // Each from somewhere else and a millisecond later, so that all are looked into.
      clock.mockReturnValue(startedAt + bit);
      const from = `10.0.${bit >> 8}.${bit & 255}:4747`;
      expect(heardOf(member, changed, from), `bit ${bit}`).toBe(false);
    }
    expect(heardOf(member, said)).toBe(true);
    clock.mockRestore();
  });

  /** How many of 20,000 are looked into, and how many milliseconds it took to say them. */
  function sayJunk(addressOf: (count: number) => string): { lookedInto: number; tookMs: number } {
    const junk = new Somebody(GroupKey.draw()).says(nobody, makeKnock());
    const deriving = vi.spyOn(group, "sealingKey");
    const startedAt = performance.now();
    for (let count = 0; count < 20_000; count += 1) {
      junk[4 + (count % 16)] = count & 255;
      member.guard.unwrap(junk, addressOf(count));
    }
    const tookMs = performance.now() - startedAt;
    const lookedInto = deriving.mock.calls.length;
    deriving.mockRestore();
    return { lookedInto, tookMs };
  }

  it("costs little: of unknown sessions few are looked into at once", () => {
    const { lookedInto, tookMs } = sayJunk((count) => `10.0.${count >> 8}.${count & 255}:4747`);
    expect(lookedInto).toBeGreaterThan(0);
    expect(lookedInto).toBeLessThanOrEqual(1_025 + 2 * tookMs);
  });

  it("costs next to nothing from one host, whose other ports and networks count as it", () => {
    const { lookedInto, tookMs } = sayJunk((count) => `192.0.2.7:${1 + count}`);
    expect(lookedInto).toBeGreaterThan(0);
    expect(lookedInto).toBeLessThanOrEqual(65 + 0.1 * tookMs);
    const other = sayJunk((count) => `[2001:db8:0:1::${count.toString(16)}]:4747`);
    expect(other.lookedInto).toBeLessThanOrEqual(65 + 0.1 * other.tookMs);
  });

  it("does not drown who speaks from elsewhere", () => {
    sayJunk(() => "192.0.2.8:4747");
    const { session: own } = Identity.draw();
    const invited = new Somebody(group).says(nobody, makeKnock(), own);
    expect(member.guard.unwrap(invited, "192.0.2.9:4747")).toBeDefined();
  });
});

describe("a flood of what a member once said", () => {
  const member = new Somebody(group);

  it("is not deciphered again where it is for one peer", () => {
    const friend = new Somebody(group);
    const captured = friend.says(member.idIn(session), ping);
    expect(heardOf(member, captured)).toBe(true);
    // Asked of what has been deciphered and verified.
    const verified = vi.spyOn(ReplayFilter.prototype, "isNew");
    for (let count = 0; count < 100; count += 1) expect(heardOf(member, captured)).toBe(false);
    expect(verified).not.toHaveBeenCalled();
    verified.mockRestore();
  });

  it("is answered now and then only where it is for nobody in particular", () => {
    const captured = new Somebody(group).says(nobody, makeKnock());
    const startedAt = performance.now();
    let heard = 0;
    for (let count = 0; count < 5_000; count += 1) if (heardOf(member, captured)) heard += 1;
    expect(heard).toBeGreaterThan(0);
    expect(heard).toBeLessThanOrEqual(1_026 + (performance.now() - startedAt) / 10);
    const { session: other } = Identity.draw();
    const friend = new Somebody(group);
    // The flood has spent what its own session has, and not what the others have.
    for (let count = 0; count < 5; count += 1)
      expect(heardOf(member, friend.says(nobody, makeKnock(), other))).toBe(true);
  });
});

/** Whether something was believed; what is malformed was not. */
function heardOf({ guard }: Somebody, bytes: Uint8Array, from = somewhere): boolean {
  try {
    return guard.unwrap(bytes, from) !== undefined;
  } catch {
    return false;
  }
}

describe("junk that names no session", () => {
  it("leads to no more derived keys than there are keys", () => {
    const member = new Somebody(group);
    const stranger = new Somebody(GroupKey.draw());
    member.guard.unwrap(new Somebody(group).says(nobody, makeKnock(), anySession), somewhere);
    const derived = vi.spyOn(group, "sealingKey");
    const junk = stranger.says(nobody, makeKnock(), anySession);
    for (let count = 0; count < 100; count += 1) member.guard.unwrap(junk, somewhere);
    expect(derived).not.toHaveBeenCalled();
    derived.mockRestore();
  });
});

describe("a key that is being replaced", () => {
  const next = GroupKey.draw();

  it("is accepted beside the new one, and answered with what was heard", () => {
    const root = new Somebody(group);
    const { session: own } = root.identity;
    const receiver = new Somebody(next, group);
    expect(
      receiver.guard.unwrap(root.says(receiver.idIn(own), ping, own), somewhere),
    ).toBeDefined();
    const answer = receiver.says(root.idIn(own), { type: "pong", pulse: 7 }, own);
    expect(root.guard.unwrap(answer, somewhere)).toBeDefined();
  });

  it("is not taken for a session's because somebody else speaks in it first", () => {
    const root = new Somebody(group);
    const { session: own } = root.identity;
    const meddler = new Somebody(next);
    const receiver = new Somebody(next, group);
    meddler.guard.wrap(meddler.datagram(nobody, makeKnock(), own));
    expect(receiver.guard.unwrap(meddler.says(nobody, makeKnock(), own), somewhere)).toBeDefined();
    expect(
      receiver.guard.unwrap(root.says(receiver.idIn(own), ping, own), somewhere),
    ).toBeDefined();
    const answer = receiver.says(root.idIn(own), { type: "pong", pulse: 7 }, own);
    expect(root.guard.unwrap(answer, somewhere)).toBeDefined();
  });

  it("is not used any more by who has the new one first", () => {
    const sender = new Somebody(next, group);
    const behind = new Somebody(group);
    expect(behind.guard.unwrap(sender.says(behind.idIn(session), ping), somewhere)).toBeUndefined();
  });
});
