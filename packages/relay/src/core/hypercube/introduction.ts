import { cubeNeighbours } from "@palmtree/topology";
import type { PeerInfo } from "@palmtree/wire";
import type { Context } from "../context.js";
import { Questions } from "../questions.js";

/**
 * The root's second round: every joined peer is told its number and its neighbours in the
 * hypercube, one datagram each, until it acknowledges them. Only then does the tree check begin,
 * so that nobody is spoken to by a neighbour that it does not know.
 */
export class Introduction {
  readonly #context: Context;
  readonly #peers: readonly PeerInfo[];
  readonly #questions: Questions<PeerInfo>;
  #isOpen = false;

  /**
   * @param peers all peers in the order of their numbers, the root first
   * @param timeoutMs after this, a peer that has not acknowledged its list is given up
   */
  constructor(context: Context, peers: readonly PeerInfo[], timeoutMs: number) {
    this.#context = context;
    this.#peers = peers;
    const { neighboursRetryMs: retryMs, introductionWindow: window } = context.options;
    const patience = { retryMs, timeoutMs, window };
    this.#questions = new Questions(context, peers.slice(1), patience, (peer) => this.#send(peer));
  }

  start(): void {
    this.#isOpen = true;
    this.onTick();
  }

  /** The neighbours of the peer with that number. */
  neighboursOf(number: number): readonly PeerInfo[] {
    return cubeNeighbours(number, this.#peers.length).map(
      (neighbour) => this.#peers[neighbour] as PeerInfo,
    );
  }

  /** Peers that never acknowledged their neighbours. */
  get silent(): readonly PeerInfo[] {
    return this.#questions.silent;
  }

  /** All others, in the order of their numbers, the root first. */
  get acknowledged(): readonly PeerInfo[] {
    const silent = new Set(this.silent);
    return this.#peers.filter((peer) => !silent.has(peer));
  }

  onAck(number: number): void {
    const peer = this.#peers[number];
    if (peer !== undefined && this.#questions.answer(peer)) this.#closeIfOver();
  }

  onTick(): void {
    if (!this.#isOpen) return;
    this.#questions.ask();
    this.#closeIfOver();
  }

  deadline(): number | undefined {
    return this.#isOpen ? this.#questions.deadline() : undefined;
  }

  #closeIfOver(): void {
    if (!this.#isOpen || !this.#questions.isSettled) return;
    this.#isOpen = false;
    this.#context.tell({ type: "neighbours-acknowledged" });
  }

  #send(peer: PeerInfo): void {
    this.#context.emit({
      type: "send-datagram",
      to: peer.address,
      message: {
        type: "neighbours",
        revision: 1,
        number: peer.number,
        peerCount: this.#peers.length,
        neighbours: this.neighboursOf(peer.number),
      },
    });
  }
}
