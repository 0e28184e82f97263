import { beforeEach, expect, test } from "vitest";
import { EarlyRequests } from "../../src/core/feed/early-requests.js";
import { peer, range } from "./parts.js";

let early: EarlyRequests;
beforeEach(() => {
  early = new EarlyRequests(250);
});

test("who asked and is met soon after is answered, once", () => {
  early.note(peer(3).id, 100);
  expect(early.take(peer(4).id, 110)).toBe(false);
  expect(early.take(peer(3).id, 349)).toBe(true);
  expect(early.take(peer(3).id, 349)).toBe(false);
});

test("who is met when it has asked again already, or given up, is not", () => {
  early.note(peer(3).id, 100);
  expect(early.take(peer(3).id, 350)).toBe(false);
});

test("of any number of askers the last 64 are remembered", () => {
  for (const number of range(0, 100)) early.note(peer(number).id, number);
  early.note(peer(40).id, 100);
  const isKept = range(0, 100).filter((number) => early.take(peer(number).id, 101));
  expect(isKept).toEqual(range(36, 100));
});
