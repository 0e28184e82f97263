import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PalmTreeError } from "@palmtree/wire";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { StreamSource, sha256 } from "../src/index.js";
import { pattern } from "./support/pattern.js";
import { onWindows } from "./support/platform.js";
import { temporaryDirectory } from "./support/temporary-directory.js";

const KIB = 1024;
const bytes = pattern(3_000_000, 1);

async function sourceOf(
  stream: Readable,
  { chunkSizeBytes = KIB, name = "x.tar" }: { chunkSizeBytes?: number; name?: string } = {},
) {
  const spoolDirectory = await temporaryDirectory();
  const source = await StreamSource.open({ stream, name }, { chunkSizeBytes, spoolDirectory });
  onTestFinished(() => source.close());
  return { source, spoolDirectory };
}

/** Everything that it gives, to its end. */
async function drain(source: StreamSource): Promise<Uint8Array[]> {
  const payloads: Uint8Array[] = [];
  for (let index = 0; ; index += 1) {
    const chunk = await source.produce(index);
    if (chunk === undefined) return payloads;
    expect(chunk.hash).toEqual(sha256(chunk.payload));
    payloads.push(chunk.payload);
  }
}

function piecesOf(sizes: readonly number[]): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return bytes.subarray(at - size, at);
  });
}

const failure = (code: string): unknown => expect.objectContaining({ code });

describe("a stream", () => {
  it("is cut into full chunks and a last one, however its pieces come", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5 * KIB), { maxLength: 12 }), async (sizes) => {
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const { source } = await sourceOf(Readable.from(piecesOf(sizes)));
        const payloads = await drain(source);
        expect(Buffer.compare(Buffer.concat(payloads), bytes.subarray(0, total))).toBe(0);
        for (const [index, { length }] of payloads.entries())
          expect(length).toBe(Math.min(KIB, total - index * KIB));
        const { layout } = source.described;
        const { isOpen, totalBytes, chunkCount } = layout;
        expect({ isOpen, totalBytes, chunkCount }).toEqual({
          isOpen: false,
          totalBytes: total,
          chunkCount: Math.ceil(total / KIB),
        });
        await source.close();
      }),
      { numRuns: 50 },
    );
  });

  it("has no known length before its end, and one file of its name", async () => {
    const { source } = await sourceOf(Readable.from([bytes]), { chunkSizeBytes: 2 ** 18 });
    const { manifest, layout } = source.described;
    expect(manifest).toMatchObject({ name: "x.tar", isStream: true });
    expect(manifest.entries).toMatchObject([{ path: "x.tar", kind: "file", sizeBytes: 0 }]);
    await source.produce(0);
    expect(layout.isOpen).toBe(true);
    expect(layout.chunkCount).toBe(2 ** 24);
  });

  it("gives a chunk as soon as it is full, while more is to come", async () => {
    const stream = new PassThrough();
    const { source } = await sourceOf(stream);
    const first = source.produce(0);
    stream.write(bytes.subarray(0, KIB - 1));
    await nextTurn();
    stream.write(bytes.subarray(KIB - 1, KIB));
    expect((await first)?.payload).toEqual(bytes.subarray(0, KIB));
  });

  it("is read only as far as chunks are asked for", async () => {
    let given = 0;
    const stream = new Readable({
      highWaterMark: 4 * KIB,
      read() {
        given += KIB;
        this.push(bytes.subarray(0, KIB));
      },
    });
    const { source } = await sourceOf(stream);
    for (let index = 0; index < 3; index += 1) await source.produce(index);
    await nextTurn();
    expect(given).toBeLessThanOrEqual(16 * KIB);
  });

  it("is there again, any chunk, long after its memory was given back", async () => {
    const { source } = await sourceOf(Readable.from([bytes]), { chunkSizeBytes: 100_000 });
    for (let index = 0; ; index += 1) {
      const chunk = await source.produce(index);
      if (chunk === undefined) break;
      source.release(chunk.payload);
    }
    for (const index of [0, 29, 1, 2, 3, 15, 0]) {
      const expected = bytes.subarray(index * 100_000, (index + 1) * 100_000);
      expect(Buffer.compare(await source.read(index), expected)).toBe(0);
    }
  });

  it("has the chunk that is just being kept at once, and none that was not produced", async () => {
    const { source } = await sourceOf(Readable.from([bytes]));
    await source.produce(0);
    expect(await source.read(0)).toEqual(bytes.subarray(0, KIB));
    await expect(source.read(1)).rejects.toThrow(RangeError);
    await expect(source.produce(2)).rejects.toThrow(RangeError);
  });

  it("is kept where nobody else finds it, and leaves nothing behind", async () => {
    const { source, spoolDirectory } = await sourceOf(Readable.from([bytes]));
    await source.produce(0);
    if (!onWindows) expect(await readdir(spoolDirectory)).toEqual([]);
    await source.close();
    await source.close();
    expect(await readdir(spoolDirectory)).toEqual([]);
  });

  it("that fails says so, whether somebody is reading or not", async () => {
    const broken = new PassThrough();
    const { source } = await sourceOf(broken);
    const reading = source.produce(0);
    broken.destroy(Object.assign(new Error("no"), { code: "EIO" }));
    await expect(reading).rejects.toThrow(/Cannot read the stream x\.tar: EIO/);

    const before = new PassThrough();
    const { source: unread } = await sourceOf(before);
    before.destroy(new Error("gone before anybody read"));
    await nextTurn();
    await expect(unread.produce(0)).rejects.toEqual(failure("source-unreadable"));
  });

  it("of texts or objects is refused", async () => {
    const { source } = await sourceOf(Readable.from(["text"]));
    await expect(source.produce(0)).rejects.toThrow("it gave a string");
  });

  it("that never goes on is let go by closing", async () => {
    const stream = new PassThrough();
    const { source } = await sourceOf(stream);
    const waiting = source.produce(0);
    const refused = expect(waiting).rejects.toEqual(failure("aborted"));
    await source.close();
    await refused;
    expect(stream.destroyed).toBe(true);
    await expect(source.read(0)).rejects.toThrow();
  });

  it("ends with an error that says where when it cannot be kept", async () => {
    const missing = join(await temporaryDirectory(), "missing");
    const named = { stream: Readable.from([bytes]), name: "x" };
    const error = await StreamSource.open(named, { spoolDirectory: missing }).catch(
      (thrown: PalmTreeError) => thrown,
    );
    expect(error).toMatchObject({ code: "store-failed", facts: { path: missing } });
  });

  it.each(["a/b", "..", "", "CON", "a\nb"])("is not called %j", async (name) => {
    const options = { spoolDirectory: await temporaryDirectory() };
    const opening = StreamSource.open({ stream: Readable.from([]), name }, options);
    await expect(opening).rejects.toEqual(failure("name-unsafe"));
    expect(await readdir(options.spoolDirectory)).toEqual([]);
  });

  it.each([0, 1_023, 2 ** 24 + 1, 1_500.5])("has no chunks of %d bytes", async (chunkSizeBytes) => {
    const options = { chunkSizeBytes, spoolDirectory: await temporaryDirectory() };
    const opening = StreamSource.open({ stream: Readable.from([]), name: "x" }, options);
    await expect(opening).rejects.toThrow(RangeError);
    await expect(opening).rejects.toThrow(
      `chunkSizeBytes: got ${chunkSizeBytes}, expected 1024 to`,
    );
  });
});
