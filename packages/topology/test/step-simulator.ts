import type { Plan } from "../src/index.js";

interface Send {
  readonly from: number;
  readonly to: number;
  readonly chunk: number;
  /** The step since which it could be sent. */
  readonly since: number;
}

/** Of two sends to one position, whether the first goes first. */
type Precedence = (a: Send, b: Send) => boolean;

/** The lower position's. */
const lowerFirst: Precedence = (a, b) => a.from < b.from;
/** The one that has waited longer. */
export const longerWaitingFirst: Precedence = (a, b) => {
  return a.since === b.since ? a.from < b.from : a.since < b.since;
};

/**
 * Counts the steps until everybody has `chunkCount` chunks that are pushed down a plan's trees. In
 * a step every position sends one chunk at most, the first in its queue whose receiver is free, and
 * receives one at most. What it receives it may pass on from the next step on.
 */
export function countSteps(
  plan: Plan,
  chunkCount: number,
  precedence: Precedence = lowerFirst,
): number {
  const positions = [...Array(plan.peerCount).keys()];
  const children = [...Array(plan.stripeCount).keys()].map((stripe) => {
    return positions.map((position) => plan.childrenOf(stripe, position));
  });
  const queues: Send[][] = positions.map(() => []);
  const passOn = (from: number, chunk: number, since: number): void => {
    for (const to of children[plan.stripeOf(chunk, chunkCount)]![from]!) {
      queues[from]!.push({ from, to, chunk, since });
    }
  };
  for (let chunk = 0; chunk < chunkCount; chunk += 1) passOn(0, chunk, chunk);
  let step = 0;
  for (let missing = (plan.peerCount - 1) * chunkCount; missing > 0; step += 1) {
    const sends = matchSends(queues, precedence);
    if (sends.length === 0) throw new Error(`nothing moves in step ${step}`);
    for (const send of sends) {
      const queue = queues[send.from]!;
      queue.splice(queue.indexOf(send), 1);
    }
    for (const { to, chunk } of sends) passOn(to, chunk, step + 1);
    missing -= sends.length;
  }
  return step;
}

/** Every sender asks the receivers of its queue in order; a receiver keeps the one with precedence. */
function matchSends(queues: readonly (readonly Send[])[], precedence: Precedence): readonly Send[] {
  const kept = new Map<number, Send>();
  const asked = queues.map(() => 0);
  const asking = [...queues.keys()].toReversed();
  for (let from = asking.pop(); from !== undefined; from = asking.pop()) {
    const send = queues[from]![asked[from]!];
    if (send === undefined) continue;
    asked[from]! += 1;
    const rival = kept.get(send.to);
    if (rival === undefined || precedence(send, rival)) kept.set(send.to, send);
    else asking.push(from);
    if (rival !== undefined && kept.get(send.to) === send) asking.push(rival.from);
  }
  return [...kept.values()];
}
