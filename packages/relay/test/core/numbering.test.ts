import type { Address } from "@palmtree/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numberingOrder, type Unnumbered } from "../../src/core/hypercube/numbering.js";

function at(address: string, roundTripMs?: number, invitations = 1): Unnumbered {
  return { address: address as Address, roundTripMs, invitations };
}

function order(from: string, ...peers: readonly Unnumbered[]): string[] {
  return numberingOrder(peers, from as Address).map(({ address }) => address);
}

/** A peer of one of six sites, its place in the list as port. */
const peer = fc.record({
  site: fc.nat(5),
  host: fc.integer({ min: 1, max: 254 }),
  roundTripMs: fc.option(fc.nat(300), { nil: undefined }),
});

function siteIn(address: string): string {
  return address.slice(0, address.lastIndexOf("."));
}

describe("peers are numbered", () => {
  test("so that those of a site follow each other, each once, in the caller's order", () => {
    fc.assert(
      fc.property(fc.array(peer, { maxLength: 40 }), (drawn) => {
        const peers = drawn.map(({ site, host, roundTripMs }, place) =>
          at(`10.0.${site}.${host}:${1 + place}`, roundTripMs),
        );
        const ordered = order("10.0.2.1:4747", ...peers);
        expect(new Set(ordered)).toEqual(new Set(peers.map(({ address }) => address)));
        expect(ordered).toHaveLength(peers.length);
        const sites = ordered.map(siteIn);
        const changes = sites.filter((site, place) => site !== sites[place - 1]);
        expect(changes).toHaveLength(new Set(sites).size);
        if (sites.includes("10.0.2")) expect(sites[0]).toBe("10.0.2");
        for (const site of new Set(sites)) {
          const ofSite = (one: string): boolean => siteIn(one) === site;
          const asListed = peers.map(({ address }) => address).filter(ofSite);
          expect(ordered.filter(ofSite)).toEqual(asListed);
        }
      }),
    );
  });

  test("the root's own site first, however slowly it answers", () => {
    expect(
      order("10.0.0.1:9", at("10.0.1.5:1", 1), at("10.0.0.7:1", 300), at("10.0.1.6:1", 1)),
    ).toEqual(["10.0.0.7:1", "10.0.1.5:1", "10.0.1.6:1"]);
  });

  test("nearer sites before farther ones, by the peer that answers first", () => {
    expect(
      order(
        "10.0.0.1:9",
        at("10.0.3.1:1", 90),
        at("10.0.2.1:1", 200),
        at("10.0.1.1:1", 12),
        at("10.0.2.2:1", 30),
      ),
    ).toEqual(["10.0.1.1:1", "10.0.2.1:1", "10.0.2.2:1", "10.0.3.1:1"]);
  });

  test("sites that are about as far in the caller's order: a round trip is not that exact", () => {
    expect(
      order("10.0.0.1:9", at("10.0.1.1:1", 15), at("10.0.2.1:1", 9), at("10.0.3.1:1", 17)),
    ).toEqual(["10.0.1.1:1", "10.0.2.1:1", "10.0.3.1:1"]);
    expect(order("10.0.0.1:9", at("10.0.1.1:1", 0.9), at("10.0.2.1:1", 0.1))).toEqual([
      "10.0.1.1:1",
      "10.0.2.1:1",
    ]);
  });

  test("by /64 where they have IPv6, however the address is written", () => {
    expect(
      order(
        "[fd00::1]:9",
        at("[fd00:0:0:1::5]:1", 1),
        at("[fd00::9]:1", 1),
        at("[fd00:0:0:1:2:3:4:5]:1", 1),
        at("[fd00:0:0:0:7::]:1", 1),
        at("[::1]:1", 1),
      ),
    ).toEqual([
      "[fd00::9]:1",
      "[fd00:0:0:0:7::]:1",
      "[fd00:0:0:1::5]:1",
      "[fd00:0:0:1:2:3:4:5]:1",
      "[::1]:1",
    ]);
  });

  test("without any there is nothing to do", () => {
    expect(order("10.0.0.1:9")).toEqual([]);
  });

  test("so that those come last in their site that needed more invitations", () => {
    expect(
      order(
        "10.0.1.1:4747",
        at("10.0.2.1:1", 1, 3),
        at("10.0.2.2:1", 1),
        at("10.0.1.1:1", 1, 2),
        at("10.0.2.3:1", 1, 2),
        at("10.0.1.2:1", 1),
      ),
    ).toEqual(["10.0.1.2:1", "10.0.1.1:1", "10.0.2.2:1", "10.0.2.3:1", "10.0.2.1:1"]);
  });
});
