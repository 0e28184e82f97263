import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bitmap } from "../src/index.js";

/** A bitmap and the same indexes as a set; at times one that is larger than what it has memory for. */
const bitmaps = fc
  .oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 200 }) }, fc.constant(70_000))
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      indexes: size === 0 ? fc.constant([]) : fc.array(fc.nat(size - 1)),
    }),
  )
  .map(({ size, indexes }) => {
    const bitmap = new Bitmap(size);
    for (const index of indexes) bitmap.set(index);
    return { size, bitmap, model: new Set(indexes) };
  });

function firstWhere(size: number, from: number, test: (index: number) => boolean): number {
  for (let index = Math.max(0, from); index < size; index += 1) if (test(index)) return index;
  return -1;
}

describe("a bitmap", () => {
  it("does what a set of integers does", () => {
    const commands = fc.array(
      fc.record({ name: fc.constantFrom("set", "clear", "all"), at: fc.nat(199) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), commands, (size, steps) => {
        const bitmap = new Bitmap(size);
        const model = new Set<number>();
        for (const { name, at } of steps) {
          const index = at % size;
          if (name === "all") {
            bitmap.setAll();
            for (let i = 0; i < size; i += 1) model.add(i);
          } else if (name === "set") {
            expect(bitmap.set(index)).toBe(!model.has(index));
            model.add(index);
          } else {
            expect(bitmap.clear(index)).toBe(model.delete(index));
          }
          expect(bitmap.count).toBe(model.size);
          expect(bitmap.isFull).toBe(model.size === size);
          expect(bitmap.has(index)).toBe(model.has(index));
        }
        expect([...bitmap.indexes()]).toEqual([...model].sort((a, b) => a - b));
      }),
    );
  });

  it("finds the first set and the first clear index from any place", () => {
    fc.assert(
      fc.property(bitmaps, fc.integer({ min: -5, max: 210 }), ({ size, bitmap, model }, from) => {
        expect(bitmap.firstSet(from)).toBe(firstWhere(size, from, (i) => model.has(i)));
        expect(bitmap.firstClear(from)).toBe(firstWhere(size, from, (i) => !model.has(i)));
      }),
    );
  });

  it("finds what another one lacks", () => {
    fc.assert(
      fc.property(
        bitmaps,
        fc.array(fc.nat(199)),
        fc.integer({ min: -5, max: 210 }),
        ({ size, bitmap, model }, indexes, from) => {
          const other = new Bitmap(size);
          for (const index of indexes) if (index < size) other.set(index);
          const expected = firstWhere(size, from, (i) => model.has(i) && !other.has(i));
          expect(bitmap.firstIn(other, from)).toBe(expected);
        },
      ),
    );
  });

  it("finds the last that another one lacks", () => {
    fc.assert(
      fc.property(
        bitmaps,
        fc.array(fc.nat(199)),
        fc.integer({ min: -5, max: 210 }),
        ({ size, bitmap, model }, indexes, end) => {
          const other = new Bitmap(size);
          for (const index of indexes) if (index < size) other.set(index);
          const lacked = [...model].filter((index) => index < end && !other.has(index));
          expect(bitmap.lastIn(other, end)).toBe(Math.max(-1, ...lacked));
        },
      ),
    );
  });

  it("sets a run as it would its indexes, one by one", () => {
    fc.assert(
      fc.property(bitmaps, fc.nat(199), fc.nat(200), ({ size, bitmap, model }, from, most) => {
        const first = Math.min(from, Math.max(0, size - 1));
        const count = Math.min(most, size - first);
        const run = Array.from({ length: count }, (_, place) => first + place);
        expect(bitmap.setRun(first, count)).toBe(run.filter((index) => !model.has(index)).length);
        for (const index of run) model.add(index);
        expect([...bitmap.indexes()]).toEqual([...model].sort((one, other) => one - other));
        expect(bitmap.count).toBe(model.size);
      }),
    );
  });

  it("has no indexes any more that it is cut off before", () => {
    fc.assert(
      fc.property(bitmaps, fc.nat(70_000), ({ size, bitmap, model }, at) => {
        const end = Math.min(at, size);
        bitmap.truncate(end);
        const left = [...model].filter((index) => index < end).sort((a, b) => a - b);
        expect([...bitmap.indexes()]).toEqual(left);
        expect([bitmap.size, bitmap.count]).toEqual([end, left.length]);
        expect(bitmap.end).toBe(left.length === 0 ? 0 : (left.at(-1) as number) + 1);
        expect(bitmap.firstClear(0)).toBe(firstWhere(end, 0, (i) => !model.has(i)));
        expect(bitmap.isFull).toBe(left.length === end);
        expect(() => bitmap.truncate(end + 1)).toThrow(RangeError);
        bitmap.setAll();
        expect(bitmap.count).toBe(end);
      }),
    );
  });

  it("survives a round trip through bytes without the zeros at their end", () => {
    const malformed = expect.objectContaining({ code: "frame-malformed", fault: "remote" });
    fc.assert(
      fc.property(bitmaps, ({ size, bitmap }) => {
        const bytes = bitmap.toShortBytes();
        expect(bytes.at(-1)).not.toBe(0);
        expect(bytes).toEqual(bitmap.toBytes().subarray(0, Math.ceil(bitmap.end / 8)));
        const copy = Bitmap.fromShortBytes(bytes, size);
        expect([...copy.indexes()]).toEqual([...bitmap.indexes()]);
        expect(copy.count).toBe(bitmap.count);
        const longer = Uint8Array.of(...bytes, 0);
        expect(() => Bitmap.fromShortBytes(longer, size)).toThrow(malformed);
      }),
    );
    expect(() => Bitmap.fromShortBytes(Uint8Array.of(1, 1), 8)).toThrow(malformed);
    expect(() => Bitmap.fromShortBytes(Uint8Array.of(0, 0b10), 9)).toThrow(malformed);
    expect(Bitmap.fromShortBytes(new Uint8Array(0), 2 ** 24).count).toBe(0);
  });

  it("takes memory for what is set, not for what there is room for", () => {
    const before = process.memoryUsage().arrayBuffers;
    const bitmaps = Array.from({ length: 200 }, () => new Bitmap(2 ** 24));
    for (const bitmap of bitmaps) bitmap.set(100_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 64 * 1024);
    expect(bitmaps.every((bitmap) => bitmap.firstSet(0) === 100_000)).toBe(true);
  });

  it("skips words: finds the last of 2^24 indexes", () => {
    const size = 2 ** 24;
    const full = new Bitmap(size);
    full.setAll();
    const other = full.clone();
    other.clear(size - 1);
    expect(full.firstIn(other, 0)).toBe(size - 1);
    expect(full.firstClear(0)).toBe(-1);
    expect(other.firstClear(0)).toBe(size - 1);
    other.setAll();
    other.clear(0);
    expect(full.lastIn(other, size)).toBe(0);
  });

  it("puts index i into bit i % 8, least significant first, of byte floor(i / 8)", () => {
    const bitmap = new Bitmap(19);
    for (const index of [0, 9, 18]) bitmap.set(index);
    expect(bitmap.toBytes()).toEqual(Uint8Array.of(0b1, 0b10, 0b100));
    bitmap.setAll();
    expect(bitmap.toBytes()).toEqual(Uint8Array.of(0xff, 0xff, 0b111));
  });

  it("survives a round trip through bytes", () => {
    fc.assert(
      fc.property(bitmaps, ({ size, bitmap, model }) => {
        const copy = Bitmap.fromBytes(bitmap.toBytes(), size);
        expect([...copy.indexes()]).toEqual([...bitmap.indexes()]);
        expect(copy.count).toBe(model.size);
      }),
    );
  });

  it("copies the bytes it is read from", () => {
    const bytes = Uint8Array.of(0b101);
    const bitmap = Bitmap.fromBytes(bytes, 8);
    bytes.fill(0);
    expect([...bitmap.indexes()]).toEqual([0, 2]);
  });

  it("is refused as malformed, the peer's fault, when it is too short, too long or has spare bits", () => {
    const malformed = expect.objectContaining({ code: "frame-malformed", fault: "remote" });
    expect(() => Bitmap.fromBytes(new Uint8Array(1), 9)).toThrow(malformed);
    expect(() => Bitmap.fromBytes(new Uint8Array(3), 9)).toThrow(malformed);
    expect(() => Bitmap.fromBytes(new Uint8Array(1), 0)).toThrow(malformed);
    for (let bit = 1; bit < 8; bit += 1) {
      expect(() => Bitmap.fromBytes(Uint8Array.of(0, 1 << bit), 9)).toThrow(malformed);
    }
    expect(Bitmap.fromBytes(Uint8Array.of(0, 1), 9).count).toBe(1);
    expect(Bitmap.fromBytes(new Uint8Array(0), 0).isFull).toBe(true);
  });

  it("gives independent copies", () => {
    const bitmap = new Bitmap(40);
    const copy = bitmap.clone();
    copy.set(39);
    expect([bitmap.has(39), copy.has(39), bitmap.count, copy.count]).toEqual([false, true, 0, 1]);
  });

  it("has no room for an index that is negative, too large or no integer", () => {
    const bitmap = new Bitmap(10);
    for (const index of [-1, 10, 0.5, Number.NaN, 2 ** 32]) {
      expect(() => bitmap.set(index)).toThrow(RangeError);
      expect(() => bitmap.clear(index)).toThrow(RangeError);
    }
    for (const index of [-1, 10, Number.NaN]) expect(bitmap.has(index)).toBe(false);
    for (const size of [-1, 1.5, Number.NaN, 2 ** 32]) {
      expect(() => new Bitmap(size)).toThrow(RangeError);
    }
    expect(() => bitmap.firstIn(new Bitmap(11), 0)).toThrow(RangeError);
    expect(() => bitmap.lastIn(new Bitmap(11), 0)).toThrow(RangeError);
    for (const [first, count] of [
      [10, 1],
      [0, 11],
      [-1, 2],
      [0, 2 ** 32],
    ] as const)
      expect(() => bitmap.setRun(first, count)).toThrow(RangeError);
    expect(bitmap.count).toBe(0);
  });
});
