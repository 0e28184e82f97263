/** `palmtree send -`: what comes in on stdin, of a length that nobody knows before its end. */
import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { onLinux } from "../platform.js";
import { type Ended, script } from "./command.js";
import { eventOf, hashOf, lastOf, Place, type Receiving } from "./place.js";
import { SmallDisk } from "./privileges.js";

const mebibyte = 1024 * 1024;
const page = 2 * mebibyte;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function expectEverywhere(receiving: readonly Receiving[], bytes: Uint8Array): Promise<void> {
  for (const { directory } of receiving) {
    expect(await readdir(directory)).toEqual(["x.tar"]);
    expect(await hashOf(join(directory, "x.tar"))).toBe(sha256(bytes));
  }
}

/** Sends what the shell gives as stdin. */
async function fromShell(
  { address }: Receiving,
  path: string,
): Promise<Pick<Ended, "code" | "events">> {
  const command = `"$0" "$1" send - --name x.tar --to ${address} --insecure --json`;
  const child = spawn("sh", ["-c", `{ ${command}; } < ${path}`, process.execPath, script], {
    cwd: place.path,
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    code,
    events: stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  };
}

describe("a stream", () => {
  test.each(["pipeline", "tree"])(
    "is at the receivers before its end, and lands after it (%s)",
    { timeout: 60_000 },
    async (strategy) => {
      const receiving = await place.receiveMany(3);
      const sending = place.sendStream("x.tar", receiving, "--strategy", strategy);
      const bytes = randomBytes(2 * page + 12_345);
      await sending.write(bytes.subarray(0, page));
      for (const { process, directory } of receiving) {
        const { bytes: length, files } = await process.event("started");
        expect({ length, files }).toEqual({ length: null, files: 1 });
        const progress = await process.event("progress", (event) => event.bytes === page);
        expect(progress.totalBytes).toBeNull();
        expect(await readdir(directory)).not.toContain("x.tar");
      }
      const progress = await sending.event("progress");
      expect(progress.chunkCount).toBeNull();
      await sending.write(bytes.subarray(page));
      sending.end();
      const { code, events } = await sending.ended;
      expect(code).toBe(0);
      const length = { bytes: bytes.length, chunkCount: 17 };
      expect(eventOf({ events }, "stream-ended")).toEqual({ type: "stream-ended", ...length });
      expect(lastOf({ events })).toMatchObject({ status: "complete", bytes: bytes.length });
      await expectEverywhere(receiving, bytes);
    },
  );

  test.each([
    ["of no byte", 0],
    ["of one byte", 1],
    ["of exactly one chunk", 262_144],
    ["that ends where a page does", 2 * page],
    ["that ends a byte later", 2 * page + 1],
  ])("%s arrives", async (_name, size) => {
    const receiving = await place.receiveMany(2, "--once");
    const sending = place.sendStream("x.tar", receiving);
    const bytes = randomBytes(size);
    await sending.write(bytes);
    sending.end();
    expect(lastOf(await sending.ended)).toMatchObject({ status: "complete", bytes: size });
    for (const { process } of receiving)
      expect(lastOf(await process.ended)).toMatchObject({ status: "complete", bytes: size });
    await expectEverywhere(receiving, bytes);
  });

  test("out of tar arrives as tar wrote it", { timeout: 60_000 }, async () => {
    await place.write({ "src/a": 5 * mebibyte, "src/b/c": 1, "src/empty": 0 });
    const receiving = await place.receiveMany(2);
    const to = receiving.map(({ address }) => address).join(",");
    const command = `tar c src | "$0" "$1" send - --name x.tar --to ${to} --insecure`;
    const options = { cwd: place.path };
    await promisify(execFile)("sh", ["-c", command, process.execPath, script], options);
    for (const { directory } of receiving)
      await promisify(execFile)("tar", ["df", join(directory, "x.tar")], options);
  });

  test("reaches the others when a receiver is killed on the way", { timeout: 60_000 }, async () => {
    const receiving = await place.receiveMany(4);
    const [victim, ...others] = receiving as [Receiving, ...Receiving[]];
    const sending = place.sendStream("x.tar", receiving, "--timeout", "3");
    const bytes = randomBytes(12 * mebibyte);
    await sending.write(bytes.subarray(0, 6 * mebibyte));
    await victim.process.event("progress");
    victim.process.kill("SIGKILL");
    await sending.write(bytes.subarray(6 * mebibyte));
    sending.end();
    const { code, events } = await sending.ended;
    expect(code).toBe(3);
    const results = lastOf({ events }).peers.map((one: { status: string }) => one.status);
    expect(results).toEqual(["failed", "complete", "complete", "complete"]);
    await expectEverywhere(others, bytes);
  });

  test("is read no faster than it is taken", { timeout: 60_000 }, async () => {
    const [receiving] = await place.receiveMany(1);
    const sending = place.sendStream("x.tar", [receiving as Receiving]);
    await sending.write(randomBytes(page));
    await receiving?.process.event("progress");
    receiving?.process.kill("SIGSTOP");
    let written = 0;
    const piece = randomBytes(mebibyte);
    // Buffers of sockets, the window, the ring and what is read ahead take some of it.
    for (let isStuck = false; !isStuck; ) {
      const pause = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 1_000));
      isStuck = await Promise.race([sending.write(piece).then(() => false), pause]);
      written += piece.length;
    }
    expect(written).toBeLessThan(64 * mebibyte);
    receiving?.process.kill("SIGCONT");
    sending.kill("SIGINT");
    expect((await sending.ended).code).toBe(1);
  });
});

