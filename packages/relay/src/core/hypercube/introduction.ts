import { cubeNeighbours, dimensionsOf } from "@palmtree/topology";
import type { Address, PeerId, PeerInfo } from "@palmtree/wire";
import type { Context } from "../context.js";
import { Questions } from "../questions.js";

/** A numbered peer, and the lists that it was sent. */
interface Introduced {
  readonly peer: PeerInfo;
  readonly isLate: boolean;
  /** Whether others may be told of it: from the start, or once a latecomer has acknowledged. */
  isKnown: boolean;
  /** It has failed or is given up: nobody new is told of it. */
  isGone: boolean;
  revision: number;
  /** The numbers in its last list. */
  listed: readonly number[];
}

/**
 * The root's second round: every joined peer is told its number and its neighbours in the
 * hypercube, one datagram each, until it acknowledges them. Only then does the tree check begin,
 * so that nobody is spoken to by a neighbour that it does not know.
 *
 * Who comes late gets the lowest free number, and its own list first. When that is acknowledged,
 * those whose lists have grown by it get theirs anew: its neighbours, or all where the cube has
 * one more dimension.
 */
export class Introduction {
  readonly #context: Context;
  /** By number, the root first; the holes are numbers of latecomers that never answered. */
  readonly #introduced: (Introduced | undefined)[];
  readonly #numbers: Map<PeerId, number>;
  readonly #questions: Questions<Introduced>;
  readonly #newcomers = new Set<Introduced>();
  /** Of the silent, those that were dealt with. */
  #silentCount = 0;
  #dimensions: number;
  /**
   * The revision of a latecomer's first list: one more than any that was forgotten was told. It may have
   * read that list, and be let in once more, by another number; what it is told then has to be newer.
   */
  #firstRevision = 1;
  #isOpen = false;

