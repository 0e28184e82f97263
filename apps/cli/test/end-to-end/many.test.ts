import { afterEach, beforeEach, expect, test } from "vitest";
import { hashOf, lastOf, Place } from "./place.js";

const mebibyte = 1024 * 1024;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

// That many chunks are as good as more. How long 64 MiB take, the benchmark `thirty-two` says.
test("32 receivers get 16 MiB each, and all hashes are equal", { timeout: 120_000 }, async () => {
  await place.write({ "disk.img": 16 * mebibyte });
  const receiving = await place.receiveMany(32, "--once", "--quiet");
  const sent = await place.send(["disk.img"], receiving).ended;
  expect(lastOf(sent)).toMatchObject({ type: "result", status: "complete" });
  expect(sent.code).toBe(0);
  const codes = await Promise.all(receiving.map(async ({ process }) => (await process.ended).code));
  expect(new Set(codes)).toEqual(new Set([0]));
  const expected = await hashOf(`${place.path}/disk.img`);
  for (const { directory } of receiving)
    expect(await hashOf(`${directory}/disk.img`)).toBe(expected);
});
