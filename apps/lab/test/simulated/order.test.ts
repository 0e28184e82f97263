import { describe, expect, test } from "vitest";
import { type Choice, defaultChoice, experimentsOf } from "../../src/simulated/experiments.js";
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
    ["--plan", "star"],
    ["--pull", "best-first"],
  ])("refuses %s %s and says what it expects", (option, value) => {
    expect(() => parseOrder([`${option}=${value}`])).toThrow(new RegExp(`${option}: .*expected`));
  });

  test("refuses a strategy that there is not, and says what there is", () => {
    expect(() => parseOrder(["--strategy", "star"])).toThrow(/"star".*tree, pipeline/);
  });

  test("gives help, in which every option is", () => {
    expect(parseOrder(["--help"])).toBeUndefined();
    const counts = ["--peers", "--chunks", "--fanout", "--seed"];
    for (const option of [...counts, "--strategy", "--plan", "--pull", "--save"])
      expect(usage()).toContain(option);
  });
});

describe("the experiments", () => {
  /** What is run of these sizes, without what the default choice would add. */
  function lines(peerCounts: readonly number[], more: Partial<Choice>): string[] {
    const choice = { ...defaultChoice, chunkCounts: [10, 20], plans: [], pulls: [], ...more };
    return experimentsOf({ ...choice, peerCounts }, 1).map(
      ({ strategy, fanout, plan, pull, peerCount, chunkCount, trouble }) => {
        const way = strategy === "tree" ? fanout : `${plan ?? "default"} ${pull}`;
        return `${way} ${peerCount} ${chunkCount} ${trouble}`;
      },
    );
  }

  test("are every combination, with trouble where the content is longest and somebody can help", () => {
    expect(lines([2, 9], { fanouts: [3] })).toEqual([
      "3 2 10 none",
      "3 2 20 none",
      "3 9 10 none",
      "3 9 20 none",
      "3 9 20 slow",
      "3 9 20 crash",
    ]);
  });

  test("of a pipeline are those of each plan, and then of what to pull first", () => {
    const chunkCounts = [20];
    const pulls = ["random", "none"] as const;
    expect(lines([9], { fanouts: [], chunkCounts, plans: ["default", "chain"], pulls })).toEqual([
      "default rarest-first 9 20 none",
      "default rarest-first 9 20 slow",
      "default rarest-first 9 20 crash",
      "chain rarest-first 9 20 none",
      "chain rarest-first 9 20 slow",
      "chain rarest-first 9 20 crash",
      ...["slow", "crash", "loss", "crash, loss"].flatMap((trouble) =>
        pulls.map((pull) => `default ${pull} 9 20 ${trouble}`),
      ),
    ]);
  });

  test("of a thousand peers are the defaults only, which take long enough", () => {
    expect(lines([1_024], { chunkCounts: [20], plans: ["default", "chain"] })).toEqual([
      "4 1024 20 none",
      "default rarest-first 1024 20 none",
    ]);
  });
});
