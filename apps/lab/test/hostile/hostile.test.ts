import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lackOfNetwork } from "../../src/network/requirements.js";

/** What `npm run build` made. */
const hostile = fileURLToPath(new URL("../../dist/hostile/main.js", import.meta.url));
const run = promisify(execFile);
let place: string;

const lack = await lackOfNetwork();
if (lack !== undefined) console.warn(`hostile members are not tested here: ${lack}`);

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "palmtree-hostile-"));
});
afterEach(() => rm(place, { recursive: true }));

describe.skipIf(lack !== undefined)("real processes on hosts of their own", () => {
  test("end whole though the first of them lies, and name it when it broke the rules", async () => {
    const lies = ["serves-nothing", "corrupts-chunks", "spoofs-others"];
    const options = ["--small", "--strategy", "pipeline", "--dir", place];
    const { stdout } = await run(process.execPath, [hostile, ...lies, ...options]);
    expect(stdout).toContain("3 lies, 0 with broken promises");
    expect(stdout).toMatch(/serves-nothing .* yes +nobody/);
    expect(stdout).toMatch(/corrupts-chunks .* yes +host-1 by host-\d/);
    expect(stdout).toMatch(/spoofs-others .* yes +nobody/);
    expect(await readdir(place)).toEqual([]);
  }, 120_000);
});

test("the built command says how it is used when it is not understood", async () => {
  const failure = run(process.execPath, [hostile, "no-such-lie"]);
  await expect(failure).rejects.toMatchObject({ code: 2 });
  await expect(failure).rejects.toThrow("no-such-lie");
});
