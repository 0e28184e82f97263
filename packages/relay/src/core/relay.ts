import type {
  Address,
  ControlMessage,
  DowngradeReason,
  Frame,
  PeerId,
  PeerInfo,
  SessionId,
  Strategy,
} from "@palmtree/wire";
import { TalkWatch } from "./blame/talk-watch.js";
import { Summary } from "./completion/summary.js";
import { type Context, earlier, type Fact } from "./context.js";
import type { ConnectionId } from "./event.js";
import { FeedWatch } from "./feed/feed-watch.js";
import { Feeds } from "./feed/feeds.js";
import { LinkMeter } from "./feed/link-meter.js";
import { Acquaintances } from "./hypercube/acquaintances.js";
import { Neighbourhood } from "./hypercube/neighbourhood.js";
import { SpareNeighbours } from "./hypercube/spare-neighbours.js";
import { Connections } from "./link/connections.js";
import { Links, type Self } from "./link/links.js";
import { takeFromBelow } from "./take-from-below.js";
import { Distribution } from "./transfer/distribution.js";
import type { Inflow } from "./transfer/inlets.js";
import { Tree } from "./tree/tree.js";

type LinkMessage = Extract<
  ControlMessage,
  { type: "upgrade-accept" | "upgrade-reject" | "downgrade" }
>;

/** The root takes nothing in. */
const nothingIn: Inflow = { isHungry: false, flows: [] };

/**
 * What every peer does, root or receiver: keeps its neighbours and links, takes its place in the
 * tree and in the plan, passes chunks on, and passes on what its children say about themselves.
 */
export class Relay {
  readonly context: Context;
  readonly self: Self;
  readonly neighbourhood: Neighbourhood;
  readonly acquaintances: Acquaintances;
  readonly links: Links;
  readonly connections: Connections;
  readonly tree: Tree;
  readonly feeds: Feeds;
  readonly watch: FeedWatch;
  readonly meter: LinkMeter;
  readonly distribution: Distribution;
  readonly summary: Summary;
  readonly #spares: SpareNeighbours;
  readonly #talk: TalkWatch;
  readonly #childConnections = new Map<number, ConnectionId>();
  readonly #isPlanned: boolean;
  #handledAt: number | undefined;

  constructor(
    context: Context,
    options: {
      readonly session: SessionId;
      readonly fanout: number;
      readonly rootId: PeerId;
      readonly strategy: Strategy;
    },
  ) {
    this.context = context;
    const isRoot = options.rootId === context.id;
    this.self = { session: options.session, number: 0, hasManifest: isRoot };
    this.neighbourhood = new Neighbourhood((number) =>
      context.tell({ type: "neighbour-replaced", number }),
    );
    this.#spares = new SpareNeighbours(context, this.neighbourhood);
    this.#talk = new TalkWatch(context);
    this.links = new Links(context, this.neighbourhood, this.self, "tree");
    this.feeds = new Feeds(context, this.neighbourhood, this.self);
    this.watch = new FeedWatch(context);
    this.meter = new LinkMeter(context);
    const { self, neighbourhood, links, feeds } = this;
    const { sources, sinks } = feeds;
    this.connections = new Connections(context, { tree: links, sources, sinks });
    this.acquaintances = new Acquaintances(context, {
      self,
      rootId: options.rootId,
      neighbourhood,
      links,
      feeds,
    });
    this.tree = new Tree(context, this.neighbourhood, this.links, {
      fanout: options.fanout,
      isRoot,
    });
    this.distribution = new Distribution(context);
    this.#isPlanned = options.strategy === "pipeline";
    if (this.#isPlanned) this.feed([]);
    else this.distribution.feedOnly(({ isChild }) => isChild);
    this.summary = new Summary(context, this.links);
  }

  /**
   * Note the time of the event being handled. A machine that handles its own timers late cannot
   * know whether its neighbours were silent meanwhile, so that time does not count.
   */
  setTime(now: number, deadline: number | undefined): void {
    const lateMs = deadline === undefined ? 0 : now - deadline;
    if (lateMs > this.context.options.silentAfterMs / 4 && this.#handledAt !== undefined) {
      this.context.now = now;
      this.links.forgive(lateMs);
      this.feeds.forgive(lateMs);
      this.#spares.forgive(lateMs);
      this.#talk.forgive();
    }
    this.context.now = now;
    this.#handledAt = now;
  }

  /**
   * A peer that is not the root says something.
   *
   * @param number of a neighbour, at the root of any receiver
   * @returns whether to listen to it; who floods is cut off
   */
  listensTo(sender: PeerId, number: number | undefined, { type }: ControlMessage): boolean {
    return this.#talk.hears(sender, number, type);
  }

  /** A message between neighbours; those between root and receiver are handled by these. */
  onControl(from: Address, sender: PeerId, message: ControlMessage): void {
    const number = this.neighbourhood.numberOf(sender);
    if (number === undefined) return this.#onStranger(from, sender, message);
    this.heard(number);
    this.#spares.heard(number);
    switch (message.type) {
      case "tree-check":
        return this.tree.onTreeCheck(number, message.pulse, message.depth);
      case "tree-reject":
        return this.tree.onTreeReject(number, message.reason);
      case "upgrade-request":
        if (message.link === "tree") return this.tree.onUpgradeRequest(number);
        return this.feeds.onUpgradeRequest(number);
      case "upgrade-accept":
      case "upgrade-reject":
      case "downgrade":
        return this.#onLinkMessage(number, message);
      case "orphan":
        return this.tree.onOrphan(number, message.pulse);
      case "refer":
        this.acquaintances.hearOf(message.peer, number);
        return this.tree.onRefer(number, message.peer);
      case "introduce":
        return this.acquaintances.hearOf(message.peer, number);
      case "ping":
        return this.tree.onPing(number, message.pulse);
      case "leave":
        return this.#onTreeDowngrade(number, "leaving");
      case "probe":
        return this.meter.answer(this.neighbourhood.get(number), message.count);
      case "probe-ack":
        return this.meter.onAnswer(number, message.count);
      default:
        return;
    }
  }

  #onStranger(from: Address, sender: PeerId, message: ControlMessage): void {
    const reject = { type: "tree-reject", reason: "not-a-neighbour" } as const;
    if (message.type === "tree-check" || message.type === "orphan")
      this.context.send({ address: from, id: sender }, reject);
    else if (message.type === "upgrade-request" && message.link === "sink")
      this.acquaintances.onEarlyRequest(sender);
  }

