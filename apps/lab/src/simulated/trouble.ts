import {
  type NetworkConditions,
  type Scenario,
  type ScenarioEvent,
  simulate,
} from "@palmtree/relay/sim";

/**
 * What is wrong in an experiment. It strikes the receiver that has most children in the tree, or with
 * a plan the one that is in the middle of the chain.
 */
export type Trouble =
  /** All links are equal. */
  | "none"
  /** Its link falls to a tenth of its rate when the tree spans. */
  | "slow"
  /** Its process is killed when two fifths of the least time are over. */
  | "crash"
  /** Of all datagrams, which carry control alone, a twentieth is lost. */
  | "loss"
  /** Both of the two before. */
  | "crash, loss";

/** By how much the slow one is slower. */
export const slowness = 10;

/** How the network behaves, where it is in trouble. */
export function networkOf(trouble: Trouble): Partial<NetworkConditions> {
  return trouble === "loss" || trouble === "crash, loss" ? { loss: 0.05 } : {};
}

/** Something that happens to one host. */
export interface Blow {
  readonly host: number;
  readonly event: ScenarioEvent;
}

/**
 * Where and when the trouble strikes. Until then the scenario goes as without it, so forming its
 * tree once more tells who will be where.
 *
 * @param load the least time of the transfer, and the rate of all links
 */
export function blowOf(
  trouble: Trouble,
  scenario: Scenario,
  load: { readonly leastSeconds: number; readonly bytesPerSecond: number },
): Blow | undefined {
  if (trouble === "none" || trouble === "loss") return undefined;
  const { treeParents, openedAtMs = 0 } = simulate({ ...scenario, isFormationOnly: true });
  const isTree = scenario.strategy === "tree";
  // The simulator numbers peers in the order of their places.
  const host = isTree ? busiestReceiver(treeParents) : Math.floor(scenario.peerCount / 2);
  if (trouble !== "slow") {
    const atMs = openedAtMs + 0.4 * load.leastSeconds * 1_000;
    return { host, event: { type: "crash", how: "kill", host, atMs } };
  }
  const rate = load.bytesPerSecond / slowness;
  const rates = { uplinkBytesPerSecond: rate, downlinkBytesPerSecond: rate };
  return { host, event: { type: "set-rate", host, atMs: openedAtMs, ...rates } };
}

function busiestReceiver(parents: readonly (number | undefined)[]): number {
  const children = parents.map(() => 0);
  for (const parent of parents)
    if (parent !== undefined && parent > 0) children[parent] = (children[parent] ?? 0) + 1;
  return Math.max(1, children.indexOf(Math.max(...children)));
}
