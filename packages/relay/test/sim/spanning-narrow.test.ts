import { describe, expect, test } from "vitest";
import { faultsOfTrees } from "./spanning.js";

const sizesUpTo = (most: number): number[] =>
  Array.from({ length: most - 1 }, (_, place) => place + 2);

/** Here gossip alone does not reach everybody: orphans have to ask and to be referred. */
describe("the tree spans also where slots are scarce", () => {
  test("with two children a peer, for every n up to 128", { timeout: 120_000 }, () => {
    expect(faultsOfTrees(sizesUpTo(128), { fanout: 2, mostDepth: 3 })).toEqual([]);
  });

  test("with one child a peer, as a chain, for every n up to 40", { timeout: 120_000 }, () => {
    expect(faultsOfTrees(sizesUpTo(40), { fanout: 1, mostDepth: 40 })).toEqual([]);
  });
});
