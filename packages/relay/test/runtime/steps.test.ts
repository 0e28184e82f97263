import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FileItem, ReceivedChunk } from "../../src/index.js";
import { Place } from "./place.js";

const chunk = 65_536;
let place: Place;

beforeEach(async () => {
  place = await Place.make();
});
afterEach(() => place.clear());

describe("what a sender tells", () => {
  test("comes in the session's order, the result last, and one end for each peer", async () => {
    await place.write({ "out/a": 20 * chunk, "out/link-target": 1 });
    const receiving = await place.receiveMany(3);
    const { steps, result } = await place.send(["out"], receiving);
    const types = steps.map(({ type }) => type);
    const order = ["scanned", "invited", "joined", "numbered", "peer-ended"];
    const places = order.map((type) => types.indexOf(type as (typeof types)[number]));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(types.slice(-2)).toEqual(["ended", "result"]);
    expect(types.filter((type) => type === "peer-ended")).toHaveLength(3);
    expect(types.filter((type) => type === "joined")).toHaveLength(3);
    expect(steps[0]).toMatchObject({ files: 2, totalBytes: 20 * chunk + 1, chunkCount: 21 });
    // In a pipeline chunks do not wait for the tree.
    expect(types.indexOf("tree-formed")).toBeGreaterThan(types.indexOf("numbered"));
    for (const { number } of result.peers) {
      const ended = steps.findIndex((s) => s.type === "peer-ended" && s.result.number === number);
      const progress = steps.findLastIndex((s) => s.type === "progress" && s.number === number);
      expect(progress).toBeGreaterThan(0);
      expect(progress).toBeLessThan(ended);
    }
  });

  test("a sender sends once", async () => {
    await place.write({ a: 1 });
    const sender = place.sender(["a"], ["127.0.0.1:9"], { maxWaitMs: 0 });
    const first = sender.start();
    expect(() => sender.start()).toThrow(TypeError);
    await first.return();
  });
});

describe("what a receiver tells", () => {
  test("onTransferStart knows the files before any content, and they fill up", async () => {
    await place.write({ "out/t/a": 3 * chunk, "out/t/b/c": 1, "out/t/empty": 0 });
    const before: unknown[] = [];
    const receiving = await place.receive("in", {
      onTransferStart: ({ name, totalBytes, bytesReceived, fileItems, directory, from }) => {
        const items = [...fileItems].map((item) => ({ ...pick(item) }));
        before.push({ name, totalBytes, bytesReceived, items, directory });
        expect(from).toMatch(/^127\.0\.0\.1:\d+$/);
      },
    });
    await place.send(["out/t"], [receiving], { name: "three files" });
    expect(before).toEqual([
      {
        name: "three files",
        totalBytes: 3 * chunk + 1,
        bytesReceived: 0,
        directory: receiving.directory,
        items: [
          { path: "t/a", sizeBytes: 3 * chunk, bytesReceived: 0, isComplete: false },
          { path: "t/b/c", sizeBytes: 1, bytesReceived: 0, isComplete: false },
          { path: "t/empty", sizeBytes: 0, bytesReceived: 0, isComplete: true },
        ],
      },
    ]);
    const [receiver] = receiving.started;
    expect(receiver?.fileItems.completeCount).toBe(3);
    expect([...(receiver?.fileItems ?? [])].every(({ isComplete }) => isComplete)).toBe(true);
    expect(receiver?.bytesReceived).toBe(3 * chunk + 1);
    expect(await receiver?.result).toMatchObject({ status: "complete", files: 3 });
  });

  test("dataReceiver yields every chunk once, and ends with the transfer", async () => {
    await place.write({ "out/a": 10 * chunk + 5, "out/b": 7 });
    const readers: Promise<ReceivedChunk[]>[] = [];
    const receiving = await place.receive("in", {
      onTransferStart: (receiver) => {
        const read = async (): Promise<ReceivedChunk[]> => {
          const chunks: ReceivedChunk[] = [];
          for await (const received of receiver.dataReceiver()) chunks.push(received);
          return chunks;
        };
        readers.push(read(), read());
      },
    });
    await place.send(["out/a", "out/b"], [receiving]);
    const [first, second] = await Promise.all(readers);
    expect(second).toEqual(first);
    const spans = first?.map(({ path, offset, length }) => `${path} ${offset}+${length}`).sort();
    const expected = Array.from({ length: 10 }, (_, at) => `a ${at * chunk}+${chunk}`);
    expect(spans).toEqual([...expected, `a ${10 * chunk}+5`, "b 0+7"].sort());
    expect(first?.at(-1)?.total).toEqual({
      bytesReceived: 10 * chunk + 12,
      sizeBytes: 10 * chunk + 12,
    });
    expect(first?.every(({ missedChunks }) => missedChunks === 0)).toBe(true);
  });

  test("a reader that comes after the end gets nothing, and does not wait", async () => {
    await place.write({ "out/a": 7 });
    const receiving = await place.receive("in");
    await place.send(["out/a"], [receiving]);
    const receiver = await receiving.start;
    await receiver.result;
    for await (const received of receiver.dataReceiver()) expect.unreachable(received.path);
  });

  test("each end is told once, with the place in the tree before it", async () => {
    await place.write({ "out/a": chunk });
    const ends: string[] = [];
    const receiving = await place.receive("in", {
      onTransferEnd: ({ name }, { status }) => ends.push(`${name} ${status}`),
    });
    await place.send(["out/a"], [receiving]);
    await receiving.end;
    expect(ends).toEqual(["a complete"]);
    expect(receiving.steps.map(({ type }) => type)).toContain("attached");
    expect(receiving.steps.at(-1)).toEqual({ type: "ended" });
    expect(receiving.relay.receivers).toEqual([]);
  });
});

function pick(item: FileItem): object {
  const { path, sizeBytes, bytesReceived, isComplete } = item;
  return { path, sizeBytes, bytesReceived, isComplete };
}