  /**
   * @param peers all peers in the order of their numbers, the root first
   * @param timeoutMs after this, a peer that has not acknowledged its list is given up
   */
  constructor(context: Context, peers: readonly PeerInfo[], timeoutMs: number) {
    this.#context = context;
    const introduced = peers.map((peer) => enter(peer, false));
    this.#introduced = introduced;
    this.#numbers = new Map(peers.map(({ id, number }) => [id, number]));
    this.#dimensions = dimensionsOf(peers.length);
    const { neighboursRetryMs: retryMs, introductionWindow: window } = context.options;
    const patience = { retryMs, timeoutMs, window };
    this.#questions = new Questions(context, introduced.slice(1), patience, (one) =>
      this.#send(one),
    );
  }

  start(): void {
    this.#isOpen = true;
    for (const one of this.#introduced) if (one !== undefined) this.#renew(one);
    this.onTick();
  }

  /** The number of the peer with that id, if it has one; 0 is the root's. */
  numberOf(id: PeerId): number | undefined {
    return this.#numbers.get(id);
  }

  /** Of a peer that takes part; before a latecomer does, its number may go to another one. */
  addressOf(number: number): Address | undefined {
    const one = this.#introduced[number];
    return one?.isKnown === true ? one.peer.address : undefined;
  }

  /** Numbers that are taken, the root's among them. */
  get count(): number {
    return this.#numbers.size;
  }

  /** Latecomers that have not acknowledged their lists yet. */
  get newcomerCount(): number {
    return this.#newcomers.size;
  }

  /** Whether one of these is at that address. */
  hasNewcomerAt(address: Address): boolean {
    for (const { peer } of this.#newcomers) if (peer.address === address) return true;
    return false;
  }

  /** The peer with that id, if it takes part: it may ask the root when all whom it knew are gone. */
  present(id: PeerId): PeerInfo | undefined {
    const one = this.#introduced[this.#numbers.get(id) ?? 0];
    return one?.isKnown === true && !one.isGone && one.peer.id === id ? one.peer : undefined;
  }

  /** The neighbours of the peer with that number, those that may be told of. */
  neighboursOf(number: number): readonly PeerInfo[] {
    const one = this.#introduced[number];
    return one === undefined ? [] : this.#peersAt(this.#neighbours(one));
  }

  /** Peers that never acknowledged their neighbours. */
  get silent(): readonly PeerInfo[] {
    return this.#questions.silent.map(({ peer }) => peer);
  }

  /** All others, in the order of their numbers, the root first. */
  get acknowledged(): readonly PeerInfo[] {
    const silent = new Set(this.#questions.silent);
    return this.#introduced.flatMap((one) =>
      one === undefined || silent.has(one) ? [] : [one.peer],
    );
  }

  /** Everybody who has a number, but for the root. */
  get receivers(): readonly PeerInfo[] {
    return this.#introduced.slice(1).flatMap((one) => one?.peer ?? []);
  }

  /** A peer has come late: tell it its number and its neighbours. */
  admit(address: Address, id: PeerId): void {
    const hole = this.#introduced.indexOf(undefined);
    const number = hole === -1 ? this.#introduced.length : hole;
    const one = enter({ number, id, address }, true);
    one.revision = this.#firstRevision - 1;
    this.#introduced[number] = one;
    this.#numbers.set(id, number);
    this.#newcomers.add(one);
    this.#tell(one);
  }

  /** The peer is out of the session: nobody new is told of it. */
  forget(number: number): void {
    const one = this.#introduced[number];
    if (one !== undefined) one.isGone = true;
  }

  /** @param from whoever acknowledges has to be where the list was sent, and have read it there */
  onAck(number: number, revision: number, from: Address): void {
    const one = this.#introduced[number];
    if (one === undefined || one.revision !== revision || one.peer.address !== from) return;
    if (!this.#questions.answer(one)) return;
    if (this.#newcomers.delete(one)) this.#makeKnown(one);
    this.#closeIfOver();
  }

  onTick(): void {
    this.#questions.ask();
    const { silent } = this.#questions;
    for (const one of silent.slice(this.#silentCount)) this.#giveUp(one);
    this.#silentCount = silent.length;
    this.#closeIfOver();
  }

  deadline(): number | undefined {
    return this.#questions.deadline();
  }

  #closeIfOver(): void {
    if (!this.#isOpen || !this.#questions.isSettled) return;
    this.#isOpen = false;
    this.#context.tell({ type: "neighbours-acknowledged" });
  }

  /** The latecomer can be talked to: those are told who have a new neighbour by it. */
  #makeKnown(newcomer: Introduced): void {
    newcomer.isKnown = true;
    const dimensions = dimensionsOf(this.#introduced.length);
    const mayBeNews =
      dimensions === this.#dimensions ? this.#neighbours(newcomer) : this.#introduced.keys();
    this.#dimensions = dimensions;
    for (const number of mayBeNews) {
      const one = this.#introduced[number];
      if (one === undefined || number === 0 || one.isGone || !one.isKnown) continue;
      if (this.#neighbours(one).some((neighbour) => !one.listed.includes(neighbour)))
        this.#tell(one);
    }
    this.#context.tell({ type: "newcomer-introduced", peer: newcomer.peer });
  }

  /** Nobody was told of a latecomer that does not answer, so its number is free again. */
  #giveUp(one: Introduced): void {
    if (!this.#newcomers.delete(one)) return;
    this.#numbers.delete(one.peer.id);
    this.#introduced[one.peer.number] = undefined;
    this.#firstRevision = Math.max(this.#firstRevision, one.revision + 1);
    this.#context.tell({ type: "newcomer-lost", address: one.peer.address });
  }

  #tell(one: Introduced): void {
    this.#renew(one);
    this.#questions.add(one);
  }

  #renew(one: Introduced): void {
    one.revision += 1;
    one.listed = this.#neighbours(one);
  }

  /** As the cube has them; and the root for latecomers, since all others may have failed by now. */
  #neighbours({ peer, isLate }: Introduced): readonly number[] {
    const inCube = cubeNeighbours(peer.number, this.#introduced.length).filter((neighbour) => {
      const one = this.#introduced[neighbour];
      return one?.isKnown === true && !one.isGone;
    });
    return isLate && !inCube.includes(0) ? [...inCube, 0] : inCube;
  }

  #peersAt(numbers: readonly number[]): readonly PeerInfo[] {
    return numbers.flatMap((number) => this.#introduced[number]?.peer ?? []);
  }

  #send({ peer, revision, listed }: Introduced): void {
    this.#context.send(peer, {
      type: "neighbours",
      revision,
      number: peer.number,
      peerCount: this.#introduced.length,
      neighbours: this.#peersAt(listed),
    });
  }
}

function enter(peer: PeerInfo, isLate: boolean): Introduced {
  return { peer, isLate, isKnown: !isLate, isGone: false, revision: 0, listed: [] };
}
