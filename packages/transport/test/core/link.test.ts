import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultLinkOptions, Link, type LinkEvent } from "../../src/core/index.js";

const token = "0123456789abcdef";
const options = { upgradeRetryMs: 250, upgradeTimeoutMs: 1_000 };

function typesOf(link: Link, event: LinkEvent, now: number): readonly string[] {
  return link.handle(event, now).map(({ type }) => type);
}

describe("Link", () => {
  it("begins passive, with nothing to wait for", () => {
    const link = new Link();
    expect([link.state, link.deadline(), link.offeredToken]).toEqual([
      "passive",
      undefined,
      undefined,
    ]);
  });

  it("repeats an unanswered request at every retry until the attempt expires", () => {
    const link = new Link(options);
    link.handle({ type: "upgrade" }, 10);
    const times: number[] = [];
    for (let at = link.deadline(); at !== undefined; at = link.deadline()) {
      times.push(at);
      const actions = typesOf(link, { type: "tick" }, at);
      if (at < 1_010) expect(actions).toEqual(["send-request"]);
      else expect(actions).toEqual(["send-downgrade", "report-passive"]);
    }
    expect(times).toEqual([260, 510, 760, 1_010]);
    expect(link.state).toBe("passive");
  });

  it("counts the time limit from the request, not from the accept", () => {
    const link = new Link(options);
    link.handle({ type: "upgrade" }, 0);
    link.handle({ type: "accept-received", token }, 900);
    expect([link.state, link.deadline()]).toEqual(["dialling", 1_000]);
    expect(typesOf(link, { type: "tick" }, 1_000)).toContain("close-connection");
  });

  it("does not prolong an offer when the request is repeated", () => {
    const link = new Link(options);
    link.handle({ type: "request-received", token }, 0);
    link.handle({ type: "request-received", token: "ffffffffffffffff" }, 999);
    expect([link.deadline(), link.offeredToken]).toEqual([1_000, token]);
  });

  it("waits for nothing once it is active, passive or closed", () => {
    const link = new Link(options);
    link.handle({ type: "request-received", token }, 0);
    link.handle({ type: "hello-received" }, 1);
    expect([link.state, link.deadline(), link.offeredToken]).toEqual([
      "active",
      undefined,
      undefined,
    ]);
    link.handle({ type: "downgrade", reason: "leaving" }, 2);
    expect(link.deadline()).toBeUndefined();
    link.handle({ type: "close" }, 3);
    expect(link.deadline()).toBeUndefined();
  });

  it("does not mind ticks that come too early, too late or twice", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { maxLength: 30 }), (ticks) => {
        const link = new Link(options);
        link.handle({ type: "upgrade" }, 0);
        let reports = 0;
        for (const at of ticks.sort((a, b) => a - b)) {
          const due = link.deadline();
          const actions = typesOf(link, { type: "tick" }, at);
          if (due === undefined || at < due) expect(actions).toEqual([]);
          reports += actions.filter((type) => type === "report-passive").length;
        }
        expect(reports).toBe((ticks.at(-1) ?? 0) >= 1_000 ? 1 : 0);
      }),
    );
  });

  it("refuses times that are not positive numbers, by name", () => {
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new Link({ upgradeRetryMs: value })).toThrow(/upgradeRetryMs is/);
      expect(() => new Link({ upgradeTimeoutMs: value })).toThrow(RangeError);
    }
    expect(() => new Link(defaultLinkOptions)).not.toThrow();
  });
});
