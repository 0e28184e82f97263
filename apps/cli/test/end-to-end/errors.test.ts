import { createSocket } from "node:dgram";
import { chmod, readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { GroupKey } from "@palmtree/relay";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastOf, Place } from "./place.js";
import { ordinaryUser, SmallDisk } from "./privileges.js";

let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

/** A peer that hears and never answers. */
async function deafPeer(): Promise<{ readonly address: string; close(): void }> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}

/** A key, of nobody: what is wrong is something else. */
const keyed = { PALMTREE_KEY: GroupKey.draw().format() };

describe("what cannot be understood", () => {
  const range = (text: string): string => `palmtree: ${text}\n`;
  const send = ["send", "file", "--to", "127.0.0.1"];

  test.each([
    [[], "no command: see palmtree --help"],
    [["sned"], "unknown command 'sned' (Did you mean send?)"],
    [["send", "--to", "host"], "missing required argument 'path'"],
    [["send", "file"], "nobody to send to: list the peers with --to or --hosts-file"],
    [[...send, "--fanuot", "2"], "unknown option '--fanuot' (Did you mean --fanout?)"],
    [[...send, "--fanout"], "option '--fanout <n>' argument missing"],
    [[...send, "--fanout", "65"], '--fanout: got "65", expected an integer from 1 to 64'],
    [
      [...send, "--chunk-size", "17MiB"],
      '--chunk-size: got "17MiB", expected a size from 1KiB to 16MiB, as in 64KiB',
    ],
    [[...send, "--timeout", "0"], '--timeout: got "0", expected seconds from 1 to 86400'],
    [[...send, "--max-wait", "-1"], '--max-wait: got "-1", expected seconds from 0 to 86400'],
    [
      [...send, "--min-wait", "6"],
      '--min-wait: got "6", expected seconds from 0 to 5, the --max-wait',
    ],
    [
      [...send, "--min-receivers", "2"],
      '--min-receivers: got "2", expected an integer from 1 to 1, the listed peers',
    ],
    [[...send, "--name", ""], '--name: got "", expected 1 to 255 bytes of UTF-8'],
    [[...send, "--strategy", "star"], '--strategy: got "star", expected pipeline or tree'],
    [
      [...send, "--plan", "star"],
      '--plan: got "star", expected chain or double-tree or binomial or k-ary',
    ],
    [
      ["send", "file", "--to", "host:0"],
      '--to: got "host:0", expected HOST or HOST:PORT, port 1 to 65535',
    ],
    [
      [...send, "--listen", "host:99999"],
      '--listen: got "host:99999", expected HOST, HOST:PORT or [IPV6]:PORT, port 0 to 65535',
    ],
    [
      ["receive", "--max-sessions", "0"],
      '--max-sessions: got "0", expected an integer from 1 to 1024',
    ],
    [
      ["receive", "--on-conflict", "ask"],
      '--on-conflict: got "ask", expected fail or skip or rename or overwrite',
    ],
    [["send", "-", "--to", "127.0.0.1"], "-: what comes in on stdin needs a --name to arrive as"],
    [
      ["send", "-", "file", "--to", "127.0.0.1", "--name", "x"],
      "-: stdin is sent alone, without other paths (./- is a file of that name)",
    ],
    [
      ["send", "-", "--to", "127.0.0.1", "--name", "a/b"],
      '--name: got "a/b", expected the name of a file, but a/b has a "/" in it',
    ],
    [[...send, "--spool", "/tmp"], "--spool: only what comes in on stdin (-) is kept"],
    [["receive", "extra"], "too many arguments for 'receive'. Expected 0 arguments but got 1."],
  ])("%j is a mistake of usage, told on one line", async (args, message) => {
    const ended = await place.run(args, { env: keyed });
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr: range(message) });
  });

  test("is an event too where --json is given", async () => {
    const { code, events, stderr } = await place.run([...send, "--fanout", "0", "--json"]);
    const message = '--fanout: got "0", expected an integer from 1 to 64';
    expect([code, stderr]).toEqual([2, range(message)]);
    expect(events).toEqual([{ type: "error", code: "usage", message }]);
  });

  test("names the line of a hosts file", async () => {
    await place.write({ hosts: "node1\n\nnode2:x\n", file: "x" });
    const { code, stderr } = await place.run(["send", "file", "--hosts-file", "hosts"], {
      env: keyed,
    });
    const message = 'hosts, line 3: got "node2:x", expected HOST or HOST:PORT, port 1 to 65535';
    expect([code, stderr]).toEqual([2, range(message)]);
  });

  test("is two peers that are one", async () => {
    await place.write({ file: "x" });
    const to = ["--to", "127.0.0.1", "--to", "localhost:4747"];
    const { code, events } = await place.run(["send", "file", ...to, "--json", "--insecure"]);
    expect(code).toBe(2);
    const message = '--to: "localhost:4747" and "127.0.0.1" are one peer, 127.0.0.1:4747';
    expect(lastOf({ events })).toEqual({ type: "error", code: "usage", message });
  });
});

