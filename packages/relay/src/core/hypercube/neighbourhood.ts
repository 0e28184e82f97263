import type { Address, PeerId, PeerInfo } from "@palmtree/wire";

/** Introduced neighbours kept beside the listed ones; the oldest makes room for a new one. */
const mostIntroduced = 64;

/**
 * A peer's adjacency list: the neighbours that the root listed, in the hypercube's order, and
 * those that a neighbour introduced later. Nobody else may speak to this peer.
 */
export class Neighbourhood {
  readonly #byNumber = new Map<number, PeerInfo>();
  readonly #numberOfId = new Map<PeerId, number>();
  readonly #introduced: number[] = [];

  /**
   * Replace the listed neighbours. Who was introduced, or listed before, is kept as introduced, since
   * there may be links to it; but not who has the number or the id of one that is listed now.
   *
   * @param isUsed as for {@link introduce}
   */
  list(neighbours: readonly PeerInfo[], isUsed: (number: number) => boolean): void {
    const before = [...this.#byNumber.values()];
    this.#byNumber.clear();
    this.#numberOfId.clear();
    this.#introduced.length = 0;
    for (const peer of neighbours) this.#add(peer);
    for (const peer of before) this.introduce(peer, isUsed);
  }

  /**
   * Take in a neighbour that another neighbour introduced; a known one is left as it is.
   *
   * @param isUsed whether there is a link to the neighbour with that number, which then stays
   */
  introduce(peer: PeerInfo, isUsed: (number: number) => boolean): void {
    if (this.#byNumber.has(peer.number) || this.#numberOfId.has(peer.id)) return;
    if (this.#introduced.length >= mostIntroduced) {
      const oldest = this.#introduced.findIndex((number) => !isUsed(number));
      if (oldest === -1) return;
      this.#remove(this.#introduced.splice(oldest, 1)[0]);
    }
    this.#introduced.push(peer.number);
    this.#add(peer);
  }

  /** Every neighbour's number. */
  get numbers(): readonly number[] {
    return [...this.#byNumber.keys()];
  }

  get size(): number {
    return this.#byNumber.size;
  }

  get(number: number): PeerInfo | undefined {
    return this.#byNumber.get(number);
  }

  /** The neighbour with that id, if it is one. */
  numberOf(id: PeerId): number | undefined {
    return this.#numberOfId.get(id);
  }

  addressOf(number: number): Address | undefined {
    return this.#byNumber.get(number)?.address;
  }

  #add(peer: PeerInfo): void {
    this.#byNumber.set(peer.number, peer);
    this.#numberOfId.set(peer.id, peer.number);
  }

  #remove(number: number | undefined): void {
    const peer = number === undefined ? undefined : this.#byNumber.get(number);
    if (peer === undefined) return;
    this.#byNumber.delete(peer.number);
    this.#numberOfId.delete(peer.id);
  }
}
