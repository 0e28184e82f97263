import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lackOfNetwork } from "../../src/network/requirements.js";
import { mebibyte } from "../../src/units.js";
import { makeWorkplace } from "../../src/workplace.js";

/** What `npm run build` made. */
const chaos = fileURLToPath(new URL("../../dist/chaos/main.js", import.meta.url));
const run = promisify(execFile);
/** A source of 16 MiB and four copies, and some to spare. */
const mostBytes = 128 * mebibyte;
let place: string;

const lack = await lackOfNetwork();
if (lack !== undefined) console.warn(`chaos with real processes is not tested here: ${lack}`);

beforeEach(async () => {
  // In memory where there is room: how slow a disk is that others use too is not looked at here.
  ({ directory: place } = await makeWorkplace(undefined, mostBytes));
});
afterEach(() => rm(place, { recursive: true }));

describe.skipIf(lack !== undefined)("real processes on hosts of their own", () => {
  test.each(["pipeline", "tree"])(
    "end whole though one is killed and started again, and one is cut off for 2 s: %s",
    async (strategy) => {
      const args = [chaos, "smoke", "--strategy", strategy, "--dir", place];
      const { stdout } = await run(process.execPath, args);
      expect(stdout).toContain("1 runs, 0 with broken promises");
      expect(stdout).toMatch(/hosts that end whole +4 of 4 +4 of 4 +yes/);
      expect(await readdir(place)).toEqual([]);
    },
    60_000,
  );
});

test("the built chaos says how it is used when it is not understood", async () => {
  const failure = run(process.execPath, [chaos, "no-such-scenario"]);
  await expect(failure).rejects.toMatchObject({ code: 2 });
  await expect(failure).rejects.toThrow("no-such-scenario");
});