  /** Whether the neighbour at the other end is this peer's parent, or feeds it. */
  isFromAbove(connection: ConnectionId, number: number): boolean {
    if (this.feeds.sources.owns(connection)) return true;
    return number === this.tree.parent && this.links.owns(connection);
  }

  /** A frame from a child or from a sink. @returns what is wrong with it, if something is */
  onFrameFromBelow(connection: ConnectionId, number: number, frame: Frame): string | undefined {
    return takeFromBelow(this, { connection, number }, frame);
  }

  /** Something came from this neighbour, over any link. */
  heard(number: number): void {
    this.links.heard(number);
    this.feeds.heard(number);
    this.watch.heard(number);
  }

  /** The plan has these peers feed this one; they are watched, whether their feeds come up or not. */
  follow(sources: readonly number[]): void {
    this.feeds.follow(sources);
    this.watch.start();
  }

  /** The plan has this peer feed these, and no others; they join the adjacency list. */
  feed(sinks: readonly PeerInfo[]): void {
    for (const sink of sinks) this.acquaintances.meet(sink);
    const planned = new Set(sinks.map(({ number }) => number));
    this.distribution.feedOnly(({ number, isChild }) => !isChild && planned.has(number));
  }

  /** What a fact means for the parts that every peer has. */
  onFact(fact: Fact): void {
    switch (fact.type) {
      case "link-active":
        if (fact.role === "tree") return this.tree.onLinkActive(fact.number, fact.isDialled);
        if (fact.role === "sink") return this.feeds.onSourceActive(fact.number);
        return this.feeds.onSinkActive(fact.number);
      case "link-passive":
        if (fact.role === "tree") return this.tree.onLinkPassive(fact.number);
        if (fact.role === "sink") return this.feeds.onSourcePassive(fact.number);
        return this.feeds.onSinkPassive(fact.number);
      case "child-gained":
        this.#childConnections.set(fact.number, fact.connection);
        return this.distribution.addSink(fact.number, fact.connection, {
          needsManifest: !fact.hasManifest,
          isChild: true,
        });
      case "child-lost":
        return this.#loseChild(fact.number);
      case "sink-gained":
        if (this.#isPlanned) this.watch.start();
        return this.distribution.addSink(fact.number, fact.connection);
      case "sink-lost":
        return this.distribution.removeSink(fact.connection);
      case "parent-gained":
        this.#spares.start();
        return this.summary.onParentGained(fact.number);
      case "parent-lost":
        return this.summary.onParentLost();
      case "subtree-resized":
        return this.summary.onSubtreeResized(fact.size);
      case "chunk-held":
        return this.distribution.onChunkHeld(fact.index);
      case "neighbour-doubted":
        return this.#askAfter(fact.number);
      case "neighbour-replaced":
        for (const part of [this.tree, this.feeds, this.watch, this.meter])
          part.forget(fact.number);
        return;
      case "misbehaved":
        return this.#cutOff(fact);
      default:
        return;
    }
  }

  /** The parent wants no part in the session, or gives nothing; there may be another one. */
  partFromParent(): void {
    const { parent } = this.tree;
    if (parent === undefined) return;
    this.tree.blame(parent);
    this.links.downgrade(parent, "lost");
  }

  /** The session is over here: tell the children, and end all links. */
  finish(): void {
    this.tree.leave();
    for (const child of this.tree.children) this.links.send(child, { type: "finish" });
    this.endLinks();
  }

  /** All links end; what was sent is flushed. */
  endLinks(): void {
    this.watch.stop();
    this.#spares.stop();
    this.links.closeAll();
    this.feeds.leave();
  }

  /** @param inflow what comes in; looked at only where something is due, since that takes long */
  onTick(inflow: Inflow = nothingIn): void {
    this.links.onTick();
    this.tree.onTick();
    this.feeds.onTick();
    this.summary.onTick();
    this.distribution.onTick();
    const neighbour = (number: number): PeerInfo | undefined => this.neighbourhood.get(number);
    this.meter.onTick(inflow.isHungry, neighbour);
    this.#spares.onTick({
      probe: (peer) => this.meter.probe(peer),
      isUsed: this.acquaintances.isUsed,
    });
    if (!this.watch.isDue) return;
    this.watch.onTick({
      self: this.self.number,
      sources: this.feeds.sourceNumbers,
      flows: this.distribution.flows,
      inflow,
      absent: this.feeds.absentNumbers,
      neighbour,
      probe: (peer) => this.meter.probe(peer),
    });
  }

  deadline(): number | undefined {
    let due = earlier(this.links.deadline(), this.tree.deadline());
    due = earlier(due, this.feeds.deadline());
    due = earlier(due, this.summary.deadline());
    due = earlier(due, this.distribution.deadline());
    due = earlier(due, this.watch.deadline());
    due = earlier(due, this.#spares.deadline());
    return earlier(due, this.meter.deadline());
  }

  #askAfter(number: number): void {
    const peer = this.neighbourhood.get(number);
    if (peer !== undefined) this.meter.probe(peer);
  }

  #loseChild(number: number): void {
    const connection = this.#childConnections.get(number);
    if (connection === undefined) return;
    this.#childConnections.delete(number);
    this.distribution.removeSink(connection);
  }

  /** What the neighbour says of a link: as its source to a sink, and the other way round. */
  #onLinkMessage(number: number, message: LinkMessage): void {
    if (message.link === "source") return this.feeds.sources.onAnswer(number, message);
    if (message.link === "sink") return this.feeds.sinks.onAnswer(number, message);
    if (message.type === "downgrade") return this.#onTreeDowngrade(number, message.reason);
    this.links.onAnswer(number, message);
  }

  /**
   * A neighbour that leaves closes its end of the connection, behind its last frames, which may be
   * its report: these are awaited.
   */
  #onTreeDowngrade(number: number, reason: DowngradeReason): void {
    if (reason === "leaving") this.tree.onDeparture(number);
    if (reason === "leaving" && this.links.isActive(number)) return;
    this.links.onAnswer(number, { type: "downgrade", link: "tree", reason });
  }

  #cutOff(fact: Extract<Fact, { type: "misbehaved" }>): void {
    const { number, code, message } = fact;
    this.context.emit({ type: "report-step", step: { type: "blamed", number, code, message } });
    const reason = code === "chunk-corrupt" ? "corrupt" : "protocol";
    this.tree.blame(number);
    this.links.downgrade(number, reason);
    this.feeds.cutOff(number, reason);
    // A bit in its memory may have flipped; but no mishap breaks the rules. And there is no other root.
    if (reason === "protocol" && number !== 0) this.neighbourhood.bar(number);
  }
}
