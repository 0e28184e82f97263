import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lackOfNetwork } from "../src/network/requirements.js";
import type { ShapedReport } from "../src/shaped/report.js";

/** What `npm run build` made. */
const lab = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const run = promisify(execFile);
let place: string;

const lack = await lackOfNetwork();
if (lack !== undefined) console.warn(`the lab's network is not tested here: ${lack}`);

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "palmtree-lab-"));
});
afterEach(() => rm(place, { recursive: true }));

/** The namespaces of one lab, by the id of its process. */
async function namespacesOf(pid: number | undefined): Promise<readonly string[]> {
  const { stdout } = await run("ip", ["netns", "list"]);
  return stdout.split("\n").filter((line) => line.startsWith(`palmtree-lab-${pid}-`));
}

describe.skipIf(lack !== undefined)("the built lab", () => {
  test("sends 1 MiB over shaped links to 2 hosts, and leaves nothing behind", async () => {
    const json = join(place, "report.json");
    const logs = join(place, "logs");
    const args = ["--runs", "1", "--dir", join(place, "work"), "--json", json, "--keep-logs", logs];
    const running = run(process.execPath, [lab, "shaped-smoke", ...args]);
    const { stdout } = await running;
    expect(stdout).toMatch(/shaped-smoke +palmtree +\d/);

    const { shaped } = JSON.parse(await readFile(json, "utf8")) as { shaped: ShapedReport };
    const rows = new Map(shaped.sections[0]?.tools[0]?.rows.map((row) => [row.metric, row.median]));
    // No shaped link can be faster, and what comes from a root has left it.
    expect(rows.get("ratio")).toBeGreaterThan(1);
    expect(rows.get("root-egress")).toBeGreaterThan(1);
    expect(rows.get("cpu-time")).toBeGreaterThan(0);
    expect(rows.get("receiver-memory")).toBeGreaterThan(10);
    const logged = await readFile(join(logs, "shaped-smoke-1-palmtree", "host-2.stdout"), "utf8");
    expect(logged).toContain('"type":"landed"');
    expect(await readdir(join(place, "work"))).toEqual([]);
    expect(await namespacesOf(running.child.pid)).toEqual([]);
  }, 60_000);

  test("that is interrupted takes its network down", async () => {
    const work = join(place, "work");
    const args = [lab, "eight-at-50", "--only", "palmtree", "--runs", "1", "--dir", work];
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("close", resolve));
    await expect.poll(() => namespacesOf(child.pid), { timeout: 20_000 }).toHaveLength(10);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(await namespacesOf(child.pid)).toEqual([]);
    expect(await readdir(work)).toEqual([]);
  }, 60_000);
});
