import type { PlanKind, PullPolicyName } from "@palmtree/relay";
import type { Experiment } from "./experiment.js";
import type { Trouble } from "./trouble.js";

/** What is varied; every combination is run. */
export interface Choice {
  readonly peerCounts: readonly number[];
  readonly chunkCounts: readonly number[];
  readonly strategies: readonly Experiment["strategy"][];
  /** Strategy `tree`. */
  readonly fanouts: readonly number[];
  /** Strategy `pipeline`; `default` is the planner's choice. */
  readonly plans: readonly (PlanKind | "default")[];
  /** What to pull first, compared with the planner's choice of plan. */
  readonly pulls: readonly PullPolicyName[];
}

/** 64 KiB over 100 Mbit/s: a chunk takes 5.2 ms. Only their quotient matters. */
const chunkSizeBytes = 64 * 1024;
const bytesPerSecond = 12_500_000;

/** With more peers than this a simulation takes long: only what is the default is run. */
const mostPeersForAll = 257;
/** And no trouble is made with more than this. */
const mostPeersInTrouble = 64;

const defaultPull = "rarest-first";
const defaultFanout = 4;

/**
 * One receiver; sizes that are no power of two and one that is; and as many as the tree is tested
 * with. Content that is far too short for a pipeline, and content that is long enough.
 */
export const defaultChoice: Choice = {
  peerCounts: [2, 9, 17, 64, 257, 1_024],
  chunkCounts: [100, 1_000],
  strategies: ["tree", "pipeline"],
  fanouts: [2, 4],
  plans: ["default", "chain", "double-tree", "binomial", "k-ary"],
  pulls: ["rarest-first", "lowest-first", "random", "none"],
};

/** How chunks travel in an experiment. */
type Way = Pick<Experiment, "strategy" | "fanout" | "plan" | "pull">;

/** Every way with every size, without trouble and with each, where the content is the longest. */
export function experimentsOf(choice: Choice, seed: number): readonly Experiment[] {
  const { peerCounts, chunkCounts } = choice;
  const longest = Math.max(...chunkCounts);
  const all: Experiment[] = [];
  const add = (way: Way, peerCount: number, chunkCount: number, trouble: Trouble): void => {
    all.push({ ...way, peerCount, chunkCount, chunkSizeBytes, bytesPerSecond, trouble, seed });
  };
  // Trouble says most where it has the time to, and needs somebody else to be helped by.
  const isHard = (peerCount: number): boolean => peerCount > 2 && peerCount <= mostPeersInTrouble;
  for (const way of waysOf(choice))
    for (const peerCount of peerCounts) {
      if (peerCount > mostPeersForAll && !isDefault(way)) continue;
      for (const chunkCount of chunkCounts) add(way, peerCount, chunkCount, "none");
      if (isHard(peerCount))
        for (const trouble of ["slow", "crash"] as const) add(way, peerCount, longest, trouble);
    }
  if (choice.strategies.includes("pipeline"))
    for (const peerCount of peerCounts.filter(isHard))
      for (const trouble of ["slow", "crash", "loss", "crash, loss"] as const)
        for (const pull of choice.pulls) add(flow(undefined, pull), peerCount, longest, trouble);
  return all;
}

function waysOf({ strategies, fanouts, plans }: Choice): readonly Way[] {
  return strategies.flatMap((strategy): readonly Way[] => {
    if (strategy === "pipeline")
      return plans.map((plan) => flow(plan === "default" ? undefined : plan, defaultPull));
    return fanouts.map((fanout) => ({ strategy, fanout, plan: undefined, pull: defaultPull }));
  });
}

function flow(plan: PlanKind | undefined, pull: PullPolicyName): Way {
  return { strategy: "pipeline", fanout: defaultFanout, plan, pull };
}

function isDefault({ strategy, fanout, plan }: Way): boolean {
  return strategy === "tree" ? fanout === defaultFanout : plan === undefined;
}
