import type { SpanningTree } from "./spanning-tree.js";

/**
 * The complete tree of `peerCount` peers in which every peer has up to `fanout` children, filled
 * level by level: the root is 0, and the parent of i is floor((i - 1) / fanout). Its height is the
 * least that any tree with this fanout has. A fanout of 1 makes a chain.
 *
 * @param peerCount - Peers, the root among them: 1 or more.
 * @param fanout - Most children of a peer: 1 or more.
 * @throws RangeError when an argument is not.
 *
 * @example
 * ```ts
 * kAryTree(7, 2); // [null, 0, 0, 1, 1, 2, 2]
 * ```
 */
export function kAryTree(peerCount: number, fanout: number): SpanningTree {
  for (const [name, value] of Object.entries({ peerCount, fanout })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name}: got ${value}, expected an integer of at least 1`);
    }
  }
  return Array.from({ length: peerCount }, (_, number) => {
    return number === 0 ? null : Math.floor((number - 1) / fanout);
  });
}
