import { describe, expect, it } from "vitest";
import { StrangerLimit } from "../../src/security/stranger-limit.js";

/** How many of so many are looked into that come from there at that time. */
function taken(limit: StrangerLimit, count: number, now: number, from: (at: number) => string) {
  return Array.from({ length: count }, (_, at) => limit.take(from(at), now)).filter(Boolean).length;
}

describe("what strangers say", () => {
  it("is looked into 64 times at once from one host, and 100 times a second", () => {
    const limit = new StrangerLimit(0);
    const here = () => "192.0.2.1:4747";
    expect(taken(limit, 1_000, 0, here)).toBe(64);
    expect(taken(limit, 1_000, 100, here)).toBe(10);
    expect(taken(limit, 1_000, 60_000, here)).toBe(64);
  });

  it("is looked into 1,024 times at once from all, and 2,000 times a second", () => {
    const limit = new StrangerLimit(0);
    const anywhere = (at: number) => `10.0.${at >> 8}.${at & 255}:4747`;
    expect(taken(limit, 5_000, 0, anywhere)).toBe(1_024);
    expect(taken(limit, 5_000, 100, anywhere)).toBe(200);
  });

  it("is counted for some hosts only: who forges addresses makes nothing grow", () => {
    const limit = new StrangerLimit(0);
    const first = () => "192.0.2.1:4747";
    expect(taken(limit, 100, 0, first)).toBe(64);
    // Of these many that one is forgotten, and may begin anew.
    taken(limit, 1_024, 0, (at) => `10.1.${at >> 8}.${at & 255}:4747`);
    expect(taken(limit, 100, 10_000, first)).toBe(64);
    expect(taken(limit, 1_023, 10_000, (at) => `10.2.${at >> 8}.${at & 255}:4747`)).toBe(960);
    expect(taken(limit, 100, 10_600, first)).toBe(60);
  });
});
