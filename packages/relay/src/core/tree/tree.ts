import {
  type ControlMessage,
  type PeerInfo,
  type TreeRejectReason,
  wireLimits,
} from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import type { Neighbourhood } from "../hypercube/neighbourhood.js";
import type { Links } from "../link/links.js";
import { ChildSlots } from "./child-slots.js";
import { OrphanSearch } from "./orphan-search.js";
import { Pulse } from "./pulse.js";

/**
 * A peer's place in the spanning tree, built by the seed's tree check.
 *
 * An attached peer gossips the check to neighbours, as many at a time as it has child slots
 * free. A peer accepts the first valid check, asks its sender for the upgrade, and gossips the
 * check on once the link is active. A peer that nobody checks, or whose parent is lost, asks
 * its neighbours ({@link OrphanSearch}); a neighbour whose slots are taken refers
 * it to one of its children, so that the walk ends at a peer with a free slot: a leaf at the
 * latest.
 *
 * No cycles: who has lost its parent takes another one only if that knows a newer {@link Pulse} of
 * the root's than it has heard itself.
 */
export class Tree {
  readonly #context: Context;
  readonly #neighbourhood: Neighbourhood;
  readonly #links: Links;
  readonly #fanout: number;
  readonly #slots: ChildSlots;
  readonly #search: OrphanSearch;
  readonly #isRoot: boolean;
  #parent: number | undefined;
  /** The neighbour whose tree check was valid, while the link to it is being upgraded. */
  #joining: { readonly number: number; readonly pulse: number; readonly depth: number } | undefined;
  readonly #pulse: Pulse;
  #depth = 0;
  #isLeaving = false;

  constructor(
    context: Context,
    neighbourhood: Neighbourhood,
    links: Links,
    options: { readonly fanout: number; readonly isRoot: boolean },
  ) {
    this.#context = context;
    this.#neighbourhood = neighbourhood;
    this.#links = links;
    this.#fanout = options.fanout;
    this.#isRoot = options.isRoot;
    this.#slots = new ChildSlots(context, options.fanout);
    this.#search = new OrphanSearch(context);
    this.#pulse = new Pulse(context, neighbourhood, this.#slots);
  }

  /** Root: every neighbour has acknowledged; send the first tree checks. */
  start(): void {
    this.#pulse.beat();
    this.#gossip();
  }

  /** Receiver: the neighbours are known; wait for a tree check, and ask if none comes. */
  expect(): void {
    this.#search.beginWithin(this.#context.options.orphanAfterMs);
  }

  get parent(): number | undefined {
    return this.#parent;
  }

  get children(): readonly number[] {
    return this.#slots.children;
  }

  /** The newest pulse known; grows along every path from a leaf to the root. */
  get pulse(): number {
    return this.#pulse.newest;
  }

  get depth(): number {
    return this.#depth;
  }

  get isAttached(): boolean {
    return this.#isRoot || this.#parent !== undefined;
  }

  /** This peer and all that hang below it. */
  get subtreeSize(): number {
    return this.#slots.subtreeSize;
  }

  /** From now on nobody is taken as a child, and nobody as a parent. */
  leave(): void {
    this.#isLeaving = true;
    this.#search.end();
    this.#pulse.stop();
  }

  /** Do not take this neighbour as a parent for a while. */
  blame(number: number): void {
    this.#search.blame(number);
  }

  /** The neighbour has left the session for good. */
  onDeparture(number: number): void {
    this.#search.depart(number);
  }

  /** The number is another peer's. */
  forget(number: number): void {
    this.#search.forget(number);
    this.#slots.forget(number);
  }

