import { expect, test } from "vitest";
import { type Column, renderMarkdown, renderText } from "../src/report/table.js";

const columns: readonly Column[] = [
  { title: "name", align: "left" },
  { title: "n", align: "right" },
];

test("columns of text are as wide as their widest cell, numbers to the right", () => {
  expect(
    renderText(columns, [
      ["a", "1"],
      ["longer", "23"],
    ]),
  ).toBe(["name     n", "──────  ──", "a        1", "longer  23"].join("\n"));
});

test("a table without rows has its titles", () => {
  expect(renderText(columns, [])).toBe("name  n\n────  ─");
});

test("a pipe in a cell does not end it in Markdown", () => {
  expect(renderMarkdown(columns, [["a|b", "1"]])).toBe(
    ["| name | n |", "|---|--:|", "| a\\|b | 1 |"].join("\n"),
  );
});
