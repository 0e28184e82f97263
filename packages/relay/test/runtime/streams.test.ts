import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { SessionHasher, StreamSource, sha256 } from "@palmtree/files";
import type { Invite } from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PeerEvent } from "../../src/core/index.js";
import {
  FilesSender,
  type FilesSenderOptions,
  type GroupKeys,
  type SenderStep,
} from "../../src/index.js";
import { PayloadUses } from "../../src/runtime/payload-uses.js";
import { Assembly } from "../../src/runtime/receive/assembly.js";
import { Place, type Receiving } from "./place.js";

const chunk = 65_536;
const page = 32 * chunk;
const keys: GroupKeys = "insecure";
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

function sender(
  stream: Readable,
  peers: readonly Receiving[],
  options: Partial<FilesSenderOptions> = {},
) {
  const addresses = peers.map(({ relay }) => relay.address);
  const given = { keys, chunkSizeBytes: chunk, spoolDirectory: place.path, ...options };
  return new FilesSender({ stream, name: "x.tar" }, addresses, given);
}

async function stepsOf(sending: FilesSender): Promise<readonly SenderStep[]> {
  const steps: SenderStep[] = [];
  for await (const step of sending.start()) steps.push(step);
  return steps;
}

describe("a stream that is sent", () => {
  test("has no size before its end, at either side, and then one", async () => {
    const bytes = randomBytes(page + 1_000);
    const stream = new PassThrough();
    stream.write(bytes.subarray(0, page));
    const receiving = await place.receiveMany(2);
    const sizes: unknown[] = [];
    const sending = stepsOf(sender(stream, receiving));
    for (const { start } of receiving) {
      const receiver = await start;
      for await (const { total, file } of receiver.dataReceiver()) {
        sizes.push(total.sizeBytes, file.sizeBytes);
        if (total.bytesReceived === page) break;
      }
      expect(receiver.totalBytes).toBeUndefined();
      expect(receiver.fileItems.at(0)).toMatchObject({ sizeBytes: undefined, isComplete: false });
    }
    expect(new Set(sizes)).toEqual(new Set([undefined]));
    stream.end(bytes.subarray(page));
    const steps = await sending;
    expect(steps[0]).toMatchObject({ type: "scanned", totalBytes: undefined, files: 1 });
    const totalBytes = bytes.length;
    expect(steps).toContainEqual({ type: "stream-ended", chunkCount: 33, totalBytes });
    expect(steps.at(-1)).toMatchObject({ type: "result", status: "complete", totalBytes });
    for (const { start, end, directory } of receiving) {
      expect(await end).toMatchObject({ status: "complete", files: 1, bytes: totalBytes });
      const receiver = await start;
      expect(receiver.totalBytes).toBe(totalBytes);
      expect(receiver.fileItems.at(0)).toMatchObject({ sizeBytes: totalBytes, isComplete: true });
      expect(receiver.fileItems.completeCount).toBe(1);
      const { "x.tar": landed } = await place.contentOf(directory.slice(place.path.length + 1));
      expect(landed).toBe(bytes.toString("base64"));
    }
  });

  test("is not taken by who takes less, and by the others it is", async () => {
    const small = await place.receive("small", { maxTotalBytes: 2 * page });
    const other = await place.receive("other");
    const bytes = randomBytes(4 * page);
    const steps = await stepsOf(sender(Readable.from([bytes]), [small, other]));
    expect(steps.at(-1)).toMatchObject({
      peers: [{ status: "failed", error: { code: "limit-exceeded" } }, { status: "complete" }],
    });
    expect(await readdir(small.directory)).toEqual([]);
  });

  test("that fails fails the session, and lands nowhere", async () => {
    const [receiving] = (await place.receiveMany(1)) as [Receiving];
    const stream = new PassThrough();
    stream.write(randomBytes(page));
    const sending = stepsOf(sender(stream, [receiving]));
    await receiving.start;
    stream.destroy(new Error("the disk is gone"));
    const error = { code: "source-unreadable" };
    const result = { type: "result", status: "failed", totalBytes: undefined, error };
    expect((await sending).at(-1)).toMatchObject(result);
    expect(await receiving.end).toMatchObject({ status: "failed", files: 0 });
    expect(await readdir(receiving.directory)).toEqual([]);
  });

  test("is let go when nobody reads the steps any more", async () => {
    const [receiving] = (await place.receiveMany(1)) as [Receiving];
    const stream = new PassThrough();
    stream.write(randomBytes(page));
    for await (const { type } of sender(stream, [receiving]).start()) if (type === "joined") break;
    expect(stream.destroyed).toBe(true);
    expect((await readdir(place.path)).filter((name) => name.startsWith(".palmtree"))).toEqual([]);
  });

  test("has to be one, with a name", async () => {
    const peers = ["127.0.0.1:4747"];
    const no = { stream: "text", name: "x" } as unknown as { stream: Readable; name: string };
    expect(() => new FilesSender(no, peers, { keys })).toThrow(TypeError);
    const nameless = { stream: Readable.from([]) } as unknown as { stream: Readable; name: string };
    expect(() => new FilesSender(nameless, peers, { keys })).toThrow(TypeError);
    const unsafe = new FilesSender({ stream: Readable.from([]), name: "../x" }, peers, { keys });
    await expect(stepsOf(unsafe)).rejects.toMatchObject({ code: "name-unsafe" });
  });
});

