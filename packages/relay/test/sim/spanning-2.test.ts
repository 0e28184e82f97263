import { expect, test } from "vitest";
import { faultsOfTrees, parts, sizesOf } from "./spanning.js";

const part = 2;

test(`the tree spans for every n from 2 to 1,024 with n mod ${parts} = ${part}, at most 2 log2 n deep`, {
  timeout: 600_000,
}, () => {
  expect(faultsOfTrees(sizesOf(part), { fanout: 4, mostDepth: 2 })).toEqual([]);
});
