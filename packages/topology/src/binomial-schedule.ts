/**
 * The binomial pipeline: a schedule of steps after which everybody has every chunk, as early as is
 * possible at all.
 *
 * Theory (Ganesan & Seshadri, "On Cooperative Content Distribution and the Price of Barter", ICDCS
 * 2005; Behrens et al., "RDMC", DSN 2018). In a step everyone sends one chunk at most and receives
 * one at most. Somebody gets the last chunk in step k - 1 (steps count from 0) at the earliest, and
 * who has it can at most double in a step, so that no schedule is shorter than k - 1 + ceil(log2 n)
 * steps. This one takes exactly that.
 *
 * n = 2^h: in step s every vertex v of the cube talks to v XOR 2^d, d = s mod h: see
 * {@link arrivingChunk}. The root sends each chunk once, and everything flows in h spanning binomial
 * trees, one for each chunk index modulo h, each the one before turned by a dimension.
 *
 * Other n: the extra peers are *twins* (see `hypercube.ts`), and a vertex with two peers acts as
 * one. One of the two is the *taker*, who takes the vertex's incoming chunk and passes the chunk it
 * took last to its twin; the other is the *giver*, who sends the vertex's outgoing chunk. They swap
 * roles after each step whose dimension's bit is set in the vertex: what came in then goes on to
 * other vertices, and who took it becomes the giver; what comes in else goes to the twin only. One
 * last step swaps what both took last.
 */
import { dimensionsOf, peersAt } from "./hypercube.js";

/** One chunk that one position sends to another in a step. */
export interface ScheduledSend {
  readonly from: number;
  readonly to: number;
  /** The chunk's index. */
  readonly chunk: number;
}

/**
 * The steps of the binomial pipeline: `chunkCount - 1 + ceil(log2 peerCount)`, the least possible.
 *
 * @param peerCount - Peers, the root among them: 2 to 2^30.
 * @param chunkCount - Chunks in all: 1 or more.
 * @throws RangeError when an argument is not.
 */
export function binomialStepCount(peerCount: number, chunkCount: number): number {
  requireSize(peerCount, chunkCount);
  const dimensions = dimensionsOf(peerCount);
  return chunkCount - 1 + dimensions + (peerCount > 2 ** dimensions ? 1 : 0);
}

/**
 * What is sent in a step of the binomial pipeline: at most one chunk from each position and one to
 * each, none to anyone who has it already.
 *
 * @param peerCount - Peers, the root among them: 2 to 2^30.
 * @param chunkCount - Chunks in all: 1 or more.
 * @param step - From 0 to `binomialStepCount(peerCount, chunkCount) - 1`.
 * @throws RangeError when an argument is not.
 *
 * @example
 * ```ts
 * binomialStep(4, 2, 0); // [{ from: 0, to: 1, chunk: 0 }]
 * binomialStep(4, 2, 1); // [{ from: 0, to: 2, chunk: 1 }, { from: 1, to: 3, chunk: 0 }]
 * ```
 */
export function binomialStep(
  peerCount: number,
  chunkCount: number,
  step: number,
): readonly ScheduledSend[] {
  const stepCount = binomialStepCount(peerCount, chunkCount);
  if (!Number.isInteger(step) || step < 0 || step >= stepCount) {
    throw new RangeError(`step: got ${step}, expected an integer from 0 to ${stepCount - 1}`);
  }
  const dimensions = dimensionsOf(peerCount);
  const isSwap = step === chunkCount - 1 + dimensions;
  const sends: ScheduledSend[] = [];
  for (let vertex = 1; vertex < 2 ** dimensions; vertex += 1) {
    if (!isSwap) {
      const chunk = Math.min(arrivingChunk(vertex, step, dimensions), chunkCount - 1);
      const across = vertex ^ (1 << (step % dimensions));
      const [from, to] = [giverAt(across, step, peerCount), takerAt(vertex, step, peerCount)];
      if (chunk >= 0) sends.push({ from, to, chunk });
    }
    const [first, second] = peersAt(vertex, peerCount);
    if (first === undefined || second === undefined) continue;
    const taker = takerAt(vertex, step, peerCount);
    for (const from of isSwap ? [first, second] : [taker]) {
      const taken = lastTaken(from, vertex, step, peerCount);
      const chunk = Math.min(taken, chunkCount - 1);
      if (chunk >= 0) sends.push({ from, to: from === first ? second : first, chunk });
    }
  }
  return sends;
}

/**
 * The chunk that comes in at a vertex in a step, across dimension d = step mod h. It is
 * `step - h + i`, where i is 0 if bit d of the vertex is 0, else how far upward from d, cyclically,
 * the vertex's next set bit is (1 to h). Negative: nothing comes in. Above the last chunk: the last
 * chunk comes in.
 *
 * @param vertex - 1 to 2^h - 1; nothing ever comes in at the root.
 */
export function arrivingChunk(vertex: number, step: number, dimensions: number): number {
  const dimension = step % dimensions;
  let distance = 0;
  if (hasBit(vertex, dimension)) {
    do distance += 1;
    while (!hasBit(vertex, (dimension + distance) % dimensions));
  }
  return step - dimensions + distance;
}

/** The position that takes what comes in at a vertex in a step. */
export function takerAt(vertex: number, step: number, peerCount: number): number {
  const [first = vertex, second = first] = peersAt(vertex, peerCount);
  return hasSwapped(vertex, step, peerCount) ? second : first;
}

/** The position that sends what goes out of a vertex in a step. */
export function giverAt(vertex: number, step: number, peerCount: number): number {
  const [first = vertex, second = first] = peersAt(vertex, peerCount);
  return hasSwapped(vertex, step, peerCount) ? first : second;
}

/** Whether the twins of a vertex have swapped roles an odd number of times before a step. */
function hasSwapped(vertex: number, step: number, peerCount: number): boolean {
  const dimensions = dimensionsOf(peerCount);
  const inRounds = bitCount(vertex) * Math.floor(step / dimensions);
  return (inRounds + bitCount(vertex & ((1 << (step % dimensions)) - 1))) % 2 === 1;
}

/** What a position got in the last step before `step` in which it was the taker; or negative. */
function lastTaken(position: number, vertex: number, step: number, peerCount: number): number {
  let taken = step - 1;
  while (taken >= 0 && takerAt(vertex, taken, peerCount) !== position) taken -= 1;
  return taken < 0 ? -1 : arrivingChunk(vertex, taken, dimensionsOf(peerCount));
}

function hasBit(vertex: number, dimension: number): boolean {
  return ((vertex >>> dimension) & 1) === 1;
}

function bitCount(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

function requireSize(peerCount: number, chunkCount: number): void {
  if (!Number.isInteger(peerCount) || peerCount < 2 || peerCount > 2 ** 30) {
    throw new RangeError(`peerCount: got ${peerCount}, expected an integer from 2 to 2^30`);
  }
  if (!Number.isSafeInteger(chunkCount) || chunkCount < 1) {
    throw new RangeError(`chunkCount: got ${chunkCount}, expected an integer of at least 1`);
  }
}
