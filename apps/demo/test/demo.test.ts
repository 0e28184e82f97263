import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const script = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** The caller's folder, and the one for temporary files, which is to be empty in the end. */
let folder: string;
let temporary: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "palmtree-demo-test-"));
  temporary = join(folder, "temporary");
  await mkdir(temporary);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function start(args: readonly string[]): ChildProcess {
  if (!existsSync(script)) throw new Error(`${script} is missing: npm run build first`);
  const env = { ...process.env, INIT_CWD: folder, TMPDIR: temporary };
  return spawn(process.execPath, [script, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Its end, which comes when its own processes have ended too: they share its stderr. */
async function endOf(demo: ChildProcess, onText: (text: string) => void = () => undefined) {
  let stdout = "";
  let stderr = "";
  demo.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    onText(stdout);
  });
  demo.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => {
    demo.once("close", (exitCode) => resolve(exitCode));
  });
  return { code, stdout, stderr };
}

test("a file gets to eight processes through a tree, and every copy is equal", {
  timeout: 60_000,
}, async () => {
  const content = randomBytes(1_300_000);
  await writeFile(join(folder, "small.bin"), content);
  const { code, stdout, stderr } = await endOf(start(["small.bin"]));
  expect([code, stderr]).toEqual([0, ""]);

  const hash = createHash("sha256").update(content).digest("hex");
  const lines = stdout.split("\n");
  expect(lines.filter((line) => line.includes(hash))).toHaveLength(9);
  for (let receiver = 1; receiver <= 8; receiver += 1) {
    expect(
      lines.filter((line) => line.includes(`── receiver ${receiver}  127.0.0.1:`)),
    ).toHaveLength(1);
    expect(stdout).toMatch(
      new RegExp(`^ {2}${receiver} +complete +\\d+\\.\\d\\d s +${hash}$`, "m"),
    );
  }
  const last =
    /^All 8 copies are equal to the file: [\d.]+ s, \d+ MB\/s to each, \d+ MB\/s in all\.$/;
  expect(lines.at(-2)).toMatch(last);
  expect(stdout).not.toContain("\u001b");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(100);
  expect(await readdir(temporary)).toEqual([]);
});

test("a file that is not there is named, and nothing is started", async () => {
  const { code, stdout, stderr } = await endOf(start(["nothing.bin"]));
  const path = join(folder, "nothing.bin");
  expect([code, stdout, stderr]).toEqual([1, "", `palmtree demo: ${path}: no such file\n`]);
  expect((await endOf(start(["--what"]))).code).toBe(2);
});

test("copies that are missing or differ make it fail", { timeout: 60_000 }, async () => {
  // The sender refuses a name that means another one on some systems, so nothing arrives.
  await writeFile(join(folder, "bad."), "x");
  const { code, stdout, stderr } = await endOf(start(["bad."]));
  expect(code).toBe(1);
  expect(stdout).toContain("\nOnly 0 of 8 copies are equal to the file.\n");
  expect(stdout.match(/^ {2}\d +failed /gm)).toHaveLength(8);
  expect(stderr).toContain("cannot be sent");
  expect(await readdir(temporary)).toEqual([]);
});

test("SIGINT ends its processes and removes its files", { timeout: 60_000 }, async () => {
  const demo = start([]);
  const { code, stderr } = await endOf(demo, (text) => {
    if (text.includes("SHA-256")) demo.kill("SIGINT");
  });
  expect(code).toBe(1);
  expect(stderr).toContain("palmtree demo: stopped by SIGINT");
  expect(await readdir(temporary)).toEqual([]);
});
