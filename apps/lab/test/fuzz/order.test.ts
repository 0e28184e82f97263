import { expect, test } from "vitest";
import { parseOrder, usageOf } from "../../src/fuzz/order.js";

const known = ["datagram", "swarm"];

test("without options every target is tried for a minute together, from a fresh seed on", () => {
  expect(parseOrder([], known, 77)).toEqual({
    minutes: 1,
    mostCases: 2 ** 32 - 1,
    seed: 77,
    targets: known,
  });
});

test("a case is repeated by its target and seed, however long it takes", () => {
  const order = parseOrder(["--target", "swarm", "--seed", "9", "--cases", "1"], known, 77);
  expect(order).toEqual({ minutes: 10_080, mostCases: 1, seed: 9, targets: ["swarm"] });
});

test("several targets, minutes and cases can be asked for together", () => {
  const args = ["--target=swarm", "--target=datagram", "--minutes=0.5", "--cases=100"];
  expect(parseOrder(args, known, 77)).toEqual({
    minutes: 0.5,
    mostCases: 100,
    seed: 77,
    targets: ["swarm", "datagram"],
  });
  expect(parseOrder(["--help"], known, 77)).toBeUndefined();
  expect(usageOf(["  datagram: never throws"])).toContain("datagram: never throws");
});

test.each([
  ["--target", "disk", "one of datagram, swarm"],
  ["--minutes", "0", "a number from 0.05 to 10080"],
  ["--cases", "1.5", "an integer"],
  ["--seed", "-1", "a number from 0 to 4294967295"],
])("%s %s is refused, with what is expected", (option, value, expected) => {
  expect(() => parseOrder([`${option}=${value}`], known, 77)).toThrow(
    `${option}: got "${value}", expected ${expected}`,
  );
});
