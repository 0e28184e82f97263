import { Link, type LinkAction, type LinkEvent } from "@palmtree/transport/core";
import type {
  ControlMessage,
  DowngradeReason,
  Frame,
  Hello,
  LinkRole,
  PeerId,
  SessionId,
  UpgradeRejectReason,
} from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import type { Neighbourhood } from "../hypercube/neighbourhood.js";
import { Renewals } from "./renewals.js";

interface NeighbourLink {
  readonly link: Link;
  connection: ConnectionId | undefined;
  /** What the child's hello said. */
  hasManifest: boolean;
  lastSentAt: number;
  lastHeardAt: number;
  /** When it is asked whether it is there, if nothing is heard before. */
  askAt: number;
  /** Questions since it was last heard. */
  unanswered: number;
}

/**
 * Silence after which a neighbour is asked, and the pause to the next question, as shares of the
 * limit.
 */
const doubtShare = 0.4;
const askAgainShare = 0.1;

/** Nobody is lost before so many questions were not answered. */
const leastQuestions = 4;

/** What this peer says of itself in a hello, beside its id. */
export interface Self {
  readonly session: SessionId;
  /** This peer's number, once the root has given it one. */
  number: number;
  hasManifest: boolean;
}

/**
 * The links of one role to all neighbours: runs the state table of `@palmtree/transport` for each
 * of them and turns its actions into datagrams, connections and frames. The peer that asks for an
 * upgrade dials, and becomes the other's child in the tree, or the sink of a feed.
 */
export class Links {
  readonly #context: Context;
  readonly #neighbourhood: Neighbourhood;
  readonly #self: Self;
  readonly #role: LinkRole;
  readonly #links = new Map<number, NeighbourLink>();
  readonly #numberOfConnection = new Map<ConnectionId, number>();
  readonly #renewals: Renewals;
  /** No link has anything to do before that time; early when a neighbour was heard meanwhile. */
  #dueAt = Number.POSITIVE_INFINITY;

  /** @param role this peer's own on these links: `sink` asks for feeds, `source` is asked */
  constructor(context: Context, neighbourhood: Neighbourhood, self: Self, role: LinkRole) {
    this.#role = role;
    this.#context = context;
    this.#neighbourhood = neighbourhood;
    this.#self = self;
    this.#renewals = new Renewals(context);
  }

  /** Ask a neighbour for an active link, over which it will be the parent or the source. */
  requestUpgrade(number: number): void {
    this.#handle(number, { type: "upgrade" });
  }

  /** Whether a neighbour asks for a connection that it has had too short to have lost it. */
  isTooFresh(number: number): boolean {
    return this.isActive(number) && this.#renewals.isTooSoon(number);
  }

