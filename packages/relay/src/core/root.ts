import type { Address, ControlMessage, Frame, PeerId, PeerInfo } from "@palmtree/wire";
import { Farewell } from "./completion/farewell.js";
import { Verdicts } from "./completion/verdicts.js";
import { type Context, earlier, type Fact } from "./context.js";
import { Due } from "./due.js";
import type { Effect } from "./effect.js";
import type { ConnectionId, PeerEvent } from "./event.js";
import { Admission } from "./invite/admission.js";
import { Steering } from "./plan/steering.js";
import { Relay } from "./relay.js";
import { patienceMs, type RootPlan } from "./root-plan.js";
import type { PeerResult } from "./step.js";
import { Content } from "./transfer/content.js";
import { Production } from "./transfer/production.js";

/** The phases of a session, in order, as the root sees them. */
export type Phase = "inviting" | "introducing" | "forming" | "sending" | "lingering" | "ended";

/**
 * The machine of the sending peer: invites, numbers the joined peers and introduces them to their
 * neighbours, starts the tree check, produces the chunks (where they go down the tree, once it spans),
 * lets in who comes late, and ends the session when every peer is complete or given up.
 */
export class Root {
  readonly #context: Context;
  readonly #plan: RootPlan;
  readonly #relay: Relay;
  readonly #verdicts: Verdicts;
  readonly #admission: Admission;
  readonly #content: Content;
  readonly #production: Production;
  readonly #steering: Steering;
  #phase: Phase = "inviting";
  #formedBy: number | undefined;
  /** Whether chunks are produced and sent. */
  #isOpen = false;
  #farewell: Farewell | undefined;
  readonly #due = new Due(() => this.#nextDeadline());

