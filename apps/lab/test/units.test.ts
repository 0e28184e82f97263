import { expect, test } from "vitest";
import { formatBytes, formatNumber } from "../src/units.js";

test.each([
  [1234.5, "1235"],
  [123.4, "123"],
  [12.34, "12.3"],
  [1.234, "1.23"],
  [0, "0"],
  [200, "200"],
])("%f is written %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("sizes are written in MiB, large ones in GiB", () => {
  expect(formatBytes(64 * 2 ** 20)).toBe("64 MiB");
  expect(formatBytes(1.5 * 2 ** 30)).toBe("1.50 GiB");
});
