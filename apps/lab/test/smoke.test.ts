import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Report } from "../src/report/report.js";

/** What `npm run build` made. */
const lab = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const run = promisify(execFile);
let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "palmtree-lab-"));
});
afterEach(() => rm(place, { recursive: true }));

describe("the built benchmarks", () => {
  test("send 4 MiB to 2 receivers, compare the copies, and leave nothing behind", async () => {
    const json = join(place, "report.json");
    const work = join(place, "work");
    const args = [lab, "smoke", "--runs", "1", "--dir", work, "--json", json];
    const { stdout } = await run(process.execPath, args);
    expect(stdout).toContain("copies with the right hash");

    const { loopback: report } = JSON.parse(await readFile(json, "utf8")) as { loopback: Report };
    expect(report).toMatchObject({ version: 2, isHeld: true });
    const rows = new Map(report.sections[0]?.rows.map((row) => [row.metric, row]));
    expect(rows.get("intact-copies")).toMatchObject({ median: 2, held: true });
    for (const metric of ["slowest-receiver-rate", "cp-rate", "plain-tcp-rate"] as const)
      expect(rows.get(metric)?.median).toBeGreaterThan(0);
    expect(await readdir(work)).toEqual([]);
  }, 60_000);

  test("that are interrupted end their processes and remove their files", async () => {
    const work = join(place, "work");
    const args = [lab, "smoke", "--runs", "100", "--dir", work];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    await said(child, "run 1 of 100");
    child.kill("SIGINT");
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(130);
    expect(await readdir(work)).toEqual([]);
  }, 60_000);

  test("say how they are used when they are not understood", async () => {
    const failure = run(process.execPath, [lab, "no-such-scenario"]);
    await expect(failure).rejects.toMatchObject({ code: 2 });
    await expect(failure).rejects.toThrow("no-such-scenario");
  });
});

function said(child: ChildProcess, text: string): Promise<void> {
  let all = "";
  return new Promise((resolve) => {
    child.stderr?.on("data", (part) => {
      all += String(part);
      if (all.includes(text)) resolve();
    });
  });
}
