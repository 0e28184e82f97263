import { type Scenario, type ScenarioEvent, simulate } from "@palmtree/relay/sim";

/** What is wrong in an experiment, with the receiver that has most children in the tree. */
export type Trouble =
  /** All links are equal. */
  | "none"
  /** Its link falls to a tenth of its rate when the tree spans. */
  | "slow"
  /** Its process is killed when two fifths of the least time are over. */
  | "crash";

export const troubles: readonly Trouble[] = ["none", "slow", "crash"];

/** By how much the slow one is slower. */
export const slowness = 10;

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
  if (trouble === "none") return undefined;
  const { treeParents, formedAtMs = 0 } = simulate({ ...scenario, isFormationOnly: true });
  const host = busiestReceiver(treeParents);
  if (trouble === "crash") {
    const atMs = formedAtMs + 0.4 * load.leastSeconds * 1_000;
    return { host, event: { type: "crash", how: "kill", host, atMs } };
  }
  const rate = load.bytesPerSecond / slowness;
  const rates = { uplinkBytesPerSecond: rate, downlinkBytesPerSecond: rate };
  return { host, event: { type: "set-rate", host, atMs: formedAtMs, ...rates } };
}

function busiestReceiver(parents: readonly (number | undefined)[]): number {
  const children = parents.map(() => 0);
  for (const parent of parents)
    if (parent !== undefined && parent > 0) children[parent] = (children[parent] ?? 0) + 1;
  return Math.max(1, children.indexOf(Math.max(...children)));
}
