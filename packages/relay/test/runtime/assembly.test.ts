import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type ScannedSources,
  SessionHasher,
  SourceReader,
  scanSources,
  sha256,
} from "@palmtree/files";
import type { Invite } from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PeerEvent } from "../../src/core/index.js";
import { PayloadUses } from "../../src/runtime/payload-uses.js";
import { Assembly } from "../../src/runtime/receive/assembly.js";
import { type RootSources, SourceContent } from "../../src/runtime/send/source-content.js";
import { Place } from "./place.js";

const session = "000102030405060708090a0b0c0d0e0f";
let place: Place;
let scanned: ScannedSources;

beforeEach(async () => {
  place = await Place.make();
  await place.write({ "out/t/a": 2_500, "out/t/b": 0, "out/t/c": 1 });
  scanned = await scanSources([join(place.path, "out/t")], { chunkSizeBytes: 1_024 });
});
afterEach(() => place.clear());

/** Events of which a test waits for the next. */
class Inbox {
  readonly released: Uint8Array[] = [];
  readonly #events: PeerEvent[] = [];
  #wake: () => void = () => undefined;

  readonly post = (event: PeerEvent): void => {
    this.#events.push(event);
    this.#wake();
  };

  async next(): Promise<PeerEvent> {
    while (this.#events.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#events.shift() as PeerEvent;
  }
}

function inviteTo(changes: Partial<Invite> = {}): Invite {
  const { totalBytes, entryCount, chunkCount, chunkSizeBytes } = scanned.layout;
  return {
    type: "invite",
    name: "t",
    totalBytes,
    entryCount,
    chunkCount,
    chunkSizeBytes,
    isStream: false,
    strategy: "tree",
    fanout: 4,
    timeoutMs: 1_000,
    manifestBytes: scanned.manifestBytes.length,
    manifestHash: scanned.manifestHash,
    cookie: new Uint8Array(16),
    rootKey: new Uint8Array(32),
    ...changes,
  };
}

function assemble(invite: Invite = inviteTo()) {
  const inbox = new Inbox();
  const uses = new PayloadUses((payload) => inbox.released.push(payload));
  const directory = join(place.path, "in");
  const assembly = new Assembly(
    { session, invite, directory, onConflict: "fail", sync: false, uses, maxTotalBytes: 2 ** 50 },
    {
      post: inbox.post,
      onOpened: () => undefined,
      onStored: () => undefined,
      onLanded: () => undefined,
    },
  );
  return { assembly, inbox, directory, uses };
}

function sourcesOf(described: ScannedSources): RootSources {
  return { described, chunks: new SourceReader(described) };
}

/** All chunks in order, as the sending side produces them. */
async function produceAll(): Promise<Extract<PeerEvent, { type: "chunk-produced" }>[]> {
  const inbox = new Inbox();
  const content = new SourceContent(sourcesOf(scanned), inbox.post);
  const chunks: Extract<PeerEvent, { type: "chunk-produced" }>[] = [];
  for (let index = 0; index < scanned.layout.chunkCount; index += 1) content.produce(index);
  while (chunks.length < scanned.layout.chunkCount) {
    const event = await inbox.next();
    if (event.type !== "chunk-produced") throw new Error(event.type);
    chunks.push(event);
  }
  await content.close();
  return chunks;
}

describe("the sending side's content", () => {
  test("is produced in order, with the hashes of its chunks", async () => {
    const chunks = await produceAll();
    expect(chunks.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    for (const { hash, payload } of chunks) expect(hash).toEqual(sha256(payload));
    const whole = Buffer.concat(chunks.map(({ payload }) => payload)).toString("base64");
    const { "t/a": a = "", "t/c": c = "" } = await place.contentOf("out");
    expect(whole).toBe(Buffer.concat([from64(a), from64(c)]).toString("base64"));
  });

  test("is there again when it is loaded", async () => {
    const [, second] = await produceAll();
    const inbox = new Inbox();
    const content = new SourceContent(sourcesOf(scanned), inbox.post);
    content.load(1, second?.hash as Uint8Array);
    expect(await inbox.next()).toEqual({
      type: "chunk-loaded",
      index: 1,
      payload: second?.payload,
    });
    await content.close();
  });

  test("that is not what it was is not loaded: the source has changed", async () => {
    const [first] = await produceAll();
    const inbox = new Inbox();
    const content = new SourceContent(sourcesOf(scanned), inbox.post);
    content.load(1, first?.hash as Uint8Array);
    const changed = { type: "failed", error: { code: "source-changed" } };
    expect(await inbox.next()).toMatchObject(changed);
    await content.close();
  });

  test("that is gone fails", async () => {
    await place.write({ "out/t/a": 2_501 });
    const inbox = new Inbox();
    const content = new SourceContent(sourcesOf(scanned), inbox.post);
    content.produce(0);
    content.load(2, new Uint8Array(32));
    for (let at = 0; at < 2; at += 1)
      expect(await inbox.next()).toMatchObject({
        type: "failed",
        error: { code: "source-changed" },
      });
    await content.close();
  });
});

describe("the receiving side's content", () => {
  test("lands when every chunk and the session's hash are right", async () => {
    const { assembly, inbox } = assemble();
    assembly.open(scanned.manifestBytes);
    expect(await inbox.next()).toMatchObject({ type: "manifest-opened", sizes: { chunkCount: 4 } });
    const chunks = await produceAll();
    for (const { index, hash, payload } of chunks) {
      assembly.verify({ type: "verify-chunk", connection: 1, index, hash, payload });
      expect(await inbox.next()).toMatchObject({ type: "chunk-verified", index, isIntact: true });
      assembly.store(index, payload);
      expect(await inbox.next()).toEqual({ type: "chunk-stored", index });
    }
    assembly.load(2, chunks[2]?.hash as Uint8Array);
    expect(await inbox.next()).toMatchObject({ type: "chunk-loaded", index: 2 });
    assembly.load(2, new Uint8Array(32));
    const changed = { type: "failed", error: { code: "store-failed" } };
    expect(await inbox.next()).toMatchObject(changed);
    const hashes = Buffer.concat(chunks.map(({ hash }) => hash));
    const hasher = new SessionHasher(scanned, sha256);
    hasher.add(hashes);
    assembly.land([hashes], hasher.digest());
    expect(await inbox.next()).toEqual({ type: "landed" });
    await assembly.abandon(false);
    expect(await place.contentOf("in")).toEqual(await place.contentOf("out"));
  });

  test("does not land under another session's hash, and leaves nothing behind", async () => {
    const { assembly, inbox, directory } = assemble();
    assembly.open(scanned.manifestBytes);
    await inbox.next();
    const chunks = await produceAll();
    for (const { index, payload } of chunks) {
      assembly.store(index, payload);
      await inbox.next();
    }
    assembly.land([Buffer.concat(chunks.map(({ hash }) => hash))], new Uint8Array(32));
    expect(await inbox.next()).toMatchObject({
      type: "failed",
      error: { code: "content-mismatch" },
    });
    expect(await readdir(directory)).toEqual([`.palmtree-${session}`]);
    await assembly.abandon(false);
    expect(await readdir(directory)).toEqual([]);
  });

  test("a payload is given back when machine, disk and children are done with it", async () => {
    const { assembly, inbox, uses } = assemble();
    assembly.open(scanned.manifestBytes);
    await inbox.next();
    for (const [at, { index, hash, payload }] of (await produceAll()).entries()) {
      assembly.verify({ type: "verify-chunk", connection: 1, index, hash, payload });
      assembly.store(index, payload);
      uses.begin(payload); // a child's
      uses.end(payload);
      await inbox.next();
      if (at % 2 === 0) uses.end(payload); // the machine's, here before the disk's
      expect(inbox.released.length).toBe(at);
      await inbox.next();
      if (at % 2 === 1) uses.end(payload);
      expect(inbox.released[at]).toBe(payload);
    }
    await assembly.abandon(false);
  });

  test("a chunk with another hash is not intact", async () => {
    const { assembly, inbox } = assemble();
    const [chunk] = await produceAll();
    const { hash, payload } = chunk!;
    const other = Uint8Array.from(payload);
    other[9] = (other[9] ?? 0) ^ 128;
    assembly.verify({ type: "verify-chunk", connection: 1, index: 0, hash, payload: other });
    expect(await inbox.next()).toMatchObject({ type: "chunk-verified", isIntact: false });
  });

  test.each<[string, Partial<Invite>]>([
    ["hash", { manifestHash: new Uint8Array(32) }],
    ["chunkCount", { chunkCount: 5 }],
    ["totalBytes", { totalBytes: 2_500 }],
    ["entryCount", { entryCount: 3 }],
    ["chunkSizeBytes", { chunkSizeBytes: 2_048 }],
  ])("a manifest with another %s than was promised is refused", async (field, changes) => {
    const { assembly, inbox } = assemble(inviteTo(changes));
    assembly.open(scanned.manifestBytes);
    expect(await inbox.next()).toMatchObject({
      type: "failed",
      error: { code: "manifest-invalid", fault: "remote", facts: { field } },
    });
    await assembly.abandon(false);
    expect(await readdir(place.path)).not.toContain("in");
  });

  test("an end while the manifest is being opened leaves nothing behind", async () => {
    const { assembly, directory } = assemble();
    assembly.open(scanned.manifestBytes);
    await assembly.abandon(false);
    expect(await readdir(directory)).toEqual([]);
  });
});

function from64(text: string): Buffer {
  return Buffer.from(text, "base64");
}
