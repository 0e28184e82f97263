import type {
  Address,
  ControlMessage,
  DowngradeReason,
  Frame,
  PalmTreeError,
  SessionId,
} from "@palmtree/wire";
import { Summary } from "./completion/summary.js";
import { type Context, earliest, type Fact } from "./context.js";
import type { ConnectionId } from "./event.js";
import { Neighbourhood } from "./hypercube/neighbourhood.js";
import { Links, type Self } from "./link/links.js";
import { Distribution } from "./transfer/distribution.js";
import { Tree } from "./tree/tree.js";

/**
 * What every peer does, root or receiver: keeps its neighbours and links, takes its place in the
 * tree, passes chunks on to its children, and passes on what they say about themselves.
 */
export class Relay {
  readonly context: Context;
  readonly self: Self;
  readonly neighbourhood: Neighbourhood = new Neighbourhood();
  readonly links: Links;
  readonly tree: Tree;
  readonly distribution: Distribution;
  readonly summary: Summary;
  #handledAt: number | undefined;

  constructor(
    context: Context,
    options: { readonly session: SessionId; readonly fanout: number; readonly isRoot: boolean },
  ) {
    this.context = context;
    this.self = { session: options.session, number: 0, hasManifest: options.isRoot };
    this.links = new Links(context, this.neighbourhood, this.self);
    this.tree = new Tree(context, this.neighbourhood, this.links, options);
    this.distribution = new Distribution(context);
    this.summary = new Summary(context, this.links);
  }

  /**
   * Note the time of the event being handled. A machine that handles its own timers late cannot
   * know whether its neighbours were silent, so it starts to listen anew.
   */
  setTime(now: number, deadline: number | undefined): void {
    const lateMs = deadline === undefined ? 0 : now - deadline;
    if (lateMs > this.context.options.silentAfterMs / 4 && this.#handledAt !== undefined) {
      this.context.now = now;
      this.links.forgive();
    }
    this.context.now = now;
    this.#handledAt = now;
  }

  /** A message between neighbours; those between root and receiver are handled by these. */
  onControl(from: Address, number: number | undefined, message: ControlMessage): void {
    if (number === undefined) {
      if (message.type === "tree-check" || message.type === "orphan")
        this.context.emit({
          type: "send-datagram",
          to: from,
          message: { type: "tree-reject", reason: "not-a-neighbour" },
        });
      return;
    }
    this.links.heard(number);
    switch (message.type) {
      case "tree-check":
        return this.tree.onTreeCheck(number, message.pulse, message.depth);
      case "tree-reject":
        return this.tree.onTreeReject(number, message.reason);
      case "upgrade-request":
        return this.tree.onUpgradeRequest(number);
      case "upgrade-accept":
      case "upgrade-reject":
        return this.links.onAnswer(number, message);
      case "downgrade":
        return this.#onDowngrade(number, message.reason);
      case "orphan":
        return this.tree.onOrphan(number, message.pulse);
      case "refer":
        this.#introduce(message.peer);
        return this.tree.onRefer(number, message.peer.number);
      case "introduce":
        return this.#introduce(message.peer);
      case "ping":
        return this.tree.onPing(number, message.pulse);
      case "leave":
        return this.#onDowngrade(number, "leaving");
      default:
        return;
    }
  }

  /** A frame from a child. @returns what is wrong with it, if something is */
  onChildFrame(number: number, frame: Frame): string | undefined {
    switch (frame.type) {
      case "holds":
        return this.distribution.onHolds(number, frame.payload);
      case "want":
        return this.distribution.onWant(number, frame.payload);
      case "subtree":
        this.tree.onSubtree(number, frame.size);
        return undefined;
      case "progress":
        for (const entry of frame.entries) this.summary.note(entry);
        return undefined;
      case "report":
        this.summary.report(frame);
        return undefined;
      case "alive":
        return undefined;
      default:
        return `a ${frame.type} frame from a child`;
    }
  }

  onConnectionClosed(connection: ConnectionId, error: PalmTreeError | undefined): void {
    const number = this.links.activeNumberOf(connection);
    if (number !== undefined && error?.code === "frame-malformed")
      this.context.tell({ type: "misbehaved", number, code: error.code, message: error.message });
    this.links.onConnectionClosed(connection);
  }

  onChunkSent(connection: ConnectionId, index: number): void {
    const number = this.links.activeNumberOf(connection);
    if (number !== undefined) this.distribution.onChunkSent(number, connection, index);
  }

  /** What a fact means for the parts that every peer has. */
  onFact(fact: Fact): void {
    switch (fact.type) {
      case "link-active":
        return this.tree.onLinkActive(fact.number, fact.isParent);
      case "link-passive":
        return this.tree.onLinkPassive(fact.number);
      case "child-gained":
        return this.distribution.onChildGained(fact.number, fact.connection, fact.hasManifest);
      case "child-lost":
        return this.distribution.onChildLost(fact.number);
      case "parent-gained":
        return this.summary.onParentGained(fact.number);
      case "parent-lost":
        return this.summary.onParentLost();
      case "subtree-resized":
        return this.summary.onSubtreeResized(fact.size);
      case "chunk-held":
        return this.distribution.onChunkHeld(fact.index);
      case "misbehaved":
        return this.#cutOff(fact);
      default:
        return;
    }
  }

  /** The session is over here: tell the children, and end all links. */
  finish(): void {
    this.tree.leave();
    for (const child of this.tree.children) this.links.send(child, { type: "finish" });
    this.links.closeAll();
  }

  onTick(): void {
    this.links.onTick();
    this.tree.onTick();
    this.summary.onTick();
  }

  deadline(): number | undefined {
    return earliest(this.links.deadline(), this.tree.deadline(), this.summary.deadline());
  }

  #introduce(peer: Parameters<Neighbourhood["introduce"]>[0]): void {
    if (peer.number === this.self.number || peer.id === this.context.id) return;
    this.neighbourhood.introduce(peer, (number) => this.links.isUsed(number));
  }

  /**
   * A neighbour that leaves closes its end of the connection, behind its last frames, which may be
   * its report: these are awaited.
   */
  #onDowngrade(number: number, reason: DowngradeReason): void {
    if (reason === "leaving") this.tree.onDeparture(number);
    if (reason === "leaving" && this.links.isActive(number)) return;
    this.links.onAnswer(number, { type: "downgrade", reason });
  }

  #cutOff(fact: Extract<Fact, { type: "misbehaved" }>): void {
    const { number, code, message } = fact;
    this.context.emit({ type: "report-step", step: { type: "blamed", number, code, message } });
    this.tree.blame(number);
    this.links.downgrade(number, code === "chunk-corrupt" ? "corrupt" : "protocol");
  }
}
