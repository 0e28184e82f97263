import { PalmTreeError } from "@palmtree/wire";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ChunkLayout } from "../src/index.js";
import { WriteQueue, type WriteRun } from "../src/write-queue.js";
import { file, manifestOf } from "./support/tree.js";

const KIB = 1024;

interface OpenWrite {
  readonly run: WriteRun;
  readonly finish: () => void;
  readonly fail: (error: Error) => void;
}

/** A queue whose writes end when the test says so. */
function setUp(
  sizes: readonly number[],
  chunkSizeBytes: number,
  lacking: () => number = () => Number.POSITIVE_INFINITY,
) {
  const entries = sizes.map((size, index) => file(`f${index}`, size));
  const layout = new ChunkLayout({ ...manifestOf(...entries), chunkSizeBytes });
  const writes: OpenWrite[] = [];
  const queue = new WriteQueue(layout, {
    write: (run) =>
      new Promise<void>((resolve, reject) => {
        writes.push({ run, finish: resolve, fail: reject });
      }),
    toError: (error) => new PalmTreeError("store-failed", String(error), { cause: error }),
    lacking,
  });
  const stored: number[] = [];
  const failed: [number, string][] = [];
  const add = (...indexes: readonly number[]) => {
    for (const index of indexes) {
      queue.add(index, new Uint8Array(layout.lengthOf(index)), (error) => {
        if (error === undefined) stored.push(index);
        else failed.push([index, error.code]);
      });
    }
  };
  /** The chunks of each write that was begun. */
  const begun = () => writes.map(({ run }) => [run.firstChunk, run.payloads.length]);
  return { queue, layout, writes, add, begun, stored, failed };
}

