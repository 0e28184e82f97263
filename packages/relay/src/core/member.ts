import {
  type Address,
  type ControlMessage,
  type Decline,
  type Frame,
  type Invite,
  type PalmTreeError,
  type PeerId,
  type PeerInfo,
  type SessionId,
  truncateUtf8,
  wireLimits,
} from "@palmtree/wire";
import { Accuser } from "./blame/accuser.js";
import { Outcome, whyGivenUp } from "./completion/outcome.js";
import { OwnProgress } from "./completion/own-progress.js";
import { type Context, earlier } from "./context.js";
import { Due } from "./due.js";
import type { Effect } from "./effect.js";
import type { ConnectionId, PeerEvent } from "./event.js";
import { Instructions } from "./hypercube/instructions.js";
import { Relay } from "./relay.js";
import { type Taker, takeFromAbove } from "./take-from-above.js";
import { Intake } from "./transfer/intake.js";
import { everyChunk, noChunk } from "./transfer/stripes.js";
import { ParentWatch } from "./tree/parent-watch.js";

/** How a receiver was invited. */
export interface Invitation {
  readonly session: SessionId;
  readonly rootAddress: Address;
  readonly rootId: PeerId;
  readonly invite: Invite;
}

/**
 * The machine of a receiving peer: joins, learns its neighbours, takes its place in the tree,
 * takes chunks in and passes them on, lands the whole, reports, and stays as a source until the
 * root ends the session.
 */
export class Member {
  readonly #context: Context;
  readonly #invitation: Invitation;
  readonly #root: PeerInfo;
  readonly #relay: Relay;
  readonly #intake: Intake;
  readonly #instructions: Instructions;
  #parentConnection: ConnectionId | undefined;
  readonly #outcome: Outcome;
  readonly #accuser: Accuser;
  readonly #parentWatch: ParentWatch;
  readonly #progress: OwnProgress;
  readonly #taker: Taker;
  #hasEnded = false;
  readonly #due = new Due(() => this.#nextDeadline());

