import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { rehearse } from "../../src/receive/rehearsal.js";
import type { PalmtreeProcess } from "./command.js";
import { Place } from "./place.js";

let place: Place;
/** Where the receiver keeps what is temporary, and nobody else does. */
let temporary: string;

beforeEach(async () => {
  place = await Place.make();
  await place.secure();
  temporary = join(place.path, "temporary");
  await mkdir(temporary);
});
afterEach(() => place.clear());

test.each([true, false])(
  "a rehearsal is a whole session, and nothing is left of it (secure: %s)",
  async (isSecure) => {
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    await rehearse(isSecure, AbortSignal.timeout(10_000));
    expect(await readdir(temporary)).toEqual([]);
    const noTime = AbortSignal.abort(new Error("no time"));
    await expect(rehearse(isSecure, noTime)).rejects.toThrow();
    expect(await readdir(temporary)).toEqual([]);
  },
);

describe("a receiver that is invited by nobody", () => {
  test("rehearses once, without a word, and leaves nothing behind", async () => {
    const receiver = await begin("--once");
    await until(async () => (await readdir(temporary)).length > 0);
    await until(async () => (await readdir(temporary)).length === 0);
    await place.write({ "out/a": 100_000 });
    const sent = await place.send(["out/a"], [await addressOf(receiver)]).ended;
    expect(sent.code).toBe(0);
    const { code, events } = await receiver.ended;
    expect(code).toBe(0);
    expect(events.filter(({ type }) => type === "started")).toHaveLength(1);
    expect(await readdir(join(place.path, "in"))).toEqual(["a"]);
    expect(await readdir(temporary)).toEqual([]);
  });

  test("ends at once and in good order when it is stopped in the middle of that", async () => {
    const receiver = await begin();
    await until(async () => (await readdir(temporary)).length > 0);
    const stoppedAt = performance.now();
    receiver.kill("SIGTERM");
    expect((await receiver.ended).code).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(2_000);
    expect(await readdir(temporary)).toEqual([]);
  });
});

/** Starts a receiver with its own directory for what is temporary. */
async function begin(...args: readonly string[]): Promise<PalmtreeProcess> {
  const env = { TMPDIR: temporary };
  const where = ["--listen", "127.0.0.1:0", "--dir", "in", "--key-file", "group.key"];
  const receiver = place.start(["receive", "--json", ...where, ...args], { env });
  await receiver.event("listening");
  return receiver;
}

async function addressOf(receiver: PalmtreeProcess): Promise<string> {
  return `127.0.0.1:${(await receiver.event("listening")).port}`;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(5);
}
