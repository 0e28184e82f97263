import { expect, test } from "vitest";
import { numberingOrder } from "../../src/core/hypercube/numbering.js";

function order(...peers: readonly (readonly [address: string, roundTripMs: number])[]): string[] {
  const unnumbered = peers.map(([address, roundTripMs]) => ({ address, roundTripMs }));
  return numberingOrder(unnumbered, "10.0.0.1:4747").map(({ address }) => address);
}

test("the root's own site comes first, then the nearer ones; a site stays together, in the order of the list", () => {
  expect(
    order(
      ["10.0.2.9:1", 40],
      ["10.0.1.9:1", 3],
      ["10.0.0.9:1", 90],
      ["10.0.2.1:1", 41],
      ["10.0.0.2:1", 1],
    ),
  ).toEqual(["10.0.0.9:1", "10.0.0.2:1", "10.0.1.9:1", "10.0.2.9:1", "10.0.2.1:1"]);
});

test("sites about as far away keep the order of the list: round trips are noisy", () => {
  expect(order(["10.0.5.1:1", 3.9], ["10.0.4.1:1", 2.1])).toEqual(["10.0.5.1:1", "10.0.4.1:1"]);
});

test("IPv6 hosts share a site by their first 64 bits, however they are written", () => {
  expect(
    order(["[2001:db8::1]:1", 1], ["[2001:db8:0:1::1]:1", 1], ["[2001:db8::ffff:2]:1", 1]),
  ).toEqual(["[2001:db8::1]:1", "[2001:db8::ffff:2]:1", "[2001:db8:0:1::1]:1"]);
});