  constructor(context: Context, plan: RootPlan) {
    this.#context = context;
    this.#plan = plan;
    const { session, invite } = plan;
    this.#relay = new Relay(context, { ...invite, session, rootId: context.id });
    this.#content = new Content(plan.sizes, invite.chunkSizeBytes, context.options);
    this.#production = new Production(context, this.#content, session);
    const { timeoutMs } = invite;
    this.#verdicts = new Verdicts(context, { session, timeoutMs, extent: this.#content });
    this.#admission = new Admission(context, plan, this.#verdicts);
    this.#steering = new Steering(context, {
      plan,
      relay: this.#relay,
      content: this.#content,
      addressOf: (number) => this.#admission.addressOf(number),
      standings: () => this.#verdicts.standings,
    });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** @internal for the simulator, which watches the tree, and for who is dialled */
  get relay(): Relay {
    return this.#relay;
  }

  get hasEnded(): boolean {
    return this.#phase === "ended";
  }

  /** One result per listed peer, those known so far. */
  get results(): readonly PeerResult[] {
    return this.#verdicts.results;
  }

  /** Take an event in and say what is to be done. Never throws, whatever a peer sent. */
  handle(event: PeerEvent, now: number): readonly Effect[] {
    if (this.#phase === "ended") return [];
    this.#relay.setTime(now, this.#due.said);
    this.#dispatch(event);
    this.#settle();
    this.#due.forget();
    return this.#context.takeEffects();
  }

  /** When `tick` is due next. */
  deadline(): number | undefined {
    return this.#due.at;
  }

  #nextDeadline(): number | undefined {
    switch (this.#phase) {
      case "inviting":
        return this.#admission.deadline();
      case "ended":
        return undefined;
      case "lingering":
        return this.#farewell?.deadline();
      default:
        return this.#sessionDeadline();
    }
  }

  #sessionDeadline(): number | undefined {
    let due = earlier(this.#formedBy, this.#relay.deadline());
    due = earlier(due, this.#admission.deadline());
    due = earlier(due, this.#steering.deadline());
    return earlier(due, this.#verdicts.deadline());
  }

  #dispatch(event: PeerEvent): void {
    switch (event.type) {
      case "start":
        this.#verdicts.start();
        return this.#admission.start();
      case "peers-added":
        return this.#admission.add(event.addresses);
      case "datagram-received":
        return this.#onDatagram(event.from, event.datagram.sender, event.datagram.message);
      case "connection-opened":
        return this.#relay.connections.onOpened(event.connection);
      case "connection-closed":
        return this.#relay.connections.onClosed(event.connection, event.error);
      case "frame-received":
        return this.#onFrame(event.connection, event.frame);
      case "chunk-sent":
        this.#relay.distribution.onChunkSent(event.connection, event.index);
        return this.#produce();
      case "chunk-produced":
        return this.#production.onProduced(event.index, event.hash, event.payload);
      case "stream-ended":
        return this.#production.onEnded(event.totalBytes);
      case "session-hashed":
        this.#production.onHashed(event.sessionHash);
        return this.#relay.distribution.onSealed();
      case "chunk-loaded":
        return this.#relay.distribution.onChunkLoaded(event.index, event.payload);
      case "failed":
        return this.#abort(event.error.code, event.error.message);
      case "stop":
        return this.#abort("aborted", event.detail);
      case "tick":
        return this.#onTick();
      default:
        return;
    }
  }

  #onDatagram(from: Address, sender: PeerId, message: ControlMessage): void {
    const farewell = this.#farewell;
    if (message.type === "ended") return; // answered, it would be again, for ever
    if (farewell !== undefined) farewell.onDatagram(from, sender, message.type === "leave");
    else if (!this.#admission.onDatagram(from, sender, message)) {
      const number = this.#admission.numberOf(sender);
      if (!this.#relay.listensTo(sender, number, message)) return;
      if (number !== undefined) this.#onReceiver(number, from, message);
      const orphan = message.type === "orphan" ? this.#admission.present(sender) : undefined;
      if (orphan !== undefined) this.#relay.acquaintances.meet(orphan);
      this.#relay.onControl(from, sender, message);
    }
  }

  /** What receivers say to the root only. */
  #onReceiver(number: number, from: Address, message: ControlMessage): void {
    switch (message.type) {
      case "neighbours-ack":
        return this.#admission.onAck(number, message.revision, from);
      case "plan-ack":
        return this.#steering.onPlanAck(number, message.revision);
      case "trouble":
        // Who has no parent yet has no manifest, and so nothing to send: it withholds nothing.
        if (message.kind === "withholding" && this.#phase === "forming") return;
        return this.#steering.onTrouble(number, message);
      case "blame":
        return this.#steering.onBlame(number, message.number, message.code, message.detail);
      case "standing":
        return this.#verdicts.onStanding(number, message);
      case "leave":
        return this.#verdicts.onLeave(number, message.code, message.detail);
      default:
        return;
    }
  }

  /** A latecomer knows its neighbours: it takes part like everybody else. */
  #takeIn(peer: PeerInfo): void {
    this.#admission.onIntroduced(peer);
    for (const one of [peer, ...this.#admission.ownNeighbours]) this.#relay.acquaintances.meet(one);
    this.#steering.append(peer);
  }

  #onFrame(connection: ConnectionId, frame: Frame): void {
    const relay = this.#relay;
    const number = relay.connections.neighbourOf(connection);
    if (number === undefined) return relay.connections.onGreeting(connection, frame);
    relay.heard(number);
    const fault = relay.onFrameFromBelow(connection, number, frame);
    if (fault === undefined && frame.type === "progress")
      for (const entry of frame.entries) this.#verdicts.onProgress(entry);
    if (fault === undefined && frame.type === "report") this.#verdicts.onReport(frame);
    const code = "protocol-violation";
    if (fault !== undefined)
      this.#context.tell({ type: "misbehaved", number, code, message: fault });
    this.#produce();
  }

  #settle(): void {
    this.#passFactsOn();
    // Once all facts are known: what is sent goes to children that are there.
    if (this.#phase === "forming") this.#checkSpan();
    // Only now: before the tree spans all others would wait for them.
    if (this.#phase === "sending") this.#admission.letIn();
    this.#passFactsOn();
    const isDecided = this.#verdicts.isDecided && this.#admission.isSettled;
    if (this.#phase === "sending" && isDecided) this.#finish();
    if (this.#farewell?.isOver === true) this.#end();
  }

  #passFactsOn(): void {
    for (let fact = this.#context.nextFact(); fact !== undefined; fact = this.#context.nextFact()) {
      this.#relay.onFact(fact);
      this.#onFact(fact);
    }
  }

  #onFact(fact: Fact): void {
    switch (fact.type) {
      case "invitations-closed":
        return this.#introduce();
      case "neighbours-acknowledged":
        return this.#form();
      case "newcomer-introduced":
        return this.#takeIn(fact.peer);
      case "newcomer-lost":
        return this.#admission.onLost(fact.address);
      case "concluded":
        if (fact.isComplete) return;
        this.#admission.forget(fact.number);
        return this.#steering.remove(fact.number);
      case "stream-resumed":
        return this.#verdicts.excuse(fact.chunksBefore);
      case "misbehaved":
        return this.#steering.onBlame(0, fact.number, fact.code, fact.message);
      case "trouble-seen":
        return this.#steering.onTrouble(0, fact.trouble);
      case "child-gained":
      case "sink-gained":
      case "chunk-held":
        return this.#produce();
      default:
        return;
    }
  }

  #introduce(): void {
    const shortage = this.#admission.introduce();
    if (shortage !== undefined) return this.#abort("no-peers", shortage);
    this.#phase = "introducing";
    this.#relay.acquaintances.list(this.#admission.ownNeighbours);
  }

  /** Every neighbour list is in force: send the first tree checks. */
  #form(): void {
    for (const { number, address } of this.#admission.silent)
      this.#verdicts.giveUp(number, "not-answering", `${address} joined and then went silent`);
    this.#phase = "forming";
    const mostWaitMs = patienceMs(this.#plan, this.#context.options.formationTimeoutMs);
    this.#formedBy = this.#context.now + mostWaitMs;
    this.#relay.tree.start();
    if (!this.#isPlanned) return;
    this.#steering.assign(this.#admission.acknowledged);
    // Feeds come up beside the tree: chunks need not wait until it spans.
    this.#open();
  }

  get #isPlanned(): boolean {
    return this.#plan.invite.strategy === "pipeline";
  }

  /** Readiness is counted up the tree: the root's own subtree is everybody who hangs in it. */
  #checkSpan(): void {
    const expected = 1 + this.#verdicts.presentCount;
    const isLate = this.#formedBy !== undefined && this.#context.now >= this.#formedBy;
    const peerCount = this.#relay.tree.subtreeSize;
    // Where chunks do not wait for the tree, all may have them before it spans.
    if (peerCount < expected && !isLate && !this.#verdicts.isDecided) return;
    this.#phase = "sending";
    this.#formedBy = undefined;
    this.#context.emit({ type: "report-step", step: { type: "tree-formed", peerCount } });
    if (this.#isPlanned) return;
    this.#steering.watchTree();
    this.#open();
  }

  /** The manifest goes down the tree, and chunks to whoever has it and asks for them. */
  #open(): void {
    this.#relay.distribution.open(this.#plan.manifest, this.#content);
    this.#isOpen = true;
    if (this.#verdicts.isDecided) return;
    // While links come up: whoever asks first finds the first chunks read and hashed.
    this.#production.advance(this.#relay.distribution.leadingCursor ?? 0);
  }

  #produce(): void {
    if (this.#isOpen) this.#production.advance(this.#relay.distribution.leadingCursor);
  }

  #abort(code: string, message: string): void {
    for (const { number } of this.#verdicts.undecided) this.#verdicts.giveUp(number, code, message);
    this.#finish({ code, message });
  }

  #finish(error?: { readonly code: string; readonly message: string }): void {
    if (this.#phase === "lingering" || this.#phase === "ended") return;
    this.#isOpen = false;
    this.#relay.finish();
    const how = error === undefined ? {} : { error };
    this.#context.emit({ type: "report-step", step: { type: "ended", ...how } });
    this.#phase = "lingering";
    this.#farewell = new Farewell(this.#context, this.#admission.everybody);
  }

  #end(): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#context.emit({ type: "end" });
  }

  #onTick(): void {
    switch (this.#phase) {
      case "inviting":
        return this.#admission.onTick();
      case "lingering":
        return this.#farewell?.onTick();
      default:
        this.#admission.onTick();
        this.#relay.onTick();
        this.#steering.onTick();
        this.#verdicts.onTick();
    }
  }
}