describe("what cannot be sent", () => {
  test("because there is no such file fails, with a result for scripts", async () => {
    const { code, events, stderr } = await place.send(["nothing"], ["127.0.0.1:9"]).ended;
    const message = `${join(place.path, "nothing")}: no such file or directory`;
    const error = { code: "source-missing", message };
    expect([code, stderr]).toEqual([1, `palmtree: ${message}\n`]);
    expect(events).toEqual([
      { type: "error", ...error },
      {
        type: "result",
        status: "failed",
        files: 0,
        bytes: 0,
        seconds: expect.any(Number),
        peers: [
          {
            peer: "127.0.0.1:9",
            address: "127.0.0.1:9",
            status: "failed",
            bytes: 0,
            seconds: expect.any(Number),
            error,
          },
        ],
        error,
      },
    ]);
  });

  test("because it cannot be read fails, and is named", async () => {
    const user = ordinaryUser();
    if ("missing" in user) return console.warn(`not tested: ${user.missing}`);
    await place.write({ secret: "x" });
    await chmod(place.path, 0o755);
    await chmod(join(place.path, "secret"), 0o000);
    const uid = user.it === undefined ? {} : { uid: user.it };
    const args = ["send", "secret", "--to", "127.0.0.1:9", "--insecure"];
    const message = `cannot read ${join(place.path, "secret")}: permission denied`;
    expect(await place.run(args, uid)).toMatchObject({ code: 1, stderr: `palmtree: ${message}\n` });
  });
});

describe("a peer that does not take part", () => {
  test("is named, and the others are served: exit code 3", async () => {
    await place.write({ "out/a": 100_000 });
    const deaf = await deafPeer();
    const receiving = await place.receive("in", "--once");
    const sent = await place.send(["out/a"], [deaf.address, receiving], "--max-wait", "1").ended;
    deaf.close();
    expect(sent.code).toBe(3);
    expect(lastOf(sent)).toMatchObject({ type: "result", status: "partial" });
    expect(lastOf(sent).peers).toMatchObject([
      { peer: deaf.address, status: "failed", bytes: 0, error: { code: "not-answering" } },
      { peer: receiving.address, status: "complete", bytes: 100_000 },
    ]);
    const row = `^${deaf.address} +failed .* not-answering: no answer from ${deaf.address}`;
    expect(sent.stderr).toMatch(new RegExp(row, "m"));
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
  });

  test("is the only one: exit code 1", async () => {
    await place.write({ "out/a": 10 });
    const deaf = await deafPeer();
    const sent = await place.send(["out/a"], [deaf.address], "--max-wait", "0.3").ended;
    deaf.close();
    expect(sent.code).toBe(1);
    expect(lastOf(sent)).toMatchObject({ type: "result", status: "failed" });
  });

  test("because its name does not resolve", async () => {
    await place.write({ "out/a": 10 });
    const receiving = await place.receive("in", "--once");
    const sent = await place.send(["out/a"], ["no-such-host.invalid", receiving]).ended;
    expect(sent.code).toBe(3);
    expect(lastOf(sent).peers).toMatchObject([
      { peer: "no-such-host.invalid", status: "failed", error: { code: "host-unknown" } },
      { status: "complete" },
    ]);
  });

  test("because too few did", async () => {
    await place.write({ "out/a": 10 });
    const deaf = await deafPeer();
    const receiving = await place.receive("in", "--once");
    const options = ["--max-wait", "0.5", "--min-receivers", "2"];
    const sent = await place.send(["out/a"], [deaf.address, receiving], ...options).ended;
    deaf.close();
    expect(sent.code).toBe(1);
    expect(lastOf(sent)).toMatchObject({ status: "failed", error: { code: "no-peers" } });
    expect(await readdir(receiving.directory)).toEqual([]);
  });
});

