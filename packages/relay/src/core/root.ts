import type { Address, ControlMessage, Frame, PeerId, PeerInfo } from "@palmtree/wire";
import { Accusations } from "./blame/accusations.js";
import { Farewell } from "./completion/farewell.js";
import { Verdicts } from "./completion/verdicts.js";
import { type Context, earlier, type Fact } from "./context.js";
import { Due } from "./due.js";
import type { Effect } from "./effect.js";
import type { ConnectionId, PeerEvent } from "./event.js";
import { Introduction } from "./hypercube/introduction.js";
import { numbered } from "./hypercube/numbering.js";
import { Invitation } from "./invite/invitation.js";
import { Inviter } from "./invite/inviter.js";
import { Latecomers } from "./invite/latecomers.js";
import { Assignment } from "./plan/assignment.js";
import { fastestPlan } from "./plan/plan-choice.js";
import { Relay } from "./relay.js";
import type { RootPlan } from "./root-plan.js";
import type { PeerResult } from "./step.js";
import { Content } from "./transfer/content.js";
import { Production } from "./transfer/production.js";
import { SlowParents } from "./tree/slow-parents.js";

/** The phases of a session, in order, as the root sees them. */
export type Phase = "inviting" | "introducing" | "forming" | "sending" | "lingering" | "ended";

/**
 * The machine of the sending peer: invites, numbers the joined peers and introduces them to their
 * neighbours, starts the tree check, waits until the tree spans, produces the chunks, lets in who
 * comes late, and ends the session when every peer is complete or given up.
 */
export class Root {
  readonly #context: Context;
  readonly #plan: RootPlan;
  readonly #relay: Relay;
  readonly #inviter: Inviter;
  readonly #invitation: Invitation;
  readonly #content: Content;
  readonly #production: Production;
  readonly #latecomers: Latecomers;
  readonly #accusations: Accusations;
  readonly #slowParents: SlowParents;
  #introduction: Introduction | undefined;
  #assignment: Assignment | undefined;
  #verdicts: Verdicts | undefined;
  #phase: Phase = "inviting";
  #formedBy: number | undefined;
  #farewell: Farewell | undefined;
  readonly #due = new Due(() => this.#nextDeadline());

