import { expect, test } from "vitest";
import { checkDistinct, parsePeerName, resolvePeers } from "../../src/runtime/peer-names.js";
import { isLoopback, ownAddress, withoutLoopback } from "../../src/runtime/send/own-address.js";

test.each([
  ["host", "host", 4747],
  ["host:1", "host", 1],
  ["10.0.0.7", "10.0.0.7", 4747],
  ["10.0.0.7:65535", "10.0.0.7", 65_535],
  ["node-1.cluster_a.example.", "node-1.cluster_a.example.", 4747],
  ["bücher.example:80", "bücher.example", 80],
  ["[fd00::7]", "fd00::7", 4747],
  ["[fd00::7]:80", "fd00::7", 80],
  ["fd00::7", "fd00::7", 4747],
])("%s is a peer", (text, host, port) => {
  expect(parsePeerName(text)).toEqual({ text, host, port });
});

test.each([
  "",
  ":",
  ":4747",
  "host:",
  "host:0",
  "host:65536",
  "host:12x",
  "host:1:2",
  "[host]:1",
  "[10.0.0.7]:1",
  "[fd00::7",
  "fd00::7]:1",
  "[fe80::1%eth0]:1",
  "fe80::1%eth0",
  "two words",
  "host/path",
  "user@host",
  "...",
  `${"a".repeat(254)}`,
])("%j is no peer, and the error names it", (text) => {
  expect(() => parsePeerName(text)).toThrow(JSON.stringify(text));
  expect(() => parsePeerName(text)).toThrow(expect.objectContaining({ code: "address-invalid" }));
});

test("addresses are resolved to their one form, and a name that is none fails alone", async () => {
  const names = ["[FD00:0::7]:80", "127.0.0.1", "no-such-host.invalid"].map(parsePeerName);
  const { resolved, unresolved } = await resolvePeers(names, 0);
  expect(resolved.map(({ address }) => address)).toEqual(["[fd00::7]:80", "127.0.0.1:4747"]);
  expect(unresolved).toMatchObject([{ name: names[2], error: { code: "host-unknown" } }]);
});

test("localhost is a loopback address", async () => {
  const { resolved } = await resolvePeers([parsePeerName("localhost:5")], 0);
  expect(resolved.map(({ address }) => isLoopback(address))).toEqual([true]);
});

test("two names of one peer are both named", async () => {
  const { resolved } = await resolvePeers(["[fd00::7]", "fd00:0::7"].map(parsePeerName), 0);
  expect(() => checkDistinct(resolved)).toThrow('"[fd00::7]" and "fd00:0::7"');
});

test("a bound address is told as it is, and a wildcard as the address toward the peers", async () => {
  expect(await ownAddress("10.0.0.1:99", ["127.0.0.1:1"])).toBe("10.0.0.1:99");
  expect(await ownAddress("0.0.0.0:99", ["127.0.0.1:1"])).toBe("127.0.0.1:99");
  expect(await ownAddress("0.0.0.0:99", [])).toBe("127.0.0.1:99");
});

test("a peer on this machine gets its outside address where others are outside", async () => {
  const { resolved } = await resolvePeers(["127.0.0.1:5", "10.0.0.2:6"].map(parsePeerName), 0);
  const addressesFor = (own: string): string[] =>
    withoutLoopback(resolved, own).map(({ address }) => address);
  expect(addressesFor("10.0.0.1:99")).toEqual(["10.0.0.1:5", "10.0.0.2:6"]);
  expect(addressesFor("127.0.0.1:99")).toEqual(["127.0.0.1:5", "10.0.0.2:6"]);
});