describe("a stream that is not whole", () => {
  test("because the sender is stopped lands nowhere", { timeout: 60_000 }, async () => {
    const receiving = await place.receiveMany(2, "--once");
    const sending = place.sendStream("x.tar", receiving);
    await sending.write(randomBytes(2 * page));
    for (const { process } of receiving) await process.event("progress");
    sending.kill("SIGTERM");
    const { code, events } = await sending.ended;
    expect(code).toBe(1);
    expect(lastOf({ events })).toMatchObject({ status: "failed", error: { code: "aborted" } });
    for (const { process, directory } of receiving) {
      expect(lastOf(await process.ended)).toMatchObject({ status: "failed", files: 0 });
      expect(await readdir(directory)).toEqual([]);
    }
  });

  test.skipIf(!onLinux)(
    "because it cannot be read ends the session, and lands nowhere",
    { timeout: 60_000 },
    async () => {
      const [receiving] = (await place.receiveMany(1, "--once")) as [Receiving];
      // The shell's own memory: it opens, and every read from its beginning fails.
      const { code, events } = await fromShell(receiving, "/proc/self/mem");
      expect(code).toBe(1);
      expect(lastOf({ events })).toMatchObject({ error: { code: "source-unreadable" } });
      expect(lastOf(await receiving.process.ended)).toMatchObject({ status: "failed", files: 0 });
      expect(await readdir(receiving.directory)).toEqual([]);
    },
  );

  test("because it is a directory is a mistake of usage", async () => {
    const [receiving] = (await place.receiveMany(1)) as [Receiving];
    const { code, events } = await fromShell(receiving, ".");
    const message = "-: stdin is a directory: send it by its path";
    expect([code, events]).toEqual([2, [{ type: "error", code: "usage", message }]]);
  });

  test("because there is no room to keep it says where", { timeout: 60_000 }, async () => {
    const disk = SmallDisk.mount("size=4m");
    if ("missing" in disk) return console.warn(`not tested: ${disk.missing}`);
    using small = disk.it;
    const receiving = await place.receiveMany(1);
    const sending = place.sendStream("x.tar", receiving, "--spool", small.path);
    sending.process.stdin?.on("error", () => undefined); // it is closed before all is written
    sending.process.stdin?.write(randomBytes(8 * mebibyte));
    const { code, events } = await sending.ended;
    expect(code).toBe(1);
    const { error } = lastOf({ events });
    expect(error).toMatchObject({ code: "disk-full" });
    expect(error.message).toContain(`The spool directory ${small.path}`);
    expect(error.message).toContain("ENOSPC; choose another");
  });

  test("at a receiver without room fails there, and nowhere else", {
    timeout: 60_000,
  }, async () => {
    const disk = SmallDisk.mount("size=4m");
    if ("missing" in disk) return console.warn(`not tested: ${disk.missing}`);
    using small = disk.it;
    const full = await place.receive(small.path, "--once");
    const other = await place.receive("in", "--once");
    const sending = place.sendStream("x.tar", [full, other]);
    const bytes = randomBytes(8 * mebibyte);
    await sending.write(bytes);
    sending.end();
    const sent = await sending.ended;
    expect(sent.code).toBe(3);
    expect(lastOf(sent).peers).toMatchObject([
      { status: "failed", error: { code: "disk-full" } },
      { status: "complete" },
    ]);
    expect(lastOf(await full.process.ended).error).toMatchObject({ code: "disk-full" });
    expect(await readdir(small.path)).toEqual([]);
    await expectEverywhere([other], bytes);
  });

  test("leaves nothing where what was sent is kept", async () => {
    await place.write({ spool: "directory" });
    const receiving = await place.receiveMany(1);
    const sending = place.sendStream("x.tar", receiving, "--spool", "spool");
    await sending.write(randomBytes(page));
    await receiving[0]?.process.event("progress");
    if (process.platform !== "win32") expect(await readdir(join(place.path, "spool"))).toEqual([]);
    sending.end();
    await sending.ended;
    expect(await readdir(join(place.path, "spool"))).toEqual([]);
    expect((await stat(join(place.path, "in-1", "x.tar"))).size).toBe(page);
  });
});
