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
 * n = 2^h: in step s every vertex v of the cube talks to v XOR 2^d, d = s mod h; what
 * comes in at v is told by `TwinCube.arrivingChunk`, and from chunk k - 1 on it is that one. The root
 * sends each chunk but the last once, and everything flows in h spanning binomial trees, one for
 * each chunk index modulo h, each the one before turned by a dimension.
 *
 * Other n: the extra peers are *twins* (see `hypercube.ts`), and a vertex with two peers acts as
 * one. One of the two is the *taker*, who takes the vertex's incoming chunk and passes the chunk it
 * took last to its twin; the other is the *giver*, who sends the vertex's outgoing chunk. They swap
 * roles after each step whose dimension's bit is set in the vertex: what came in then goes on to
 * other vertices, and who took it becomes the giver; what comes in else goes to the twin only. One
 * last step swaps what both took last.
 */
import { dimensionsOf } from "./hypercube.js";
import { TwinCube } from "./twin-cube.js";

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
  const cube = new TwinCube(peerCount);
  const last = chunkCount - 1;
  const isSwap = step === last + cube.dimensions;
  const sends: ScheduledSend[] = [];
  const send = (from: number, to: number, chunk: number): void => {
    if (chunk >= 0) sends.push({ from, to, chunk: Math.min(chunk, last) });
  };
  for (let vertex = 1; vertex < cube.vertexCount; vertex += 1) {
    const taker = cube.takerAt(vertex, step);
    const giver = cube.giverAt(vertex, step);
    if (!isSwap) {
      const from = cube.giverAt(cube.acrossFrom(vertex, step), step);
      send(from, taker, cube.arrivingChunk(vertex, step));
    }
    if (taker === giver) continue;
    send(taker, giver, lastTaken(cube, vertex, taker, step));
    if (isSwap) send(giver, taker, lastTaken(cube, vertex, giver, step));
  }
  return sends;
}

/** What a position got in the last step before `step` in which it was the taker; or negative. */
function lastTaken(cube: TwinCube, vertex: number, position: number, step: number): number {
  let taken = step - 1;
  while (taken >= 0 && cube.takerAt(vertex, taken) !== position) taken -= 1;
  return taken < 0 ? -1 : cube.arrivingChunk(vertex, taken);
}

function requireSize(peerCount: number, chunkCount: number): void {
  if (!Number.isInteger(peerCount) || peerCount < 2 || peerCount > 2 ** 30) {
    throw new RangeError(`peerCount: got ${peerCount}, expected an integer from 2 to 2^30`);
  }
  if (!Number.isSafeInteger(chunkCount) || chunkCount < 1) {
    throw new RangeError(`chunkCount: got ${chunkCount}, expected an integer of at least 1`);
  }
}
