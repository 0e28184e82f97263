import { describe, expect, test } from "vitest";
import { defaultChoice, experimentsOf } from "../../src/simulated/experiments.js";
import { parseOrder, usage } from "../../src/simulated/order.js";

describe("the command line of the simulations", () => {
  test("without options runs the default choice", () => {
    expect(parseOrder([])).toEqual({
      ...defaultChoice,
      seed: 1,
      isSaved: false,
      command: "npm run bench:sim",
    });
  });

  test("takes lists, and says how to repeat it, without saving", () => {
    const args = ["--peers", "3,5", "--chunks=7", "--strategy", "tree,pipeline", "--save"];
    expect(parseOrder(args)).toMatchObject({
      peerCounts: [3, 5],
      chunkCounts: [7],
      strategies: ["tree", "pipeline"],
      isSaved: true,
      command: "npm run bench:sim -- --peers 3,5 --chunks=7 --strategy tree,pipeline",
    });
  });

  test.each([
    ["--peers", "1"],
    ["--peers", "4,,5"],
    ["--chunks", "0"],
    ["--fanout", "65"],
    ["--seed", "-1"],
    ["--seed", "x"],
  ])("refuses %s %s and says what it expects", (option, value) => {
    expect(() => parseOrder([`${option}=${value}`])).toThrow(new RegExp(`${option}: .*expected`));
  });

  test("refuses a strategy that there is not, and says what there is", () => {
    expect(() => parseOrder(["--strategy", "star"])).toThrow(/"star".*tree or pipeline/);
  });

  test("gives help, in which every option is", () => {
    expect(parseOrder(["--help"])).toBeUndefined();
    for (const option of ["--peers", "--chunks", "--strategy", "--fanout", "--seed", "--save"])
      expect(usage()).toContain(option);
  });
});

describe("the experiments", () => {
  test("are every combination, with trouble where the content is longest and somebody can help", () => {
    const choice = { ...defaultChoice, peerCounts: [2, 9], chunkCounts: [10, 20], fanouts: [3] };
    const lines = experimentsOf(choice, 1).map(
      ({ peerCount, chunkCount, trouble }) => `${peerCount} ${chunkCount} ${trouble}`,
    );
    expect(lines).toEqual([
      "2 10 none",
      "2 20 none",
      "9 10 none",
      "9 20 none",
      "9 20 slow",
      "9 20 crash",
    ]);
  });
});
