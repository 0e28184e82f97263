import type { Plan } from "./plan.js";
import { requirePlace } from "./plan-place.js";

/**
 * Two binary trees, in each of which half of the chunks flow (Sanders, Speck & Träff, "Two-tree
 * algorithms for full bandwidth broadcast, reduction and scan", Parallel Computing 2009).
 *
 * The first tree has the positions 1 ... m, m = n - 1, in order: how often 2 divides a position is
 * its height, so that the odd ones are the leaves. The second is the first with its positions
 * mirrored (m even) or shifted by one (m odd), so that its leaves are even. Hence
 * - each position has children in one tree at most, and two of them at most: it uploads two halves;
 * - the root feeds the top of each tree: it uploads two halves as well;
 * - each position has a parent in both, at most floor(log2 m) + 1 links below the root.
 *
 * What is left is that nobody's two parents send to it at the same time. The paper gives every link
 * one of two *colours*, the parity of the steps in which it is used: the two links into a position
 * differ, and so do the two out of it. In this graph everyone has two links on a side at most, so
 * that it consists of paths and even cycles, and a walk along them colours it. A position that gets
 * its chunks in even steps serves the child with the odd link first; that is all it takes. Served
 * in any order, children make the whole half as slow again (n = 64: 1.5 k steps instead of k + 10).
 *
 * With m even one position in each tree has a single child. In a quarter of these sizes (n = 3, 15,
 * 23, 27 ...) its link has the colour of its parent's; there the chunk has to wait for a step. That
 * costs nothing, as the one parent is half idle, if the receiver lets go first who waited longer.
 */
export class DoubleTreePlan implements Plan {
  readonly kind = "double-tree";
  readonly peerCount: number;
  readonly stripeCount = 2;
  #colours: Int8Array | undefined;

  constructor(peerCount: number) {
    this.peerCount = peerCount;
  }

  parentOf(stripe: number, position: number): number {
    requirePlace(this, stripe, position);
    if (position === 0) return -1;
    return this.#fromFirst(stripe, inOrderParent(this.#toFirst(stripe, position), this.#last));
  }

  childrenOf(stripe: number, position: number): readonly number[] {
    requirePlace(this, stripe, position);
    const children = this.#unorderedChildren(stripe, position);
    const [lower, upper] = children;
    if (lower === undefined || upper === undefined) return children;
    this.#colours ??= this.#colourLinks();
    const isInTurn = this.#colours[2 * lower + stripe] !== this.#colours[2 * position + stripe];
    return isInTurn ? [lower, upper] : [upper, lower];
  }

  stripeOf(chunk: number): number {
    return chunk % 2;
  }

  /** The last position, which is the number of positions in each tree. */
  get #last(): number {
    return this.peerCount - 1;
  }

  /** The position that has this one's place in the first tree. */
  #toFirst(stripe: number, position: number): number {
    if (stripe === 0 || position === 0) return position;
    return this.#last % 2 === 0 ? this.peerCount - position : (position % this.#last) + 1;
  }

  /** The position that has in this tree the place of another in the first. */
  #fromFirst(stripe: number, place: number): number {
    if (stripe === 0 || place === 0) return place;
    if (this.#last % 2 === 0) return this.peerCount - place;
    return place === 1 ? this.#last : place - 1;
  }

  #unorderedChildren(stripe: number, position: number): readonly number[] {
    const places = inOrderChildren(this.#toFirst(stripe, position), this.#last);
    return places.map((place) => this.#fromFirst(stripe, place));
  }

  /** The colours of all links: item 2p + s is that of the link into position p in tree s. */
  #colourLinks(): Int8Array {
    const colours = new Int8Array(2 * this.peerCount).fill(-1);
    // The root sends the first chunk, which is of stripe 0, in step 0. Other walks begin anyhow.
    const [top = 1] = this.#unorderedChildren(0, 0);
    for (let position = 0; position <= this.#last; position += 1) {
      const open = [2 * (position === 0 ? top : position)];
      for (let link = open.pop(); link !== undefined; link = open.pop()) {
        if (colours[link] === -1) colours[link] = 0;
        for (const other of this.#rivalsOf(link)) {
          if (colours[other] !== -1) continue;
          colours[other] = 1 - (colours[link] ?? 0);
          open.push(other);
        }
      }
    }
    return colours;
  }

  /** The links with which a link shares a receiver or a sender: two at most. */
  #rivalsOf(link: number): readonly number[] {
    const [position, stripe] = [link >>> 1, link & 1];
    const sender = this.parentOf(stripe, position);
    const [senderStripe, siblings] =
      sender === 0
        ? [1 - stripe, this.#unorderedChildren(1 - stripe, 0)]
        : [stripe, this.#unorderedChildren(stripe, sender)];
    const shared = siblings.map((sibling) => 2 * sibling + senderStripe);
    return [link ^ 1, ...shared.filter((other) => other !== link)];
  }
}

/** The parent of a place in the binary tree of 1 ... `last` in order; 0 for the top. */
function inOrderParent(place: number, last: number): number {
  const lowestBit = place & -place;
  const parent = (place - lowestBit) | (2 * lowestBit);
  return parent <= last ? parent : place - lowestBit;
}

/**
 * The children of a place, the lower one first; the upper one may be several levels below. The
 * child of 0 is the top.
 */
function inOrderChildren(place: number, last: number): readonly number[] {
  if (place === 0) return [2 ** (31 - Math.clz32(last))];
  let distance = (place & -place) >>> 1;
  if (distance === 0) return [];
  const lower = place - distance;
  while (place + distance > last && distance > 0) distance >>>= 1;
  return distance === 0 ? [lower] : [lower, place + distance];
}
