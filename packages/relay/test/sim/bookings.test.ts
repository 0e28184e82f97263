import fc from "fast-check";
import { expect, test } from "vitest";
import { Bookings } from "../../src/sim/network/bookings.js";

test("what comes to a free link is through when its bytes are", () => {
  const bookings = new Bookings();
  expect(bookings.take(10, 5)).toBe(15);
  expect(bookings.take(20, 5)).toBe(25);
  expect(bookings.freeAt).toBe(25);
});

test("what comes while others pass waits for them", () => {
  const bookings = new Bookings();
  bookings.take(0, 100);
  expect(bookings.take(40, 10)).toBe(110);
});

test("a short one that comes in the middle of a long one delays that by its own bytes", () => {
  const bookings = new Bookings();
  // The long one has been coming since 0, and is whole, and known of, last.
  expect(bookings.take(60, 1)).toBe(61);
  expect(bookings.take(80, 2)).toBe(82);
  expect(bookings.take(0, 100)).toBe(103);
  expect(bookings.take(50, 1)).toBe(104);
});

test("a gap that is wide enough is taken, and what is beyond it stays free", () => {
  const bookings = new Bookings();
  bookings.take(50, 10);
  expect(bookings.take(20, 30)).toBe(50);
  expect(bookings.take(0, 10)).toBe(10);
  expect(bookings.take(0, 10)).toBe(20);
  expect(bookings.freeAt).toBe(60);
});

test("no link carries more than its clock counts, whoever comes when", () => {
  const arrival = fc.record({ from: fc.nat(200), bytes: fc.integer({ min: 1, max: 30 }) });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 40 }), (arrivals) => {
      const bookings = new Bookings();
      const taken = arrivals.map(({ from, bytes }) => ({
        from,
        bytes,
        until: bookings.take(from, bytes),
      }));
      for (const { from, bytes, until } of taken)
        expect(until - from).toBeGreaterThanOrEqual(bytes);
      const times = taken.flatMap(({ from, until }) => [from, until]);
      for (const since of times)
        for (const end of times) {
          const within = taken.filter(({ from, until }) => from >= since && until <= end);
          const bytes = within.reduce((sum, each) => sum + each.bytes, 0);
          expect(bytes).toBeLessThanOrEqual(Math.max(0, end - since));
        }
    }),
  );
});
