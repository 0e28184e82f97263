import { dimensionsOf } from "./hypercube.js";

/**
 * Who does what at the vertices of a hypercube in a step of the binomial pipeline: the rule of
 * `binomial-schedule.ts`, without what happens at its end. Nothing is checked; the methods are
 * called for each step, vertex and stripe.
 */
export class TwinCube {
  /** h = floor(log2 n). */
  readonly dimensions: number;
  /** 2^h; twins have the positions from here on. */
  readonly vertexCount: number;
  readonly #peerCount: number;

  constructor(peerCount: number) {
    this.dimensions = dimensionsOf(peerCount);
    this.vertexCount = 2 ** this.dimensions;
    this.#peerCount = peerCount;
  }

  /** Whether any vertex has two peers. */
  get hasTwins(): boolean {
    return this.#peerCount > this.vertexCount;
  }

  /** Where a position sits. */
  vertexOf(position: number): number {
    return position < this.vertexCount ? position : position + 1 - this.vertexCount;
  }

  /** The twin of the position that has a vertex's number; -1 if it has none. */
  twinAt(vertex: number): number {
    const twin = vertex + this.vertexCount - 1;
    return vertex > 0 && twin < this.#peerCount ? twin : -1;
  }

  /** The vertex to which a vertex talks in a step. */
  acrossFrom(vertex: number, step: number): number {
    return vertex ^ (1 << (step % this.dimensions));
  }

  /**
   * The chunk that comes in at a vertex in a step, across dimension d = step mod h. It is
   * `step - h + i`, where i is 0 if bit d of the vertex is 0, else how far upward from d,
   * cyclically, the vertex's next set bit is (1 to h). Negative: nothing comes in.
   *
   * @param vertex - Not 0: nothing comes in at the root.
   */
  arrivingChunk(vertex: number, step: number): number {
    let dimension = step % this.dimensions;
    let chunk = step - this.dimensions;
    if (!hasBit(vertex, dimension)) return chunk;
    do {
      chunk += 1;
      dimension = (dimension + 1) % this.dimensions;
    } while (!hasBit(vertex, dimension));
    return chunk;
  }

  /** The position that takes what comes in at a vertex in a step. */
  takerAt(vertex: number, step: number): number {
    const twin = this.twinAt(vertex);
    return twin !== -1 && this.#hasSwapped(vertex, step) ? twin : vertex;
  }

  /** The position that sends what goes out of a vertex in a step. */
  giverAt(vertex: number, step: number): number {
    const twin = this.twinAt(vertex);
    return twin === -1 || this.#hasSwapped(vertex, step) ? vertex : twin;
  }

  /** Whether the twins of a vertex have swapped roles an odd number of times before a step. */
  #hasSwapped(vertex: number, step: number): boolean {
    const inRounds = bitCount(vertex) * Math.floor(step / this.dimensions);
    const inThisRound = bitCount(vertex & ((1 << (step % this.dimensions)) - 1));
    return (inRounds + inThisRound) % 2 === 1;
  }
}

function hasBit(vertex: number, dimension: number): boolean {
  return ((vertex >>> dimension) & 1) === 1;
}

function bitCount(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