  onTreeCheck(from: number, pulse: number, depth: number): void {
    // Repeated because our request was lost, or late because we are that neighbour's child already.
    if (from === this.#parent || from === this.#joining?.number) return;
    if (this.#slots.settle(from)) this.#gossip();
    const reason = this.#validate(from, pulse);
    if (reason !== undefined) {
      this.#reject(from, reason);
      return;
    }
    // Nobody is deeper than the session has peers; a liar's depth must not leave its range here.
    this.#joining = { number: from, pulse, depth: Math.min(depth + 1, wireLimits.peerCount - 1) };
    this.#search.pause();
    this.#links.requestUpgrade(from);
  }

  onTreeReject(from: number, reason: TreeRejectReason): void {
    if (reason === "leaving") this.#search.depart(from);
    this.#slots.reject(from, reason);
    this.#gossip();
  }

  onOrphan(from: number, pulse: number): void {
    if (this.#slots.hasChild(from)) this.#links.downgrade(from, "replaced");
    if (this.#isLeaving) this.#reject(from, "leaving");
    else if (!this.isAttached) this.#reject(from, "not-attached");
    else if (this.pulse <= pulse) this.#reject(from, "stale");
    else if (this.#slots.holdForOrphan(from)) this.#probe(from);
    else this.#refer(from);
  }

  /** A full neighbour sent us on: ask that peer at once. */
  onRefer(from: number, to: PeerInfo): void {
    if (!this.#isSearching()) return;
    if (this.#search.follow(from, to)) this.#ask(to.number);
  }

  /** Whether the neighbour's request, an answer to a tree check of ours, is accepted. */
  onUpgradeRequest(from: number): void {
    if (this.#slots.hasChild(from) && this.#links.isTooFresh(from)) return;
    const isKnown = this.#slots.hasProbe(from) || this.#slots.hasChild(from);
    const isAbove = from === this.#parent || from === this.#joining?.number;
    if (this.#isLeaving) this.#links.refuseUpgrade(from, "leaving");
    else if (isAbove || (!this.isAttached && !isKnown)) this.#links.refuseUpgrade(from, "busy");
    else if (!isKnown && !this.#slots.hold(from)) this.#links.refuseUpgrade(from, "fanout-full");
    else {
      this.#slots.beginUpgrade(from);
      this.#links.acceptUpgrade(from);
    }
  }

  onLinkActive(number: number, isParent: boolean): void {
    if (!isParent) this.#gainChild(number);
    else if (number === this.#joining?.number) this.#gainParent(this.#joining);
    else this.#links.downgrade(number, "replaced");
  }

  onLinkPassive(number: number): void {
    if (number === this.#joining?.number) {
      this.#joining = undefined;
      this.expect();
    } else if (number === this.#parent) this.#loseParent(number);
    if (this.#slots.release(number)) {
      // Those who hung below it may know the root's newest pulse, and need a newer one to return.
      if (this.#isRoot && this.#pulse.isBeating) this.#pulse.beat();
      this.#context.tell({ type: "child-lost", number });
      this.#tellSize();
    }
  }

  /** A child says how many hang below it. */
  onSubtree(number: number, size: number): void {
    if (this.#slots.resize(number, size)) this.#tellSize();
  }

  onPing(from: number, pulse: number): void {
    const to = this.#neighbourhood.get(from);
    if (to === undefined) return;
    if (from !== this.#parent) {
      // It believes that we are its child; we are not, unless the link is only just coming up.
      if (from !== this.#joining?.number)
        this.#context.send(to, { type: "downgrade", link: "tree", reason: "replaced" });
      return;
    }
    this.#context.send(to, { type: "pong", pulse });
    if (this.#pulse.learn(pulse)) this.#pulse.passOn();
  }

  onTick(): void {
    this.#pulse.onTick();
    if (this.#search.isDue) this.#askAround();
    for (const number of this.#slots.expireProbes()) this.#probe(number);
    this.#gossip();
  }

  deadline(): number | undefined {
    return earlier(
      this.#pulse.deadline(),
      earlier(this.#search.deadline(), this.#slots.deadline()),
    );
  }

  /** The seed's three validations, and what makes them safe: is the check news, are we staying? */
  #validate(from: number, pulse: number): TreeRejectReason | undefined {
    if (this.#neighbourhood.get(from) === undefined) return "not-a-neighbour";
    if (this.#slots.children.length > this.#fanout) return "fanout-full";
    if (this.isAttached) return "has-parent";
    if (this.#isLeaving) return "leaving";
    if (this.#joining !== undefined) return "deciding";
    if (pulse <= this.pulse || this.#search.isBlamed(from)) return "stale";
    return undefined;
  }

  #gossip(): void {
    // The root's pulse is 0 until everybody knows his neighbours; before that nobody is checked.
    if (!this.isAttached || this.#isLeaving || this.pulse === 0) return;
    const free = this.#slots.free;
    if (free === 0) return;
    const unsettled = this.#neighbourhood.numbers.filter(
      (number) => number !== this.#parent && number !== 0 && this.#slots.isCandidate(number),
    );
    if (unsettled.length === 0) return;
    for (const number of this.#context.random.sample(unsettled, free))
      if (this.#slots.hold(number)) this.#probe(number);
  }

  #probe(number: number): void {
    // Counted even when the neighbour has been forgotten meanwhile, so that its slot gets free.
    this.#slots.probed(number);
    this.#say(number, { type: "tree-check", pulse: this.pulse, depth: this.#depth });
  }

  #refer(orphan: number): void {
    const child = this.#slots.smallestChild(orphan);
    const peer = child === undefined ? undefined : this.#neighbourhood.get(child);
    const asking = this.#neighbourhood.get(orphan);
    if (peer === undefined || asking === undefined) {
      this.#reject(orphan, "fanout-full");
      return;
    }
    this.#context.send(peer, { type: "introduce", peer: asking });
    this.#context.send(asking, { type: "refer", peer });
  }

  #isSearching(): boolean {
    return !this.isAttached && !this.#isLeaving && this.#joining === undefined;
  }

  #askAround(): void {
    if (!this.#isSearching()) return this.#search.pause();
    const children = this.#slots.children;
    const others = this.#neighbourhood.numbers.filter((number) => !children.includes(number));
    const { asked, asksRoot, isHopeless } = this.#search.nextRound(others);
    if (asksRoot) this.#context.tell({ type: "root-wanted" });
    // Only letting go of them leads back to the root, when all ways to it lead through them.
    if (isHopeless) for (const number of children) this.#links.downgrade(number, "lost");
    for (const number of asked) this.#ask(number);
  }

  #ask(number: number): void {
    this.#say(number, { type: "orphan", pulse: this.pulse });
  }

  #gainChild(number: number): void {
    if (!this.#slots.attach(number)) {
      this.#links.downgrade(number, "replaced");
      return;
    }
    const connection = this.#links.connectionOf(number);
    if (connection === undefined) return;
    this.#context.tell({
      type: "child-gained",
      number,
      connection,
      hasManifest: this.#links.hasManifest(number),
    });
    this.#tellSize();
  }

  #gainParent(joined: {
    readonly number: number;
    readonly pulse: number;
    readonly depth: number;
  }): void {
    this.#joining = undefined;
    this.#parent = joined.number;
    this.#pulse.learn(joined.pulse);
    this.#depth = joined.depth;
    this.#search.end();
    this.#context.tell({ type: "parent-gained", number: joined.number });
    this.#tellSize();
    this.#pulse.passOn();
    this.#gossip();
  }

  #loseParent(number: number): void {
    this.#parent = undefined;
    this.#context.tell({ type: "parent-lost", number });
    if (!this.#isLeaving) this.#search.beginWithin(20);
  }

  #tellSize(): void {
    this.#context.tell({ type: "subtree-resized", size: this.subtreeSize });
  }

  #reject(number: number, reason: TreeRejectReason): void {
    this.#say(number, { type: "tree-reject", reason });
  }

  #say(number: number, message: ControlMessage): void {
    const to = this.#neighbourhood.get(number);
    if (to !== undefined) this.#context.send(to, message);
  }
}