  constructor(context: Context, invitation: Invitation) {
    const { session, invite } = invitation;
    this.#context = context;
    this.#invitation = invitation;
    this.#root = { number: 0, id: invitation.rootId, address: invitation.rootAddress };
    this.#outcome = new Outcome(context, session);
    this.#accuser = new Accuser(context, (message) => this.#sendToRoot(message));
    this.#relay = new Relay(context, { ...invite, session, rootId: invitation.rootId });
    this.#parentWatch = new ParentWatch(context, this.#relay, invite);
    this.#instructions = new Instructions(
      this.#relay,
      (message) => this.#sendToRoot(message),
      () => this.#progress.move(),
    );
    this.#intake = new Intake(context, { ...invite, session }, (number) =>
      this.#relay.heard(number),
    );
    this.#progress = new OwnProgress(context, this.#relay, {
      timeoutMs: invite.timeoutMs,
      chunksHeld: () => this.#intake.content?.held.count ?? 0,
    });
    this.#taker = {
      context,
      relay: this.#relay,
      intake: this.#intake,
      outcome: this.#outcome,
      progress: this.#progress,
      parentWatch: this.#parentWatch,
    };
  }

  /** This peer's number; 0 until the root has given it one. */
  get number(): number {
    return this.#relay.self.number;
  }

  /** @internal for the simulator, which watches the tree, and for who is dialled */
  get relay(): Relay {
    return this.#relay;
  }

  /** @internal for who counts what came in, and came twice */
  get intake(): Intake {
    return this.#intake;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Take an event in and say what is to be done. Never throws, whatever a peer sent. */
  handle(event: PeerEvent, now: number): readonly Effect[] {
    if (this.#hasEnded) return [];
    this.#relay.setTime(now, this.#due.said);
    if (this.#outcome.start()) this.#progress.move();
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
    if (this.#hasEnded) return undefined;
    let due = earlier(this.#progress.deadline(), this.#relay.deadline());
    due = earlier(due, this.#intake.deadline());
    due = earlier(due, this.#accuser.deadline());
    return earlier(due, this.#parentWatch.deadline());
  }

  #dispatch(event: PeerEvent): void {
    switch (event.type) {
      case "datagram-received":
        return this.#onDatagram(event.from, event.datagram.sender, event.datagram.message);
      case "connection-opened":
        return this.#relay.connections.onOpened(event.connection);
      case "connection-closed":
        return this.#relay.connections.onClosed(event.connection, event.error);
      case "frame-received":
        return this.#onFrame(event.connection, event.frame);
      case "chunk-sent":
        // Without a root nobody says that all are complete: as long as one takes chunks, it stays.
        if (this.#outcome.status === "complete") this.#progress.move();
        return this.#relay.distribution.onChunkSent(event.connection, event.index);
      case "chunk-verified":
        return this.#onVerified(event);
      case "chunk-stored":
        return this.#intake.onStored(event.index);
      case "chunk-loaded":
        return this.#relay.distribution.onChunkLoaded(event.index, event.payload);
      case "leftover-checked":
        return this.#intake.onLeftoverChecked(event.index, event.isIntact);
      case "manifest-opened": {
        const content = this.#intake.onManifestOpened(event.sizes, event.leftovers);
        this.#progress.isBusy = false;
        this.#moved();
        this.#relay.distribution.open(this.#intake.manifest as Uint8Array, content);
        return;
      }
      case "landed":
        return this.#conclude("complete", "", "");
      case "failed":
        return this.#fail(event.error);
      case "stop":
        return this.#fail({ code: "aborted", message: event.detail });
      case "tick":
        return this.#onTick();
      default:
        return;
    }
  }

  #onDatagram(from: Address, sender: PeerId, message: ControlMessage): void {
    const isRoot = sender === this.#root.id;
    const number = this.#relay.neighbourhood.numberOf(sender);
    if (!isRoot && !this.#relay.listensTo(sender, number, message)) return;
    if (isRoot && message.type === "invite") this.#onInvite();
    else if (isRoot && message.type === "ended") this.#onFinish();
    else if (isRoot && message.type === "decline") this.#onGivenUp(message);
    else if (!isRoot || !this.#instructions.onMessage(message))
      this.#relay.onControl(from, sender, message);
  }

  /** Repeated until we are heard, and now and then while the root waits for others. */
  #onInvite(): void {
    if (!this.#instructions.isNumbered) this.#progress.move();
    this.#sendToRoot({ type: "join" });
    const standing = this.#instructions.isNumbered ? this.#progress.answer() : undefined;
    if (standing !== undefined) this.#sendToRoot(standing);
    this.#parentWatch.onRecall(this.#progress.toldAt, this.#outcome.status !== undefined);
  }

  #onFrame(connection: ConnectionId, frame: Frame): void {
    const relay = this.#relay;
    const number = relay.connections.neighbourOf(connection);
    if (number === undefined) return relay.connections.onGreeting(connection, frame);
    relay.heard(number);
    if (frame.type === "holds") this.#parentWatch.onManifestElsewhere();
    const fault = relay.isFromAbove(connection, number)
      ? takeFromAbove(this.#taker, { connection, number }, frame)
      : relay.onFrameFromBelow(connection, number, frame);
    if (fault === undefined) return;
    this.#context.tell({ type: "misbehaved", number, code: "protocol-violation", message: fault });
  }

  #onVerified(event: Extract<PeerEvent, { type: "chunk-verified" }>): void {
    const fault = this.#intake.onVerified(event.index, event.payload, event.isIntact);
    if (fault === undefined) return;
    const number = this.#relay.connections.neighbourOf(event.connection);
    if (number !== undefined)
      this.#context.tell({ type: "misbehaved", number, code: "chunk-corrupt", message: fault });
  }

  /** Facts are passed on until none is left; each may lead to others. */
  #settle(): void {
    while (!this.#hasEnded) {
      const fact = this.#context.nextFact();
      if (fact === undefined) return;
      this.#relay.onFact(fact);
      if (fact.type === "parent-gained") {
        this.#onParentGained(fact.number);
        this.#moved();
        const step = { type: "attached", number: this.number, parent: fact.number } as const;
        this.#context.emit({ type: "report-step", step });
      } else if (fact.type === "parent-lost") {
        this.#parentWatch.onParent(undefined);
        // Those that are not complete may need this peer now; they have all the time that others have.
        if (this.#outcome.status === "complete") this.#progress.move();
        if (this.#parentConnection !== undefined) this.#intake.removeInlet(this.#parentConnection);
        const step = { type: "detached", number: this.number } as const;
        this.#context.emit({ type: "report-step", step });
      } else if (fact.type === "source-gained") {
        this.#intake.setInlet(fact.number, fact.connection, fact.stripes);
      } else if (fact.type === "source-lost") this.#intake.removeInlet(fact.connection);
      else if (fact.type === "chunk-held") this.#moved();
      else if (fact.type === "trouble-seen") this.#sendToRoot(fact.trouble);
      else if (fact.type === "misbehaved")
        this.#accuser.accuse(fact.number, fact.code, fact.message);
      else if (fact.type === "neighbour-replaced") this.#accuser.forget(fact.number);
      else if (fact.type === "root-wanted") this.#relay.acquaintances.meet(this.#root);
      else if (fact.type === "help-wanted") this.#relay.feeds.seekHelp();
      else if (fact.type === "all-stored") this.#land();
      else if (fact.type === "finish-received") this.#onFinish();
    }
  }

  /** In the pipeline chunks come over feeds; the parent gives what is asked for by itself. */
  #onParentGained(number: number): void {
    this.#parentWatch.onParent(number);
    this.#intake.restartManifest();
    this.#parentConnection = this.#relay.links.connectionOf(number);
    if (this.#parentConnection === undefined) return;
    const isTree = this.#invitation.invite.strategy === "tree";
    if (isTree) this.#relay.feeds.dismissHelp();
    this.#intake.setInlet(number, this.#parentConnection, isTree ? everyChunk : noChunk);
  }

  #moved(): void {
    this.#progress.move();
    this.#parentWatch.onGift();
    this.#relay.feeds.onProgress();
    this.#progress.tell();
  }

  #land(): void {
    const content = this.#intake.content;
    if (content?.sessionHash === undefined) return;
    this.#progress.isBusy = true;
    this.#progress.tell();
    this.#context.emit({
      type: "land",
      pages: content.pages.all(),
      sessionHash: content.sessionHash,
    });
  }

  #conclude(status: "complete" | "failed", code: string, detail: string): void {
    const { number } = this;
    const { bytes } = this.#intake.tally;
    const { links } = this.#relay.meter;
    const report = this.#outcome.conclude(status, { number, bytes, code, detail, links });
    if (report === undefined) return;
    this.#progress.isBusy = false;
    this.#progress.move();
    this.#relay.summary.conclude(report);
  }

  #fail({ code, message }: Pick<PalmTreeError, "code" | "message">): void {
    if (this.#hasEnded) return;
    this.#conclude("failed", code, message);
    // What has landed stays landed, whatever goes wrong while serving others.
    const isComplete = this.#outcome.status === "complete";
    // The root is told directly too: a link that ends may take the report with it.
    const detail = truncateUtf8(message, wireLimits.detailBytes);
    this.#sendToRoot({ type: "leave", code: isComplete ? "" : code, detail });
    this.#relay.tree.leave();
    this.#relay.endLinks();
    this.#end(isComplete ? undefined : { code, message });
  }

  #onFinish(): void {
    if (this.#hasEnded) return;
    const isComplete = this.#outcome.status === "complete";
    this.#sendToRoot({ type: "leave", code: isComplete ? "" : "left", detail: "" });
    this.#relay.finish();
    if (isComplete) return this.#end(undefined);
    this.#end({ code: "left", message: "the root ended the session before all had arrived here" });
  }

  #end(error: { readonly code: string; readonly message: string } | undefined): void {
    this.#hasEnded = true;
    const end = error === undefined ? {} : { error };
    this.#context.emit({ type: "report-step", step: { type: "ended", ...end } });
    this.#context.emit({ type: "end" });
  }

  #onTick(): void {
    // Asks over connections that are there; some may end in what comes next.
    this.#intake.onTick();
    this.#accuser.onTick();
    const isAwaiting = this.#outcome.status === undefined && !this.#progress.isBusy;
    this.#parentWatch.onTick(isAwaiting ? this.#intake : undefined);
    this.#relay.onTick(this.#intake);
    this.#progress.onTick();
    if (this.#progress.isTooStill) this.#giveUp(this.#invitation.invite.timeoutMs);
  }

  #giveUp(timeoutMs: number): void {
    // Attached means that the root lives, and waits, or will give up whoever holds up the rest.
    const mayWait = this.#outcome.status === "complete" || this.#intake.content?.isOpen === true;
    if (mayWait && this.#relay.tree.parent !== undefined) {
      this.#progress.move();
      return;
    }
    this.#fail(whyGivenUp(this.#relay.tree.parent !== undefined, timeoutMs));
  }

  /** The session goes on without this peer. Knocks are declined for other reasons. */
  #onGivenUp({ reason, detail }: Decline): void {
    const message = `the root has given this peer up: ${detail}`;
    if (reason === "refused" && this.#instructions.isNumbered)
      this.#fail({ code: "timed-out", message });
  }

  #sendToRoot(message: ControlMessage): void {
    this.#context.send(this.#root, message);
  }
}
