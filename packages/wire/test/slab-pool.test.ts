import { describe, expect, test } from "vitest";
import { SlabPool } from "../src/index.js";

function setUp() {
  let made = 0;
  const pool = new SlabPool((size) => {
    made += 1;
    return new Uint8Array(size);
  });
  return { pool, made: () => made };
}

describe("a slab", () => {
  test("is used again once it is retired and all that was lent of it is released", () => {
    const { pool, made } = setUp();
    const slab = pool.take(100);
    const payloads = [slab.subarray(0, 50), slab.subarray(50, 100)];
    for (const payload of payloads) pool.lend(payload);
    pool.release(payloads[0]!);
    pool.retire(slab);
    expect(pool.take(100).buffer).not.toBe(slab.buffer);
    pool.release(payloads[1]!);
    expect(pool.take(100).buffer).toBe(slab.buffer);
    expect(made()).toBe(2);
  });

  test("is not used again before it is retired, whatever is released", () => {
    const { pool } = setUp();
    const slab = pool.take(100);
    const payload = slab.subarray(0, 50);
    pool.lend(payload);
    pool.release(payload);
    expect(pool.take(100).buffer).not.toBe(slab.buffer);
  });

  test("is not freed by a payload that is released twice, nor by another view of it", () => {
    const { pool } = setUp();
    const slab = pool.take(100);
    const [one, other] = [slab.subarray(0, 50), slab.subarray(50, 100)];
    pool.lend(one);
    pool.lend(other);
    pool.retire(slab);
    pool.release(one);
    pool.release(one);
    pool.release(slab.subarray(50, 100));
    pool.release(new Uint8Array(50));
    expect(pool.take(100).buffer).not.toBe(slab.buffer);
  });

  test("is not freed in its second use by a payload of its first", () => {
    const { pool } = setUp();
    const slab = pool.take(100);
    const early = slab.subarray(0, 50);
    pool.lend(early);
    pool.retire(slab);
    pool.release(early);
    const again = pool.take(100);
    const late = again.subarray(0, 50);
    pool.lend(late);
    pool.retire(again);
    pool.release(early);
    expect(pool.take(100).buffer).not.toBe(slab.buffer);
  });

  test("is used again for the same size only, and few are kept", () => {
    const { pool, made } = setUp();
    const slabs = Array.from({ length: 10 }, () => pool.take(100));
    for (const slab of slabs) pool.retire(slab);
    expect(pool.take(200).length).toBe(200);
    expect(made()).toBe(11);
    for (let at = 0; at < 10; at += 1) expect(pool.take(100).length).toBe(100);
    expect(made()).toBe(17);
  });
});
