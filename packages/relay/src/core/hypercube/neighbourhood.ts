import type { Address, PeerId, PeerInfo } from "@palmtree/wire";
import type { Random } from "../random.js";

/** Introduced neighbours kept beside the listed ones; the oldest makes room for a new one. */
const mostIntroduced = 64;

/** Peers that are kept out, at most: more than a session has at any time. The first makes room. */
const mostBarred = 65_536;

/** Who says that a peer is there, and what for. */
export interface Introduction {
  /** The number of the neighbour that says so; undefined when the root does, which knows. */
  readonly by: number | undefined;
  /** Whether there is a link to the neighbour with that number, which then stays. */
  readonly isUsed: (number: number) => boolean;
}

/**
 * A peer's adjacency list: the neighbours that the root listed, in the hypercube's order, and
 * those that a neighbour introduced later. Nobody else may speak to this peer.
 *
 * A neighbour that lies may say that a peer's number is another's, or where it is not. So what a
 * neighbour says holds until the root says something else, or another neighbour, if there is no link.
 */
export class Neighbourhood {
  readonly #byNumber = new Map<number, PeerInfo>();
  readonly #numberOfId = new Map<PeerId, number>();
  /** Who introduced each, the oldest first; undefined where the root did, or had listed it before. */
  readonly #introduced = new Map<number, number | undefined>();
  /** Of those that only neighbours introduced the ones that have answered since. */
  readonly #answered = new Set<number>();
  /** Those that broke the rules: none of them becomes a neighbour again. */
  readonly #barred = new Set<PeerId>();
  /** Who had each number last; never more than a session has numbers. */
  readonly #holders = new Map<number, PeerId>();
  readonly #onNewHolder: (number: number) => void;
  /** Every neighbour's number, until that changes. */
  #numbers: readonly number[] | undefined;

  /** @param onNewHolder is told when a number turns out to be another peer's than was said before */
  constructor(onNewHolder: (number: number) => void = () => undefined) {
    this.#onNewHolder = onNewHolder;
  }

  /**
   * Replace the listed neighbours. Who was introduced, or listed before, is kept as introduced, since
   * there may be links to it; but not who has the number or the id of one that is listed now.
   *
   * @param isUsed as in {@link Introduction}
   */
  list(neighbours: readonly PeerInfo[], isUsed: (number: number) => boolean): void {
    const answered = [...this.#answered];
    const before = [...this.#byNumber.values()].map((peer) => ({
      peer,
      by: this.#introduced.get(peer.number),
    }));
    this.#numbers = undefined;
    this.#byNumber.clear();
    this.#numberOfId.clear();
    this.#introduced.clear();
    this.#answered.clear();
    for (const peer of neighbours) if (!this.#barred.has(peer.id)) this.#add(peer);
    for (const { peer, by } of before) this.introduce(peer, { by, isUsed });
    for (const number of answered) this.confirm(number);
  }

  /**
   * Numbers under which only a neighbour's word stands against this one of the root: that of another
   * peer, or another one of this peer.
   */
  rivalsOf({ number, id }: PeerInfo): readonly number[] {
    const rivals: number[] = [];
    if ((this.#byNumber.get(number)?.id ?? id) !== id) rivals.push(number);
    const other = this.#numberOfId.get(id) ?? number;
    if (other !== number) rivals.push(other);
    return rivals.filter((rival) => !this.#isProven(rival));
  }

  /**
   * Take in a neighbour that the root or another neighbour introduced. One that is known by that number
   * or id is left as it is, unless only a neighbour had introduced it, and nothing joins it to this peer or
   * the root says that it is another one.
   */
  introduce(peer: PeerInfo, { by, isUsed }: Introduction): void {
    const standing = [peer.number, this.#numberOfId.get(peer.id)].filter(
      (number) => number !== undefined && this.#byNumber.has(number),
    ) as readonly number[];
    if (this.#barred.has(peer.id)) return;
    const wrong = by === undefined ? this.rivalsOf(peer) : [];
    // What the root says, when it refers somebody, counts for more than that somebody answers.
    const isHearsay = by !== undefined && by !== 0;
    const stays = (number: number): boolean =>
      this.#isProven(number) ||
      (isUsed(number) && !wrong.includes(number)) ||
      (isHearsay && this.#answered.has(number));
    if (standing.some(stays)) return;
    for (const number of standing) this.#forget(number);
    if (this.#introduced.size >= mostIntroduced) {
      const idle = [...this.#introduced.keys()].filter((number) => !isUsed(number));
      const leaver = this.#oldestHearsay(idle) ?? (by === undefined ? idle[0] : undefined);
      if (leaver === undefined) return;
      this.#forget(leaver);
    }
    // Who was named by somebody whom only neighbours named counts for the first of these.
    const origin = by === undefined ? undefined : (this.#introduced.get(by) ?? by);
    this.#introduced.set(peer.number, origin);
    this.#add(peer);
  }

  /** A spare neighbour has answered: no other neighbour's word about its number counts any more. */
  confirm(number: number): void {
    if (!this.#isProven(number)) this.#answered.add(number);
  }

  /**
   * Whom to turn to: those that the root named or that have answered, and as many others, drawn at random, as
   * these are; some neighbour may have made up any number.
   */
  candidates(random: Random): readonly number[] {
    const isTrusted = (number: number): boolean =>
      this.#isProven(number) || this.#answered.has(number);
    const trusted = this.numbers.filter(isTrusted);
    const others = this.numbers.filter((number) => !isTrusted(number));
    return [...trusted, ...random.sample(others, Math.max(1, trusted.length))];
  }

  /** A spare neighbour does not answer: unless there is a link to it, or the root named it, it is none. */
  dismiss(number: number, isUsed: (number: number) => boolean): void {
    if (!this.#isProven(number) && !isUsed(number)) this.#forget(number);
  }

  /** This neighbour is none any more, whoever names it. */
  bar(number: number): void {
    const id = this.#byNumber.get(number)?.id;
    if (id === undefined) return;
    this.#forget(number);
    this.#barred.add(id);
    const [first] = this.#barred;
    if (this.#barred.size > mostBarred && first !== undefined) this.#barred.delete(first);
  }

  /** Every neighbour's number. */
  get numbers(): readonly number[] {
    this.#numbers ??= [...this.#byNumber.keys()];
    return this.#numbers;
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
    if ((this.#holders.get(peer.number) ?? peer.id) !== peer.id) this.#onNewHolder(peer.number);
    this.#holders.set(peer.number, peer.id);
    this.#numbers = undefined;
    this.#byNumber.set(peer.number, peer);
    this.#numberOfId.set(peer.id, peer.number);
  }

  /** Whether the root has said that this peer is there. */
  #isProven(number: number): boolean {
    return this.#introduced.get(number) === undefined;
  }

  /**
   * Of those of `idle` that only neighbours named the oldest, of the neighbour that named most: who makes up
   * any number of peers pushes out its own.
   */
  #oldestHearsay(idle: readonly number[]): number | undefined {
    const named = new Map<number, number[]>();
    for (const number of idle) {
      const by = this.#introduced.get(number);
      if (by !== undefined) named.set(by, [...(named.get(by) ?? []), number]);
    }
    const [most = []] = [...named.values()].sort((one, other) => other.length - one.length);
    return most[0];
  }

  /** A neighbour is none any more. */
  #forget(number: number): void {
    this.#introduced.delete(number);
    this.#answered.delete(number);
    const peer = this.#byNumber.get(number);
    if (peer === undefined) return;
    this.#numbers = undefined;
    this.#byNumber.delete(number);
    this.#numberOfId.delete(peer.id);
  }
}
