import type { ControlMessage, Neighbours, PlanMessage, TreeRejectReason } from "@palmtree/wire";
import type { Relay } from "../relay.js";

/**
 * What the root tells a receiver of its place: its number and neighbours, and in a pipeline who feeds
 * it. What is newer replaces what is older, and both are acknowledged. In a tree also, unacknowledged, that
 * its parent holds it up.
 */
export class Instructions {
  readonly #relay: Relay;
  readonly #sendToRoot: (message: ControlMessage) => void;
  readonly #onNews: () => void;
  #revision = 0;
  #planRevision = 0;

  /** @param onNews is told of a new place: the session goes on, however long others took to join */
  constructor(relay: Relay, sendToRoot: (message: ControlMessage) => void, onNews: () => void) {
    this.#relay = relay;
    this.#sendToRoot = sendToRoot;
    this.#onNews = onNews;
  }

  /** Whether this peer has a number. */
  get isNumbered(): boolean {
    return this.#revision > 0;
  }

  /** @returns whether the message from the root was for nobody else here */
  onMessage(message: ControlMessage): boolean {
    switch (message.type) {
      case "neighbours":
        this.#onNeighbours(message);
        return true;
      case "plan":
        this.#onPlan(message);
        return true;
      case "reparent":
        this.#onReparent(message.parent);
        return true;
      case "tree-reject":
        this.#onReject(message.reason);
        return false;
      default:
        return false;
    }
  }

  #onNeighbours({ revision, number, neighbours }: Neighbours): void {
    if (revision > this.#revision) {
      this.#revision = revision;
      this.#onNews();
      this.#relay.self.number = number;
      this.#relay.acquaintances.list(neighbours);
      this.#relay.tree.expect();
    }
    this.#sendToRoot({ type: "neighbours-ack", revision });
  }

  /**
   * To the root this peer has no number. It had one, which was taken back because no acknowledgement
   * came through: so it joins anew, as who comes late does.
   */
  #onReject(reason: TreeRejectReason): void {
    const isOrphan = this.isNumbered && !this.#relay.tree.isAttached;
    if (reason === "not-a-neighbour" && isOrphan) this.#sendToRoot({ type: "join" });
  }

  /** It may have found another one meanwhile; and better than the root there is none. */
  #onReparent(parent: number): void {
    if (parent !== 0 && parent === this.#relay.tree.parent) this.#relay.partFromParent();
  }

  #onPlan({ revision, sources, peers }: PlanMessage): void {
    if (revision > this.#planRevision && this.isNumbered) {
      this.#planRevision = revision;
      this.#onNews();
      this.#relay.feed(peers);
      this.#relay.follow(sources);
    }
    this.#sendToRoot({ type: "plan-ack", revision });
  }
}