describe("where nothing can be received", () => {
  test("because the port is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const listen = server.address();
    const port = typeof listen === "object" ? listen?.port : undefined;
    const args = ["receive", "--listen", `127.0.0.1:${port}`, "--insecure", "--once", "--json"];
    const { code, events, stderr } = await place.run(args);
    server.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^palmtree: 127\\.0\\.0\\.1:${port}: the port is taken: another process listens`),
    );
    const error = { code: "port-taken", message: stderr.slice("palmtree: ".length).trimEnd() };
    expect(events).toEqual([
      { type: "error", ...error },
      {
        type: "result",
        status: "failed",
        files: 0,
        skipped: [],
        renamed: [],
        bytes: 0,
        resumedBytes: 0,
        duplicateBytes: 0,
        seconds: 0,
        error,
      },
    ]);
  });

  test("because this machine does not have the address", async () => {
    const { code, stderr } = await place.run(["receive", "--listen", "192.0.2.1:0", "--insecure"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^palmtree: --listen: 192\.0\.2\.1:0: this machine cannot listen there/);
  });

  // Permissions do not hold root back, but a file is no directory for anybody.
  test("because the directory would be below a file", async () => {
    await place.write({ file: "x" });
    const path = join(place.path, "file", "in");
    const args = ["receive", "--dir", "file/in", "--listen", "127.0.0.1:0", "--insecure", "--json"];
    const { code, events, stderr } = await place.run(args);
    const message = `cannot write to ${path}: a part of the path is not a directory`;
    expect([code, stderr]).toEqual([1, `palmtree: ${message}\n`]);
    expect(events).toEqual([{ type: "error", code: "not-writable", message }]);
  });

  test("because the directory is a file", async () => {
    await place.write({ file: "x" });
    const args = ["receive", "--dir", "file", "--listen", "127.0.0.1:0", "--insecure"];
    const message = `cannot write to ${join(place.path, "file")}: it is not a directory`;
    expect(await place.run(args)).toMatchObject({ code: 1, stderr: `palmtree: ${message}\n` });
  });

  test("because the directory is not this user's to write", async () => {
    const user = ordinaryUser();
    if ("missing" in user) return console.warn(`not tested: ${user.missing}`);
    await place.write({ mine: "directory" });
    await chmod(place.path, 0o755);
    await chmod(join(place.path, "mine"), 0o555);
    const args = ["receive", "--dir", "mine", "--listen", "127.0.0.1:0", "--insecure"];
    const message = `cannot write to ${join(place.path, "mine")}: permission denied`;
    const uid = user.it === undefined ? {} : { uid: user.it };
    expect(await place.run(args, uid)).toMatchObject({ code: 1, stderr: `palmtree: ${message}\n` });
  });
});

describe("a disk that is full", () => {
  test("before the transfer is a reason to decline it; the others are served", async () => {
    const disk = SmallDisk.mount("size=1m");
    if ("missing" in disk) return console.warn(`not tested: ${disk.missing}`);
    using small = disk.it;
    await place.write({ "out/a": 4 * 1024 * 1024 });
    const full = await place.receive(small.path, "--once");
    const other = await place.receive("in", "--once");
    const sent = await place.send(["out/a"], [full, other]).ended;
    expect(sent.code).toBe(3);
    expect(lastOf(sent).peers).toMatchObject([
      { status: "failed", error: { code: "declined" } },
      { status: "complete" },
    ]);
    const said = /declined \(no-space\): \d+ bytes are left, 4194304 are needed/;
    expect(lastOf(sent).peers[0].error.message).toMatch(said);
    expect(sent.stderr).toMatch(said);
    expect(sent.events).toContainEqual({
      type: "declined",
      address: full.address,
      code: "no-space",
      message: expect.stringMatching(said),
    });
    full.process.kill("SIGINT");
    expect((await full.process.ended).code).toBe(1);
    expect(await readdir(small.path)).toEqual([]);
  });

  test("in mid-transfer fails that peer, which keeps nothing; the others complete", async () => {
    // Room for the bytes, but not for that many files: nobody can know before.
    const disk = SmallDisk.mount("size=64m,nr_inodes=30");
    if ("missing" in disk) return console.warn(`not tested: ${disk.missing}`);
    using small = disk.it;
    const files = Array.from({ length: 60 }, (_, index) => [`out/many/f${index}`, 1_000] as const);
    await place.write(Object.fromEntries(files));
    const full = await place.receive(small.path, "--once");
    const other = await place.receive("in", "--once");
    const sent = await place.send(["out/many"], [full, other]).ended;
    expect(sent.code).toBe(3);
    expect(lastOf(sent).peers).toMatchObject([{ status: "failed" }, { status: "complete" }]);
    const received = await full.process.ended;
    expect(received.code).toBe(1);
    expect(lastOf(received)).toMatchObject({
      type: "result",
      status: "failed",
      files: 0,
      error: { code: "disk-full" },
    });
    expect(received.stderr).toContain("Did not receive many: disk-full: Cannot write");
    expect(await readdir(small.path)).toEqual([]);
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
  });
});
