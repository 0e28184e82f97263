import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RingBuffer } from "../../src/core/transfer/ring-buffer.js";

const bytes = (length: number): Uint8Array => new Uint8Array(length);

describe("RingBuffer", () => {
  test("keeps what was put, by reference", () => {
    const ring = new RingBuffer(4, 1_000);
    const payload = bytes(10);
    ring.put(3, payload);
    expect(ring.get(3)).toBe(payload);
    expect(ring.get(4)).toBeUndefined();
    expect(ring).toMatchObject({ size: 1, bytes: 10 });
  });

  test("the oldest makes room when there are too many", () => {
    const ring = new RingBuffer(3, 1_000);
    for (const index of [5, 1, 9, 2]) ring.put(index, bytes(1));
    expect([5, 1, 9, 2].filter((index) => ring.get(index) !== undefined)).toEqual([1, 9, 2]);
    expect(ring.size).toBe(3);
  });

  test("tells what it does not keep any more, and nothing else", () => {
    const ring = new RingBuffer(2, 1_000);
    const payloads = [1, 2, 3, 4].map(bytes);
    const evicted: Uint8Array[] = [];
    for (const [index, payload] of payloads.entries())
      ring.put(index, payload, (each) => evicted.push(each));
    ring.put(3, bytes(9), (each) => evicted.push(each));
    expect(evicted).toEqual(payloads.slice(0, 2));
  });

  test("as many of the oldest make room as the bytes of a large one need", () => {
    const ring = new RingBuffer(10, 100);
    for (const index of [0, 1, 2, 3]) ring.put(index, bytes(25));
    ring.put(4, bytes(60));
    expect([0, 1, 2, 3, 4].filter((index) => ring.get(index) !== undefined)).toEqual([3, 4]);
    expect(ring.bytes).toBe(85);
  });

  test("the newest is kept even when it alone is too large", () => {
    const ring = new RingBuffer(10, 100);
    ring.put(0, bytes(50));
    ring.put(1, bytes(500));
    expect(ring).toMatchObject({ size: 1, bytes: 500 });
    expect(ring.get(1)).toBeDefined();
  });

  test("a chunk that is put twice counts once and keeps its place", () => {
    const ring = new RingBuffer(2, 1_000);
    const first = bytes(5);
    ring.put(0, first);
    ring.put(1, bytes(5));
    ring.put(0, bytes(5));
    expect(ring.get(0)).toBe(first);
    expect(ring.bytes).toBe(10);
    ring.put(2, bytes(5));
    expect(ring.get(0)).toBeUndefined();
  });

  test("is within both bounds after every put, whatever is put, and has the newest", () => {
    const put = fc.record({ index: fc.nat(20), length: fc.integer({ min: 1, max: 80 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 200 }),
        fc.array(put),
        (mostChunks, mostBytes, puts) => {
          const ring = new RingBuffer(mostChunks, mostBytes);
          for (const { index, length } of puts) {
            ring.put(index, bytes(length));
            expect(ring.get(index)).toBeDefined();
            expect(ring.size).toBeLessThanOrEqual(mostChunks);
            expect(ring.bytes <= mostBytes || ring.size === 1).toBe(true);
            let kept = 0;
            for (let at = 0; at <= 20; at += 1) kept += ring.get(at)?.length ?? 0;
            expect(ring.bytes).toBe(kept);
          }
        },
      ),
    );
  });
});