/** Lets everything happen that needs no further event, and no time. */
async function turn(): Promise<void> {
  for (let count = 0; count < 3; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The same, and what waits has waited for long enough. */
async function settle(): Promise<void> {
  await turn();
  vi.advanceTimersByTime(25);
  await turn();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a write queue gathers", () => {
  it("what comes within 25 ms, and no longer", async () => {
    const { add, begun } = setUp([100 * KIB], KIB);
    add(0);
    await turn();
    vi.advanceTimersByTime(15);
    add(1);
    await turn();
    vi.advanceTimersByTime(9);
    await turn();
    expect(begun()).toEqual([]);
    vi.advanceTimersByTime(1);
    await turn();
    expect(begun()).toEqual([[0, 2]]);
  });

  it("256 KiB, and waits no longer then", async () => {
    const { writes, add, begun } = setUp([100 * 64 * KIB], 64 * KIB);
    add(0, 1, 2);
    await turn();
    expect(begun()).toEqual([]);
    add(3);
    await turn();
    expect(begun()).toEqual([[0, 4]]);
    writes[0]?.finish();
    await turn();
    // What comes after it waits anew.
    add(4);
    await turn();
    vi.advanceTimersByTime(24);
    await turn();
    expect(begun()).toHaveLength(1);
  });

  it("256 KiB of chunks that are not side by side, which are written one after the other at once", async () => {
    const { writes, add, begun } = setUp([100 * 64 * KIB], 64 * KIB);
    add(0, 2, 4, 6);
    for (let write = 0; write < 4; write += 1) {
      await turn();
      writes[write]?.finish();
    }
    expect(begun()).toEqual([
      [0, 1],
      [2, 1],
      [4, 1],
      [6, 1],
    ]);
    await settle();
    // That it was time for those says nothing of what comes later.
    add(8);
    await turn();
    expect(begun()).toHaveLength(4);
  });

  it("not when nothing more is lacking", async () => {
    let lacking = 3;
    const { writes, add, begun } = setUp([3 * KIB], KIB, () => lacking);
    add(2);
    await turn();
    writes[0]?.finish();
    lacking = 2;
    await turn();
    add(0);
    await turn();
    expect(begun()).toEqual([[2, 1]]);
    add(1);
    await turn();
    expect(begun().at(-1)).toEqual([0, 2]);
  });

  it("not the end of a file, nor what somebody waits for", async () => {
    const { queue, writes, add, begun } = setUp([10, 100 * KIB], KIB);
    add(0);
    await turn();
    expect(begun()).toEqual([[0, 1]]);
    writes[0]?.finish();
    await turn();
    add(5);
    void queue.idle();
    await turn();
    expect(begun().at(-1)).toEqual([5, 1]);
  });
});

describe("a write queue", () => {
  it("writes what came in one turn of the event loop at once, in order, in one run", async () => {
    const { writes, add, begun, stored } = setUp([100 * KIB], KIB);
    add(5, 3, 4, 6);
    expect(begun()).toEqual([]);
    await settle();
    expect(begun()).toEqual([[3, 4]]);
    expect(writes[0]?.run).toMatchObject({ entry: 0, offset: 3 * KIB });
    expect(stored).toEqual([]);
    writes[0]?.finish();
    await settle();
    expect(stored).toEqual([3, 4, 5, 6]);
  });

  it("gathers what comes during a write into the next one", async () => {
    const { writes, add, begun } = setUp([100 * KIB], KIB);
    add(0);
    await settle();
    add(1);
    await settle();
    add(2, 3);
    await settle();
    expect(begun()).toEqual([[0, 1]]);
    writes[0]?.finish();
    await settle();
    expect(begun()).toEqual([
      [0, 1],
      [1, 3],
    ]);
  });

  it("keeps what is not side by side, or not in one file, in writes of its own", async () => {
    const { writes, add, begun } = setUp([3 * KIB, 3 * KIB, 10 * KIB], KIB);
    add(0, 1, 6, 8, 4);
    await settle();
    writes[0]?.finish();
    await settle();
    writes[1]?.finish();
    await settle();
    writes[2]?.finish();
    await settle();
    expect(begun()).toEqual([
      [0, 2],
      [6, 1],
      [8, 1],
      [4, 1],
    ]);
  });

  it("writes at most 1 MiB at once, and the oldest chunk first", async () => {
    const { writes, add, begun } = setUp([100 * 64 * KIB], 64 * KIB);
    add(50, ...Array.from({ length: 40 }, (_, i) => i));
    await settle();
    expect(begun()).toEqual([
      [50, 1],
      [0, 16],
    ]);
    writes[0]?.finish();
    await settle();
    expect(begun().slice(2)).toEqual([[16, 16]]);
  });

  it("begins a second write only for 256 KiB, and never a third", async () => {
    const { add, begun } = setUp([100 * 64 * KIB], 64 * KIB);
    add(0);
    await settle();
    add(1, 2, 3);
    await settle();
    expect(begun()).toEqual([[0, 1]]);
    add(4);
    expect(begun()).toEqual([
      [0, 1],
      [1, 4],
    ]);
    add(...Array.from({ length: 60 }, (_, i) => i + 10));
    await settle();
    expect(begun()).toHaveLength(2);
  });

  it("writes the ends of three files side by side", async () => {
    const { writes, add, begun } = setUp([10, 10, 10, 10, 10], KIB);
    add(0, 1, 2, 3, 4);
    await settle();
    expect(begun()).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    for (const { finish } of writes) finish();
    await settle();
    expect(begun().slice(3)).toEqual([
      [3, 1],
      [4, 1],
    ]);
  });

  it("writes what ends no file alone, after ends of files too", async () => {
    const { writes, add, begun } = setUp([10, 10, 100 * KIB], KIB);
    add(0, 1);
    await settle();
    for (const { finish } of writes) finish();
    await settle();
    add(2);
    await settle();
    add(10);
    await settle();
    expect(begun()).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  it("counts the bytes that are not written, and lends them", async () => {
    const { queue, writes, add } = setUp([10 * KIB, 5], KIB);
    expect(queue.pendingBytes).toBe(0);
    add(0, 10);
    expect(queue.pendingBytes).toBe(KIB + 5);
    await settle();
    expect(queue.payloadOf(10)).toHaveLength(5);
    expect(queue.pendingBytes).toBe(KIB + 5);
    writes[0]?.finish();
    await settle();
    expect(queue.pendingBytes).toBe(5);
    expect(queue.payloadOf(0)).toBeUndefined();
    writes[1]?.finish();
    await settle();
    expect(queue.pendingBytes).toBe(0);
  });

  it("writes a chunk once that is added again, and tells both", async () => {
    const { writes, add, begun, stored } = setUp([10 * KIB], KIB);
    add(1, 1);
    await settle();
    add(1);
    writes[0]?.finish();
    await settle();
    expect(begun()).toEqual([[1, 1]]);
    expect(stored).toEqual([1, 1, 1]);
  });

  it("writes nothing more after a failure, and tells every chunk", async () => {
    const { queue, writes, add, begun, stored, failed } = setUp([100 * KIB], KIB);
    add(0);
    await settle();
    add(5);
    writes[0]?.fail(new Error("broken"));
    await settle();
    add(7);
    expect(failed).toHaveLength(2);
    await settle();
    expect(stored).toEqual([]);
    expect(failed.sort(([a], [b]) => a - b)).toEqual([
      [0, "store-failed"],
      [5, "store-failed"],
      [7, "store-failed"],
    ]);
    expect(begun()).toEqual([[0, 1]]);
    expect(queue.pendingBytes).toBe(0);
    expect(queue.failure?.code).toBe("store-failed");
  });

  it("is idle when nothing waits and nothing is under way", async () => {
    const { queue, writes, add } = setUp([100 * KIB], KIB);
    await queue.idle();
    add(0);
    let isIdle = false;
    void queue.idle().then(() => {
      isIdle = true;
    });
    await settle();
    add(9);
    writes[0]?.finish();
    await settle();
    expect(isIdle).toBe(false);
    writes[1]?.finish();
    await settle();
    expect(isIdle).toBe(true);
  });

  it("drops what waits when it is stopped, and is idle after what is under way", async () => {
    const { queue, writes, add, stored, failed } = setUp([100 * KIB], KIB);
    add(0);
    await settle();
    add(9);
    queue.stop(new PalmTreeError("aborted", "enough"));
    expect(failed).toEqual([[9, "aborted"]]);
    const idle = queue.idle();
    writes[0]?.finish();
    await idle;
    expect(stored).toEqual([0]);
  });
});