  constructor(context: Context, plan: RootPlan) {
    this.#context = context;
    this.#plan = plan;
    const { session, invite } = plan;
    this.#relay = new Relay(context, { ...invite, session, rootId: context.id });
    this.#inviter = new Inviter(context, invite);
    this.#invitation = new Invitation(context, this.#inviter, { ...plan, ...invite });
    this.#content = new Content(plan.sizes, invite.chunkSizeBytes, context.options);
    this.#production = new Production(context, this.#content, session);
    this.#accusations = new Accusations(context, (number) => this.#introduction?.addressOf(number));
    this.#slowParents = new SlowParents(context);
    this.#latecomers = new Latecomers(context, this.#inviter, {
      onAbsent: ({ address, code, message }) => this.#verdicts?.absent(address, code, message),
      missing: () => this.#verdicts?.missing ?? [],
      hasFailed: (number) => this.#verdicts?.hasFailed(number) === true,
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
    return this.#verdicts?.results ?? [];
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
        return this.#invitation.deadline();
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
    due = earlier(due, this.#introduction?.deadline());
    due = earlier(due, this.#latecomers.deadline());
    due = earlier(due, this.#assignment?.deadline());
    due = earlier(due, this.#slowParents.deadline());
    return earlier(due, this.#verdicts?.deadline());
  }

  #dispatch(event: PeerEvent): void {
    switch (event.type) {
      case "start":
        this.#verdicts = new Verdicts(this.#context, {
          session: this.#plan.session,
          timeoutMs: this.#plan.invite.timeoutMs,
          extent: this.#content,
          startedAt: this.#context.now,
        });
        return this.#invitation.start();
      case "peers-added":
        return this.#door.add(event.addresses);
      case "datagram-received":
        return this.#onDatagram(event.from, event.datagram.sender, event.datagram.message);
      case "connection-opened":
        return this.#relay.onConnectionOpened(event.connection);
      case "connection-closed":
        return this.#relay.onConnectionClosed(event.connection, event.error);
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
    else if (message.type === "knock") this.#latecomers.onKnock(from, sender);
    else if (message.type === "challenge") this.#inviter.onChallenge(from, message.cookie);
    else if (message.type === "join") this.#door.onJoin(from, sender);
    else if (message.type === "decline") this.#door.onDecline(from, message.reason, message.detail);
    else {
      const number = this.#introduction?.numberOf(sender);
      if (number !== undefined) this.#onReceiver(number, from, message);
      const orphan = message.type === "orphan" ? this.#introduction?.present(sender) : undefined;
      if (orphan !== undefined) this.#relay.meet(orphan);
      this.#relay.onControl(from, sender, message);
    }
  }

  /** What receivers say to the root only. */
  #onReceiver(number: number, from: Address, message: ControlMessage): void {
    switch (message.type) {
      case "neighbours-ack":
        return this.#introduction?.onAck(number, message.revision, from);
      case "plan-ack":
        return this.#assignment?.onAck(number, message.revision);
      case "trouble":
        return this.#assignment?.onTrouble(number, message);
      case "blame":
        return this.#onBlame(number, message.number, message.code, message.detail);
      case "leave":
        return this.#verdicts?.onLeave(number, message.code, message.detail);
      default:
        return;
    }
  }

  #onBlame(from: number, number: number, code: string, message: string): void {
    const isNew = this.#accusations.note(from, number, code, message);
    if (isNew) this.#assignment?.onBlame(from, number, this.#accusations.countOf(number));
  }

  /** A latecomer knows its neighbours: it takes part like everybody else. */
  #takeIn(peer: PeerInfo): void {
    const { number, address } = peer;
    this.#context.emit({ type: "report-step", step: { type: "joined", address, isLate: true } });
    this.#context.emit({
      type: "report-step",
      step: { type: "numbered", peers: [{ number, address }] },
    });
    this.#verdicts?.expect(peer);
    this.#relay.meet(peer);
    for (const own of this.#introduction?.neighboursOf(0) ?? []) this.#relay.meet(own);
    this.#assignment?.append(peer);
  }

  /** Where peers come in. */
  get #door(): Invitation | Latecomers {
    return this.#phase === "inviting" ? this.#invitation : this.#latecomers;
  }

  #onFrame(connection: ConnectionId, frame: Frame): void {
    const relay = this.#relay;
    const number = relay.neighbourOf(connection);
    if (number === undefined) return relay.onGreeting(connection, frame);
    relay.heard(number);
    const fault = relay.onFrameFromBelow(connection, number, frame);
    if (fault === undefined && frame.type === "progress")
      for (const entry of frame.entries) this.#verdicts?.onProgress(entry);
    if (fault === undefined && frame.type === "report") this.#verdicts?.onReport(frame);
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
    if (this.#phase === "sending") this.#latecomers.letIn(this.#verdicts?.isDecided === true);
    this.#passFactsOn();
    const isDecided = this.#verdicts?.isDecided === true && this.#latecomers.isSettled;
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
        return this.#latecomers.onLost(fact.address);
      case "concluded":
        if (fact.isComplete) return;
        this.#introduction?.forget(fact.number);
        return this.#assignment?.remove(fact.number);
      case "stream-resumed":
        return this.#verdicts?.excuse(fact.chunksBefore);
      case "misbehaved":
        return this.#onBlame(0, fact.number, fact.code, fact.message);
      case "trouble-seen":
        return this.#assignment?.onTrouble(0, fact.trouble);
      case "child-gained":
      case "sink-gained":
      case "chunk-held":
        return this.#produce();
      default:
        return;
    }
  }

  /** Number the joined peers, and let each know its neighbours in the hypercube. */
  #introduce(): void {
    const { joined, absent, shortage } = this.#invitation;
    for (const { address, code, message } of absent) this.#verdicts?.absent(address, code, message);
    if (shortage !== undefined) {
      for (const { address } of joined) this.#verdicts?.absent(address, "no-peers", shortage);
      return this.#abort("no-peers", shortage);
    }
    const { id } = this.#context;
    const peers = numbered(joined, { number: 0, id, address: this.#plan.address });
    for (const peer of peers.slice(1)) this.#verdicts?.expect(peer);
    this.#phase = "introducing";
    const mostWaitMs = this.#patience(this.#context.options.neighboursTimeoutMs);
    this.#introduction = new Introduction(this.#context, peers, mostWaitMs);
    this.#relay.list(this.#introduction.neighboursOf(0));
    this.#latecomers.open(this.#introduction);
    this.#introduction.start();
    this.#context.emit({
      type: "report-step",
      step: { type: "numbered", peers: peers.map(({ number, address }) => ({ number, address })) },
    });
  }

  /** While some are waited for, the others stand still, and must not take the root for dead. */
  #patience(milliseconds: number): number {
    return Math.min(milliseconds, this.#plan.invite.timeoutMs / 4);
  }

  /** Every neighbour list is in force: send the first tree checks. */
  #form(): void {
    for (const { number, address } of this.#introduction?.silent ?? [])
      this.#verdicts?.giveUp(number, "not-answering", `${address} joined and then went silent`);
    this.#phase = "forming";
    const mostWaitMs = this.#patience(this.#context.options.formationTimeoutMs);
    this.#formedBy = this.#context.now + mostWaitMs;
    this.#relay.tree.start();
    if (this.#plan.invite.strategy === "pipeline") this.#assign();
  }

  /** Everybody knows its neighbours: give each its place in the plan that is fastest for so many. */
  #assign(): void {
    const peers = this.#introduction?.acknowledged ?? [];
    const peerCount = peers.length;
    if (peerCount < 2) return;
    const kind = this.#plan.planKind ?? fastestPlan(peerCount, this.#content);
    this.#context.emit({ type: "report-step", step: { type: "planned", kind, peerCount } });
    this.#assignment = new Assignment(this.#context, kind, peers, (sinks) =>
      this.#relay.feed(sinks),
    );
    this.#assignment.start();
  }

  /** Readiness is counted up the tree: the root's own subtree is everybody who hangs in it. */
  #checkSpan(): void {
    const expected = 1 + (this.#verdicts?.undecidedCount ?? 0);
    const isLate = this.#formedBy !== undefined && this.#context.now >= this.#formedBy;
    const peerCount = this.#relay.tree.subtreeSize;
    if (peerCount < expected && !isLate) return;
    this.#phase = "sending";
    this.#formedBy = undefined;
    this.#context.emit({ type: "report-step", step: { type: "tree-formed", peerCount } });
    this.#relay.distribution.open(this.#plan.manifest, this.#content);
    this.#slowParents.start(this.#plan.invite);
    this.#produce();
  }

  #produce(): void {
    if (this.#phase === "sending") this.#production.advance(this.#relay.distribution.leadingCursor);
  }

  #abort(code: string, message: string): void {
    for (const { number } of this.#verdicts?.undecided ?? [])
      this.#verdicts?.giveUp(number, code, message);
    this.#finish({ code, message });
  }

  #finish(error?: { readonly code: string; readonly message: string }): void {
    if (this.#phase === "lingering" || this.#phase === "ended") return;
    this.#relay.finish();
    const how = error === undefined ? {} : { error };
    this.#context.emit({ type: "report-step", step: { type: "ended", ...how } });
    this.#phase = "lingering";
    const known = this.#introduction?.receivers ?? this.#invitation.joined;
    this.#farewell = new Farewell(this.#context, [...known, ...this.#latecomers.waiting]);
  }

  #end(): void {
    if (this.#phase === "ended") return;
    this.#phase = "ended";
    this.#context.emit({ type: "end" });
  }

  #onTick(): void {
    switch (this.#phase) {
      case "inviting":
        return this.#invitation.onTick();
      case "lingering":
        return this.#farewell?.onTick();
      default:
        this.#introduction?.onTick();
        this.#latecomers.onTick();
        this.#relay.onTick();
        this.#assignment?.onTick();
        this.#assignment?.review(this.#relay.distribution.flows, this.#content.expectedBytes);
        this.#slowParents.onTick(() => ({
          standings: this.#verdicts?.standings ?? [],
          flows: this.#relay.distribution.flows,
          extent: this.#content,
        }));
        this.#verdicts?.onTick();
    }
  }
}
