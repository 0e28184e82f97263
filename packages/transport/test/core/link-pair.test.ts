import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Deed, type Fate, LinkPair } from "./link-pair.js";

const fate: fc.Arbitrary<Fate> = fc.record({
  isLost: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.boolean()),
  copies: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 3 })),
  delayMs: fc.integer({ min: 1, max: 120 }),
});

const deed: fc.Arbitrary<Deed> = fc.record({
  at: fc.nat(1_500),
  side: fc.constantFrom(0, 1),
  what: fc.constantFrom("upgrade", "upgrade", "upgrade", "downgrade", "break", "refuse"),
});

function expectAgreement(pair: LinkPair): void {
  const [left, right] = pair.links;
  expect(pair.isQuiet).toBe(true);
  expect(["active", "passive"]).toContain(left.state);
  expect(right.state).toBe(left.state);
  if (left.state === "active") expect(pair.connectionOf(0)).toBe(pair.connectionOf(1));
}

/** Every attempt is reported once: active, then passive; or passive alone. */
function expectPairedReports(pair: LinkPair): void {
  for (const side of [0, 1] as const) {
    let isActive = false;
    for (const report of pair.reports[side]) {
      expect(report === "passive from active").toBe(isActive);
      isActive = report === "active";
    }
    expect(pair.links[side].state === "active").toBe(isActive);
    const ends = pair.reports[side].filter((report) => report !== "passive from active");
    expect(ends.length).toBe(pair.attempts[side]);
  }
}

describe("two links over a network that loses, doubles and reorders datagrams", () => {
  it("end both active, over the same connection, or both passive", () => {
    let activeRuns = 0;
    fc.assert(
      fc.property(
        fc.array(deed, { minLength: 1, maxLength: 12 }),
        fc.array(fate, { minLength: 1, maxLength: 60 }),
        (deeds, fates) => {
          const pair = new LinkPair(deeds, fates);
          pair.run(2_000);
          expectAgreement(pair);
          expectPairedReports(pair);
          if (pair.links[0].state === "active") activeRuns += 1;
        },
      ),
      { numRuns: 2_000 },
    );
    // The property says nothing if no run ever gets a link up.
    expect(activeRuns).toBeGreaterThan(200);
  });

  it("are active after one request where nothing is lost", () => {
    const pair = new LinkPair(
      [{ at: 0, side: 1, what: "upgrade" }],
      [{ isLost: false, copies: 1, delayMs: 5 }],
    );
    pair.run(100);
    expect(pair.links.map(({ state }) => state)).toEqual(["active", "active"]);
    expect(pair.reports).toEqual([["active"], ["active"]]);
  });

  it("reject each other when both ask at once, and a later request succeeds", () => {
    const pair = new LinkPair(
      [
        { at: 0, side: 0, what: "upgrade" },
        { at: 0, side: 1, what: "upgrade" },
        { at: 100, side: 0, what: "upgrade" },
      ],
      [{ isLost: false, copies: 1, delayMs: 5 }],
    );
    pair.run(100);
    expect(pair.reports[0]).toEqual(["passive from requesting", "active"]);
    expect(pair.reports[1]).toEqual(["passive from requesting", "active"]);
  });

  it("are passive, both, after the first datagram of a downgrade or the end of the connection", () => {
    for (const what of ["downgrade", "break"] as const) {
      const pair = new LinkPair(
        [
          { at: 0, side: 1, what: "upgrade" },
          { at: 200, side: 0, what },
        ],
        [{ isLost: false, copies: 1, delayMs: 5 }],
      );
      pair.run(100);
      expect(pair.links.map(({ state }) => state)).toEqual(["passive", "passive"]);
    }
  });
});
