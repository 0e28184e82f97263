import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { everyChunk, noChunk, stripeTest } from "../../src/core/transfer/stripes.js";
import { range } from "./parts.js";

const count = fc.integer({ min: 1, max: 64 });
const index = fc.nat(2 ** 24 - 1);

describe("stripes", () => {
  test("are dealt in turn: chunk i is in stripe i mod their number", () => {
    const stripes = fc.tuple(count, fc.uniqueArray(fc.nat(63), { minLength: 1 }));
    fc.assert(
      fc.property(stripes, index, ([most, drawn], chunk) => {
        const wanted = drawn.filter((stripe) => stripe < most);
        expect(stripeTest({ count: most, wanted })(chunk)).toBe(wanted.includes(chunk % most));
      }),
    );
  });

  test("that are wanted from one source each make up every chunk, once", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 64 }), index, (sources, chunk) => {
        const tests = range(0, 4).map((source) =>
          stripeTest({
            count: sources.length,
            wanted: range(0, sources.length).filter((stripe) => sources[stripe] === source),
          }),
        );
        expect(tests.filter((isWanted) => isWanted(chunk))).toHaveLength(1);
      }),
    );
  });

  test("may be all of them, or none", () => {
    fc.assert(
      fc.property(index, (chunk) => {
        expect(stripeTest(everyChunk)(chunk)).toBe(true);
        expect(stripeTest(noChunk)(chunk)).toBe(false);
      }),
    );
  });
});
