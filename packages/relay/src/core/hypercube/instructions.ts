import type { ControlMessage, Neighbours, PlanMessage } from "@palmtree/wire";
import type { Relay } from "../relay.js";

/**
 * What the root tells a receiver of its place: its number and neighbours, and in a pipeline who feeds
 * it. What is newer replaces what is older, and everything is acknowledged.
 */
export class Instructions {
  readonly #relay: Relay;
  readonly #sendToRoot: (message: ControlMessage) => void;
  #revision = 0;
  #planRevision = 0;

  constructor(relay: Relay, sendToRoot: (message: ControlMessage) => void) {
    this.#relay = relay;
    this.#sendToRoot = sendToRoot;
  }

  /** Whether this peer has a number. */
  get isNumbered(): boolean {
    return this.#revision > 0;
  }

  onNeighbours({ revision, number, neighbours }: Neighbours): void {
    if (revision > this.#revision) {
      this.#revision = revision;
      this.#relay.self.number = number;
      this.#relay.list(neighbours);
      this.#relay.tree.expect();
    }
    this.#sendToRoot({ type: "neighbours-ack", revision });
  }

  onPlan({ revision, sources, peers }: PlanMessage): void {
    if (revision > this.#planRevision && this.isNumbered) {
      this.#planRevision = revision;
      for (const peer of peers) this.#relay.meet(peer);
      this.#relay.follow(sources);
      this.#relay.feed(peers.map(({ number }) => number));
    }
    this.#sendToRoot({ type: "plan-ack", revision });
  }
}
