import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FilesSender, type FilesSenderOptions, PalmTreeRelay } from "../../src/index.js";

const keys = "insecure";

test.each<[string, Partial<FilesSenderOptions>, new () => Error]>([
  ["fanout: got 0, expected an integer from 1 to 64", { fanout: 0 }, RangeError],
  ["fanout: got 65, expected an integer from 1 to 64", { fanout: 65 }, RangeError],
  ["fanout: got 1.5, expected an integer from 1 to 64", { fanout: 1.5 }, RangeError],
  ["fanout: got a string, expected a number", { fanout: "4" as never }, TypeError],
  ["timeoutMs: got 999, expected an integer from 1000 to 86400000", { timeoutMs: 999 }, RangeError],
  [
    "chunkSizeBytes: got 1023, expected an integer from 1024 to 16777216",
    { chunkSizeBytes: 1_023 },
    RangeError,
  ],
  [
    "chunkSizeBytes: got 16777217, expected an integer from 1024 to 16777216",
    { chunkSizeBytes: 2 ** 24 + 1 },
    RangeError,
  ],
  ["port: got 65536, expected an integer from 0 to 65535", { port: 65_536 }, RangeError],
  ["minReceivers: got 2, expected an integer from 1 to 1", { minReceivers: 2 }, RangeError],
  [
    "minWaitMs: got 20, expected an integer from 0 to 10",
    { minWaitMs: 20, maxWaitMs: 10 },
    RangeError,
  ],
  ["name: got 256 bytes, expected at most 255", { name: "a".repeat(256) }, RangeError],
  ["name: got an empty string, expected some text", { name: "" }, RangeError],
  [
    "peerOptions.ringChunk: there is no such option",
    { peerOptions: { ringChunk: 1 } as never },
    TypeError,
  ],
  [
    "peerOptions.ringChunks: got -1, expected an integer from 0 to 2147483647",
    { peerOptions: { ringChunks: -1 } },
    RangeError,
  ],
  [
    'peerOptions.pullPolicy: got "best-first", expected one of rarest-first, lowest-first',
    { peerOptions: { pullPolicy: "best-first" as never } },
    RangeError,
  ],
])("a wrong option fails at once: %s", (message, options, type) => {
  const make = (): FilesSender => new FilesSender(["file"], ["host"], { keys, ...options });
  expect(make).toThrow(type);
  expect(make).toThrow(message);
});

test("no files, no peers, and what is no list of texts fail at once", () => {
  expect(() => new FilesSender([], ["host"], { keys })).toThrow("files: got an empty array");
  expect(() => new FilesSender(["file"], [], { keys })).toThrow("peers: got an empty array");
  expect(() => new FilesSender("file" as never, ["host"], { keys })).toThrow("files: got a string");
  expect(() => new FilesSender(["file"], [7 as never], { keys })).toThrow("peers[0]: got a number");
  expect(() => new FilesSender(["file"], ["host:port"], { keys })).toThrow('got "host:port"');
});

test("options that are given as undefined have their defaults", () => {
  expect(
    () => new FilesSender(["file"], ["host"], { keys, fanout: undefined as never }),
  ).not.toThrow();
});

test.each([
  [{ directory: 7 as never }, "directory: got a number, expected a string"],
  [{ directory: ".", port: -1 }, "port: got -1, expected an integer from 0 to 65535"],
  [{ directory: ".", maxSessions: 0 }, "maxSessions: got 0, expected an integer from 1 to 1024"],
  [
    { directory: ".", onConflict: "ask" as never },
    'onConflict: got "ask", expected one of fail, skip, rename, overwrite',
  ],
  [{ directory: ".", sync: 1 as never }, "sync: got a number, expected a boolean"],
])("a relay's wrong option fails at once: %j", async (options, message) => {
  await expect(PalmTreeRelay.open({ keys, ...options })).rejects.toThrow(message);
});

test("a relay whose directory is a file is told so before it listens", async () => {
  const path = await mkdtemp(join(tmpdir(), "palmtree-test-"));
  await writeFile(join(path, "file"), "");
  const opening = PalmTreeRelay.open({ directory: join(path, "file"), port: 0, keys });
  await expect(opening).rejects.toMatchObject({ code: "not-writable" });
  await expect(opening).rejects.toThrow(join(path, "file"));
  await rm(path, { recursive: true });
});

test.each([
  [
    undefined,
    'keys: got a undefined, expected an array of group keys, or "insecure" to do without',
  ],
  [[], "keys: got 0, expected 1 to 8"],
  ["none", 'keys: got a string, expected an array of group keys, or "insecure" to do without'],
])("who says nothing of keys does not do without by accident: %j", async (given, message) => {
  const options = { keys: given as never };
  expect(() => new FilesSender(["file"], ["host"], options)).toThrow(message);
  await expect(PalmTreeRelay.open({ directory: ".", ...options })).rejects.toThrow(message);
});
