import type { PeerId, PeerInfo } from "@palmtree/wire";
import type { Context } from "../context.js";
import { EarlyRequests } from "../feed/early-requests.js";
import type { Feeds } from "../feed/feeds.js";
import type { Links, Self } from "../link/links.js";
import type { Neighbourhood } from "./neighbourhood.js";

/** What a new acquaintance may mean something to. */
interface Surroundings {
  readonly self: Self;
  readonly rootId: PeerId;
  readonly neighbourhood: Neighbourhood;
  readonly links: Links;
  readonly feeds: Feeds;
}

/**
 * How peers come into the adjacency list: by the root's word, or by that of a neighbour, which counts
 * less. Whoever had been passed off as one of them loses its links, and whoever asked for a feed
 * before the two knew each other gets its answer.
 */
export class Acquaintances {
  readonly #context: Context;
  readonly #around: Surroundings;
  readonly #early: EarlyRequests;
  readonly #isRoot: boolean;

  constructor(context: Context, around: Surroundings) {
    this.#context = context;
    this.#around = around;
    this.#early = new EarlyRequests(context.options.upgradeRetryMs);
    this.#isRoot = around.rootId === context.id;
  }

  /** Whether a link of any role joins this peer to the neighbour with that number, or is about to. */
  readonly isUsed = (number: number): boolean =>
    this.#around.links.isUsed(number) || this.#around.feeds.isUsed(number);

  /** The root says who this peer's neighbours are. */
  list(neighbours: readonly PeerInfo[]): void {
    for (const peer of neighbours) this.#partFromRivals(peer);
    this.#around.neighbourhood.list(neighbours, this.isUsed);
  }

  /** The root says who that peer is: it joins the adjacency list. */
  meet(peer: PeerInfo): void {
    if (this.#isSelf(peer)) return;
    this.#partFromRivals(peer);
    this.#take(peer, undefined);
  }

  /**
   * A neighbour says who that peer is. The root knows better, and needs nobody to be referred to; and
   * who the root is nobody else needs to say.
   *
   * @param by - the number of that neighbour
   */
  hearOf(peer: PeerInfo, by: number): void {
    const isOfRoot = peer.number === 0 || peer.id === this.#around.rootId;
    if (!this.#isRoot && !isOfRoot && !this.#isSelf(peer)) this.#take(peer, by);
  }

  /** Somebody who is no neighbour yet asks for a feed. */
  onEarlyRequest(asker: PeerId): void {
    this.#early.note(asker, this.#context.now);
  }

  #take(peer: PeerInfo, by: number | undefined): void {
    const { neighbourhood, feeds } = this.#around;
    neighbourhood.introduce(peer, { by, isUsed: this.isUsed });
    const isWaiting = this.#early.take(peer.id, this.#context.now);
    if (isWaiting && neighbourhood.numberOf(peer.id) === peer.number)
      feeds.onUpgradeRequest(peer.number);
  }

  #isSelf({ number, id }: PeerInfo): boolean {
    return number === this.#around.self.number || id === this.#context.id;
  }

  /** Whoever was passed off as this peer is none: what comes from it must not count as this one's. */
  #partFromRivals(peer: PeerInfo): void {
    for (const number of this.#around.neighbourhood.rivalsOf(peer)) {
      this.#around.links.downgrade(number, "replaced");
      this.#around.feeds.part(number);
    }
  }
}
