import { expect, test } from "vitest";
import { examplesOf } from "../examples.mjs";

test("only fences that are tagged as examples are run, in their order", () => {
  const markdown = [
    "# Title",
    "```js example",
    "one();",
    "```",
    "```js",
    "notRun();",
    "```",
    "```sh example",
    "two",
    "```",
    "",
  ].join("\n");
  expect(examplesOf(markdown)).toEqual([
    { language: "js", code: "one();\n" },
    { language: "sh", code: "two\n" },
  ]);
});
