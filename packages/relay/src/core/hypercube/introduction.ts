import { cubeNeighbours } from "@palmtree/topology";
import type { PeerInfo } from "@palmtree/wire";
import { type Context, earliest } from "../context.js";

interface Listed {
  readonly peer: PeerInfo;
  state: "waiting" | "asking" | "acknowledged" | "silent";
  nextAt: number;
  givenUpAt: number;
}

/**
 * The root's second round: every joined peer is told its number and its neighbours in the
 * hypercube, one datagram each, until it acknowledges them. Only then does the tree check begin,
 * so that nobody is spoken to by a neighbour that it does not know.
 */
export class Introduction {
  readonly #context: Context;
  readonly #listed = new Map<number, Listed>();
  readonly #peers: readonly PeerInfo[];
  #isOpen = false;

  /** @param peers all peers in the order of their numbers, the root first */
  constructor(context: Context, peers: readonly PeerInfo[]) {
    this.#context = context;
    this.#peers = peers;
    for (const peer of peers.slice(1))
      this.#listed.set(peer.number, { peer, state: "waiting", nextAt: 0, givenUpAt: 0 });
  }

  start(): void {
    this.#isOpen = true;
    this.#ask();
  }

  /** The neighbours of the peer with that number. */
  neighboursOf(number: number): readonly PeerInfo[] {
    return cubeNeighbours(number, this.#peers.length).map((neighbour) => this.#peers[neighbour] as PeerInfo);
  }

  /** Peers that never acknowledged their neighbours. */
  get silent(): readonly PeerInfo[] {
    return [...this.#listed.values()].filter(({ state }) => state === "silent").map(({ peer }) => peer);
  }

  onAck(number: number): void {
    const listed = this.#listed.get(number);
    if (!this.#isOpen || listed === undefined) return;
    listed.state = "acknowledged";
    this.#ask();
  }

  onTick(): void {
    if (this.#isOpen) this.#ask();
  }

  deadline(): number | undefined {
    if (!this.#isOpen) return undefined;
    let first: number | undefined;
    for (const { state, nextAt } of this.#listed.values())
      if (state === "asking") first = earliest(first, nextAt);
    return first;
  }

  #ask(): void {
    const { now, options } = this.#context;
    let asking = 0;
    let unanswered = 0;
    for (const listed of this.#listed.values()) if (listed.state === "asking") asking += 1;
    for (const listed of this.#listed.values()) {
      if (listed.state === "waiting" && asking < options.introductionWindow) {
        listed.state = "asking";
        listed.nextAt = now;
        listed.givenUpAt = now + options.neighboursTimeoutMs;
        asking += 1;
      }
      if (listed.state === "asking" && listed.nextAt <= now) this.#send(listed);
      if (listed.state === "asking" || listed.state === "waiting") unanswered += 1;
    }
    if (unanswered > 0) return;
    this.#isOpen = false;
    this.#context.tell({ type: "neighbours-acknowledged" });
  }

  #send(listed: Listed): void {
    const { now, options } = this.#context;
    if (listed.givenUpAt <= now) {
      listed.state = "silent";
      return;
    }
    listed.nextAt = now + this.#context.jittered(options.neighboursRetryMs);
    this.#context.emit({
      type: "send-datagram",
      to: listed.peer.address,
      message: {
        type: "neighbours",
        revision: 1,
        number: listed.peer.number,
        peerCount: this.#peers.length,
        neighbours: this.neighboursOf(listed.peer.number),
      },
    });
  }
}