describe("a stream whose length is not the one that the root has sent", () => {
  const session = "000102030405060708090a0b0c0d0e0f";
  const rootKey = new Uint8Array(32);

  /** What comes of two chunks of 1,024 bytes and a seal that says `totalBytes`. */
  async function receive(totalBytes: number): Promise<PeerEvent> {
    const bytes = randomBytes(2_048);
    const named = { stream: Readable.from([bytes]), name: "x" };
    const options = { chunkSizeBytes: 1_024, spoolDirectory: place.path };
    await using source = await StreamSource.open(named, options);
    const { manifest, manifestBytes, manifestHash, layout } = source.described;
    const { chunkCount, totalBytes: mostBytes, chunkSizeBytes } = layout;
    const sizes = { totalBytes: mostBytes, entryCount: 1, chunkCount, chunkSizeBytes };
    const cookie = new Uint8Array(16);
    const promised = { manifestHash, manifestBytes: manifestBytes.length, isStream: true, cookie };
    const rules = { strategy: "tree", fanout: 4, timeoutMs: 1_000, rootKey } as const;
    const invite: Invite = { type: "invite", name: "x", ...sizes, ...promised, ...rules };
    const hasher = new SessionHasher({ manifest, layout, manifestHash }, sha256);
    const hashes = [0, 1].map((index) =>
      sha256(bytes.subarray(1_024 * index, 1_024 * index + 1_024)),
    );
    for (const hash of hashes) hasher.add(hash);
    layout.endStream(2_048);
    const events: PeerEvent[] = [];
    let wake: () => void = () => undefined;
    const post = (event: PeerEvent): void => {
      events.push(event);
      wake();
    };
    const next = async (): Promise<PeerEvent> => {
      while (events.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return events.shift() as PeerEvent;
    };
    const uses = new PayloadUses(() => undefined);
    const directory = join(place.path, "in");
    const assembly = new Assembly(
      { session, invite, directory, onConflict: "fail", sync: false, uses, maxTotalBytes: 1e9 },
      { post, onOpened: () => undefined, onStored: () => undefined, onLanded: () => undefined },
    );
    assembly.open(manifestBytes);
    expect(await next()).toMatchObject({ type: "manifest-opened" });
    for (const index of [0, 1]) {
      assembly.store(index, bytes.subarray(1_024 * index, 1_024 * index + 1_024));
      expect(await next()).toMatchObject({ type: "chunk-stored" });
    }
    assembly.endStream(totalBytes);
    assembly.land([Buffer.concat(hashes)], hasher.digest());
    const last = await next();
    await assembly.abandon(false);
    return last;
  }

  test("does not land, and that which is does", async () => {
    expect(await receive(2_047)).toMatchObject({
      type: "failed",
      error: { code: "content-mismatch" },
    });
    expect(await readdir(join(place.path, "in"))).toEqual([]);
    expect(await receive(2_048)).toEqual({ type: "landed" });
  });
});
