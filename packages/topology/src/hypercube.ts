/**
 * The hypercube for any number of peers.
 *
 * Theory (Ganesan & Seshadri, "On Cooperative Content Distribution and the Price of Barter", ICDCS
 * 2005; Behrens et al., "RDMC", DSN 2018). A cube of h dimensions has 2^h vertices, and two of them
 * are neighbours when their numbers differ in one bit. With n = 2^h peers each vertex is one peer.
 *
 * For other n, let h = floor(log2 n). To build a larger cube and drop the vertices that have no
 * peer leaves peers hanging on one edge (n = 2^h + 1: the last peer knows the root only). Instead
 * the n - 2^h extra peers are *twins*: peer m >= 2^h shares vertex m + 1 - 2^h, which is never the
 * root's. Two peers are neighbours when they share a vertex, or when their vertices are neighbours.
 *
 * What holds for every n >= 1, and is tested for each up to 1,024:
 * - The relation is symmetric, and nobody is left out.
 * - Degree: from h to 2h + 1. A vertex has h neighbours of one or two peers each, and perhaps a
 *   twin; so from n = 4 on nobody hangs on one edge.
 * - Diameter: exactly h = floor(log2 n). The distance of two peers is the number of bits in which
 *   their vertices differ (each step mends one bit, and reaches either peer of the next vertex),
 *   and 1 for twins.
 * - Connectivity: any h - 1 peers may vanish, and those that remain are still connected. A cube of
 *   h dimensions has that property, and a twin only adds a second peer to a vertex.
 */

/** The most peers that these functions take: 2^30, so that numbers fit JavaScript's bit operators. */
const maxPeerCount = 2 ** 30;

/**
 * The cube's dimensions for `peerCount` peers: floor(log2 peerCount). It is the diameter too.
 *
 * @param peerCount - Peers in the cube, 1 to 2^30.
 * @throws RangeError when `peerCount` is not.
 */
export function dimensionsOf(peerCount: number): number {
  if (!Number.isInteger(peerCount) || peerCount < 1 || peerCount > maxPeerCount) {
    throw new RangeError(`peerCount: got ${peerCount}, expected an integer from 1 to 2^30`);
  }
  return 31 - Math.clz32(peerCount);
}

/**
 * The vertex at which a peer sits: its own number, or for a twin the number of the vertex it
 * shares.
 *
 * @param number - The peer's number, 0 (the root) to `peerCount - 1`.
 * @param peerCount - Peers in the cube, 1 to 2^30.
 * @throws RangeError when an argument is not.
 */
export function vertexOf(number: number, peerCount: number): number {
  const vertexCount = 2 ** dimensionsOf(peerCount);
  if (!Number.isInteger(number) || number < 0 || number >= peerCount) {
    throw new RangeError(`number: got ${number}, expected an integer from 0 to ${peerCount - 1}`);
  }
  return number < vertexCount ? number : number + 1 - vertexCount;
}

/**
 * The peers at a vertex: one, or two that are each other's twins. The first is the one whose
 * number is the vertex.
 *
 * @param vertex - 0 to `2^dimensionsOf(peerCount) - 1`.
 * @param peerCount - Peers in the cube, 1 to 2^30.
 * @throws RangeError when an argument is not.
 */
export function peersAt(vertex: number, peerCount: number): readonly number[] {
  const vertexCount = 2 ** dimensionsOf(peerCount);
  if (!Number.isInteger(vertex) || vertex < 0 || vertex >= vertexCount) {
    throw new RangeError(`vertex: got ${vertex}, expected an integer from 0 to ${vertexCount - 1}`);
  }
  const twin = vertex + vertexCount - 1;
  return vertex > 0 && twin < peerCount ? [vertex, twin] : [vertex];
}

/**
 * The neighbours of a peer in the cube: its twin, if it has one, then the peers of the
 * neighbouring vertices, dimension by dimension. From `h` to `2h + 1` distinct numbers.
 *
 * @param number - The peer's number, 0 (the root) to `peerCount - 1`.
 * @param peerCount - Peers in the cube, 1 to 2^30.
 * @throws RangeError when an argument is not.
 *
 * @example
 * ```ts
 * cubeNeighbours(4, 5); // [1, 0, 3]: peer 4 shares vertex 1 with peer 1
 * ```
 */
export function cubeNeighbours(number: number, peerCount: number): readonly number[] {
  const vertex = vertexOf(number, peerCount);
  const neighbours = peersAt(vertex, peerCount).filter((peer) => peer !== number);
  for (let dimension = 0; dimension < dimensionsOf(peerCount); dimension += 1) {
    neighbours.push(...peersAt(vertex ^ (1 << dimension), peerCount));
  }
  return neighbours;
}
