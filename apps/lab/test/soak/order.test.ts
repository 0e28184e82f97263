import { expect, test } from "vitest";
import { parseOrder } from "../../src/soak/order.js";

test("without options a minute is simulated, from a fresh seed on", () => {
  expect(parseOrder([], 77)).toEqual({ minutes: 1, mostSwarms: 2 ** 32 - 1, seed: 77 });
});

test("minutes, swarms and the first seed can be asked for", () => {
  expect(parseOrder(["--minutes", "0.5", "--swarms=3", "--seed", "0"], 77)).toEqual({
    minutes: 0.5,
    mostSwarms: 3,
    seed: 0,
  });
  expect(parseOrder(["--help"], 77)).toBeUndefined();
});

test.each([
  ["--minutes", "0", "a number from 0.1 to 10080"],
  ["--minutes", "", "a number from 0.1 to 10080"],
  ["--swarms", "1.5", "an integer"],
  ["--seed", "-1", "a number from 0 to 4294967295"],
])("%s %s is refused, with what is expected", (option, value, expected) => {
  expect(() => parseOrder([`${option}=${value}`], 77)).toThrow(
    `${option}: got "${value}", expected ${expected}`,
  );
});

test("what it does not know is refused", () => {
  expect(() => parseOrder(["--hours", "2"], 77)).toThrow("--hours");
});