  /** The neighbour that asked may be a child or a sink: offer it a connection. */
  acceptUpgrade(number: number): void {
    if (this.isActive(number)) this.#renewals.onRenewed(number);
    this.#handle(number, {
      type: "request-received",
      token: this.#context.cryptography.drawToken(),
    });
  }

  refuseUpgrade(number: number, reason: UpgradeRejectReason): void {
    this.#handle(number, { type: "request-refused", reason });
  }

  /** An answer to an upgrade request of ours, or the neighbour's own downgrade. */
  onAnswer(
    number: number,
    message: Extract<ControlMessage, { type: "upgrade-accept" | "upgrade-reject" | "downgrade" }>,
  ): void {
    if (message.type === "upgrade-accept")
      this.#handle(number, { type: "accept-received", token: message.token });
    else if (message.type === "upgrade-reject") this.#handle(number, { type: "reject-received" });
    else if (this.#links.has(number)) this.#handle(number, { type: "downgrade-received" });
  }

  /** Give an active link up, or an upgrade under way. */
  downgrade(number: number, reason: DowngradeReason): void {
    const entry = this.#links.get(number);
    if (entry === undefined) return;
    if (reason === "silent") this.#dropConnection(entry);
    this.#handle(number, { type: "downgrade", reason });
  }

  /** Every link ends; connections are flushed and closed. */
  closeAll(): void {
    for (const number of [...this.#links.keys()]) this.#handle(number, { type: "close" });
  }

  /** Whether the connection is, or is to become, that of one of these links. */
  owns(connection: ConnectionId): boolean {
    return this.#numberOfConnection.has(connection);
  }

  onConnectionOpened(connection: ConnectionId): void {
    const number = this.#numberOfConnection.get(connection);
    if (number !== undefined) this.#handle(number, { type: "dial-opened" });
  }

  onConnectionClosed(connection: ConnectionId): void {
    const number = this.#numberOfConnection.get(connection);
    if (number === undefined) return;
    const entry = this.#entry(number);
    this.#forgetConnection(entry);
    this.#handle(number, {
      type: entry.link.state === "dialling" ? "dial-failed" : "connection-lost",
    });
  }

  /** Whether that peer may dial this one with that token: an offer of ours to it stands. */
  isExpected(peer: PeerId, token: string): boolean {
    const number = this.#neighbourhood.numberOf(peer);
    return number !== undefined && this.#links.get(number)?.link.offeredToken === token;
  }

  /** The first frame on an accepted connection: does it answer an offer of ours? */
  onHello(connection: ConnectionId, hello: Hello): void {
    const entry = this.#links.get(hello.number);
    const isOffered =
      entry?.link.offeredToken === hello.token &&
      this.#neighbourhood.get(hello.number)?.id === hello.peer;
    if (entry === undefined || !isOffered) {
      this.#context.emit({ type: "close-connection", connection });
      return;
    }
    entry.connection = connection;
    entry.hasManifest = hello.hasManifest;
    this.#numberOfConnection.set(connection, hello.number);
    this.#handle(hello.number, { type: "hello-received" });
  }

  /** The first frame on a dialled connection. */
  onWelcome(connection: ConnectionId, id: PeerId): void {
    const number = this.#numberOfConnection.get(connection);
    if (number === undefined) return;
    const isExpected = this.#neighbourhood.get(number)?.id === id;
    this.#handle(
      number,
      isExpected ? { type: "welcome-received" } : { type: "downgrade", reason: "protocol" },
    );
  }

  /** The neighbour at the other end of an active link's connection. */
  activeNumberOf(connection: ConnectionId): number | undefined {
    const number = this.#numberOfConnection.get(connection);
    return number !== undefined && this.isActive(number) ? number : undefined;
  }

  isActive(number: number): boolean {
    return this.#links.get(number)?.link.state === "active";
  }

  /** Whether the link to this neighbour is active or being upgraded. */
  isUsed(number: number): boolean {
    const state = this.#links.get(number)?.link.state;
    return state !== undefined && state !== "passive" && state !== "closed";
  }

  /** Whether the child that dialled this peer said that it has the manifest. */
  hasManifest(number: number): boolean {
    return this.#links.get(number)?.hasManifest ?? false;
  }

  connectionOf(number: number): ConnectionId | undefined {
    return this.isActive(number) ? this.#links.get(number)?.connection : undefined;
  }

  /** Send a frame over the active link to a neighbour; without one it is dropped. */
  send(number: number, frame: Frame): void {
    const connection = this.connectionOf(number);
    if (connection === undefined) return;
    this.#entry(number).lastSentAt = this.#context.now;
    this.#context.emit({ type: "send-frame", connection, frame });
  }

  /** Something came from this neighbour, over either link. */
  heard(number: number): void {
    const entry = this.#links.get(number);
    if (entry !== undefined) this.#hear(entry);
  }

  /** This machine stood still for so long: that it heard nothing then proves nothing about others. */
  forgive(lateMs: number): void {
    const { now } = this.#context;
    for (const entry of this.#links.values()) {
      entry.lastHeardAt = Math.min(now, entry.lastHeardAt + lateMs);
      // Answers may wait to be read: nobody is lost before they had the time.
      entry.unanswered = 0;
    }
  }

  /** Retries and expiries of upgrades, `alive` on idle links, and silent neighbours. */
  onTick(): void {
    const { now } = this.#context;
    if (this.#dueAt > now) return;
    this.#dueAt = Number.POSITIVE_INFINITY;
    for (const [number, entry] of this.#links) {
      const deadline = entry.link.deadline();
      if (deadline !== undefined && deadline <= now) this.#handle(number, { type: "tick" });
      if (entry.link.state === "active") this.#keepAlive(number, entry);
      this.#noteDue(entry);
    }
  }

  /** Suspicion comes before death: who is silent is asked, and lost only if it answers nothing. */
  #keepAlive(number: number, entry: NeighbourLink): void {
    const { now, options } = this.#context;
    const { silentAfterMs, aliveIntervalMs } = options;
    if (entry.askAt <= now) {
      if (entry.lastHeardAt + silentAfterMs <= now && entry.unanswered >= leastQuestions)
        return this.downgrade(number, "silent");
      entry.unanswered += 1;
      entry.askAt = now + askAgainShare * silentAfterMs;
      this.#context.tell({ type: "neighbour-doubted", number });
    }
    if (entry.lastSentAt + aliveIntervalMs <= now) this.send(number, { type: "alive" });
  }

  #hear(entry: NeighbourLink): void {
    const { now, options } = this.#context;
    entry.lastHeardAt = now;
    entry.askAt = now + doubtShare * options.silentAfterMs;
    entry.unanswered = 0;
  }

  deadline(): number | undefined {
    return Number.isFinite(this.#dueAt) ? this.#dueAt : undefined;
  }

  #noteDue({ link, askAt, lastSentAt }: NeighbourLink): void {
    this.#dueAt = Math.min(this.#dueAt, link.deadline() ?? this.#dueAt);
    if (link.state !== "active") return;
    const { aliveIntervalMs } = this.#context.options;
    this.#dueAt = Math.min(this.#dueAt, askAt, lastSentAt + aliveIntervalMs);
  }

  #handle(number: number, event: LinkEvent): void {
    const entry = this.#entry(number);
    for (const action of entry.link.handle(event, this.#context.now))
      this.#perform(number, entry, action);
    this.#noteDue(entry);
  }

  #perform(number: number, entry: NeighbourLink, action: LinkAction): void {
    switch (action.type) {
      case "send-request":
        return this.#tell(number, { type: "upgrade-request", link: asAsker(this.#role) });
      case "send-accept": {
        const { token } = action;
        return this.#tell(number, { type: "upgrade-accept", link: asAsked(this.#role), token });
      }
      case "send-reject": {
        const { reason } = action;
        return this.#tell(number, { type: "upgrade-reject", link: asAsked(this.#role), reason });
      }
      case "send-downgrade":
        return this.#tell(number, { type: "downgrade", link: this.#role, reason: action.reason });
      case "dial":
        return this.#dial(number, entry, action.token);
      case "send-hello":
        return this.#sendHello(entry, action.token);
      case "send-welcome":
        return this.#sendFrame(entry, { type: "welcome", peer: this.#context.id });
      case "close-connection":
      case "refuse-hello":
        return this.#closeConnection(entry);
      case "report-active":
        return this.#reportActive(number, entry, action.direction === "dialled");
      case "report-passive":
        return this.#context.tell({ type: "link-passive", role: this.#role, number });
    }
  }

  #tell(number: number, message: ControlMessage): void {
    const to = this.#neighbourhood.get(number);
    if (to !== undefined) this.#context.send(to, message);
  }

  #dial(number: number, entry: NeighbourLink, token: string): void {
    const peer = this.#neighbourhood.get(number);
    if (peer === undefined) return;
    const connection = this.#context.nextConnection();
    entry.connection = connection;
    this.#numberOfConnection.set(connection, number);
    this.#context.emit({ type: "dial", connection, to: peer.address, peer: peer.id, token });
  }

  #sendHello(entry: NeighbourLink, token: string): void {
    const { session, number, hasManifest } = this.#self;
    this.#sendFrame(entry, {
      type: "hello",
      session,
      peer: this.#context.id,
      number,
      link: asAsker(this.#role),
      token,
      hasManifest,
    });
  }

  #sendFrame(entry: NeighbourLink, frame: Frame): void {
    if (entry.connection !== undefined)
      this.#context.emit({ type: "send-frame", connection: entry.connection, frame });
  }

  #reportActive(number: number, entry: NeighbourLink, isDialled: boolean): void {
    this.#hear(entry);
    entry.lastSentAt = this.#context.now;
    this.#renewals.onActive(number);
    this.#context.tell({ type: "link-active", role: this.#role, number, isDialled });
  }

  #closeConnection(entry: NeighbourLink): void {
    const { connection } = entry;
    if (connection === undefined) return;
    this.#forgetConnection(entry);
    this.#context.emit({ type: "close-connection", connection });
  }

  /** What is queued for who does not read would be kept until TCP gives up. */
  #dropConnection(entry: NeighbourLink): void {
    const { connection } = entry;
    if (connection === undefined) return;
    this.#forgetConnection(entry);
    this.#context.emit({ type: "drop-connection", connection });
  }

  #forgetConnection(entry: NeighbourLink): void {
    if (entry.connection !== undefined) this.#numberOfConnection.delete(entry.connection);
    entry.connection = undefined;
  }

  #entry(number: number): NeighbourLink {
    let entry = this.#links.get(number);
    if (entry === undefined) {
      const { upgradeRetryMs, upgradeTimeoutMs } = this.#context.options;
      entry = {
        link: new Link({ upgradeRetryMs, upgradeTimeoutMs }),
        connection: undefined,
        hasManifest: false,
        lastSentAt: 0,
        lastHeardAt: 0,
        askAt: 0,
        unanswered: 0,
      };
      this.#links.set(number, entry);
    }
    return entry;
  }
}

/** A source never asks, and a sink is never asked: only the other word is ever sent. */
function asAsker(role: LinkRole): "tree" | "sink" {
  return role === "tree" ? "tree" : "sink";
}

function asAsked(role: LinkRole): "tree" | "source" {
  return role === "tree" ? "tree" : "source";
}
