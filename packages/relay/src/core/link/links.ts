import type { LinkEvent } from "@palmtree/transport/core";
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
import { type LinkSurroundings, NeighbourLink } from "./neighbour-link.js";
import { Renewals } from "./renewals.js";

/** What this peer says of itself in a hello, beside its id. */
export interface Self {
  readonly session: SessionId;
  /** This peer's number, once the root has given it one. */
  number: number;
  hasManifest: boolean;
}

/**
 * The links of one role to all neighbours ({@link NeighbourLink}), found by the neighbour's number or
 * by the connection. The peer that asks for an upgrade dials, and becomes the other's child in the
 * tree, or the sink of a feed.
 */
export class Links {
  readonly #context: Context;
  readonly #neighbourhood: Neighbourhood;
  readonly #links = new Map<number, NeighbourLink>();
  readonly #ofConnection = new Map<ConnectionId, NeighbourLink>();
  readonly #renewals: Renewals;
  readonly #surroundings: LinkSurroundings;
  /** No link has anything to do before that time; early when a neighbour was heard meanwhile. */
  #dueAt = Number.POSITIVE_INFINITY;

  /** @param role this peer's own on these links: `sink` asks for feeds, `source` is asked */
  constructor(context: Context, neighbourhood: Neighbourhood, self: Self, role: LinkRole) {
    this.#context = context;
    this.#neighbourhood = neighbourhood;
    this.#renewals = new Renewals(context);
    this.#surroundings = {
      context,
      neighbourhood,
      self,
      role,
      renewals: this.#renewals,
      ofConnection: this.#ofConnection,
    };
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
    const link = this.#links.get(number);
    if (link === undefined) return;
    link.downgrade(reason);
    this.#noteDue(link);
  }

  /** Every link ends; connections are flushed and closed. */
  closeAll(): void {
    for (const number of [...this.#links.keys()]) this.#handle(number, { type: "close" });
  }

  /** Whether the connection is, or is to become, that of one of these links. */
  owns(connection: ConnectionId): boolean {
    return this.#ofConnection.has(connection);
  }

  onConnectionOpened(connection: ConnectionId): void {
    const link = this.#ofConnection.get(connection);
    if (link === undefined) return;
    link.handle({ type: "dial-opened" });
    this.#noteDue(link);
  }

  onConnectionClosed(connection: ConnectionId): void {
    const link = this.#ofConnection.get(connection);
    if (link === undefined) return;
    link.onConnectionClosed();
    this.#noteDue(link);
  }

  /** Whether that peer may dial this one with that token: an offer of ours to it stands. */
  isExpected(peer: PeerId, token: string): boolean {
    const number = this.#neighbourhood.numberOf(peer);
    return number !== undefined && this.#links.get(number)?.isOffered(token) === true;
  }

  /** The first frame on an accepted connection: does it answer an offer of ours? */
  onHello(connection: ConnectionId, hello: Hello): void {
    const link = this.#links.get(hello.number);
    const isOffered =
      link?.isOffered(hello.token) === true &&
      this.#neighbourhood.get(hello.number)?.id === hello.peer;
    if (link === undefined || !isOffered) {
      this.#context.emit({ type: "close-connection", connection });
      return;
    }
    link.onHello(connection, hello.hasManifest);
    this.#noteDue(link);
  }

  /** The first frame on a dialled connection. */
  onWelcome(connection: ConnectionId, id: PeerId): void {
    const link = this.#ofConnection.get(connection);
    if (link === undefined) return;
    link.onWelcome(id);
    this.#noteDue(link);
  }

  /** The neighbour at the other end of an active link's connection. */
  activeNumberOf(connection: ConnectionId): number | undefined {
    const link = this.#ofConnection.get(connection);
    return link?.isActive === true ? link.number : undefined;
  }

  isActive(number: number): boolean {
    return this.#links.get(number)?.isActive ?? false;
  }

  /** Whether the link to this neighbour is active or being upgraded. */
  isUsed(number: number): boolean {
    return this.#links.get(number)?.isUsed ?? false;
  }

  /** Whether the child that dialled this peer said that it has the manifest. */
  hasManifest(number: number): boolean {
    return this.#links.get(number)?.hasManifest ?? false;
  }

  connectionOf(number: number): ConnectionId | undefined {
    return this.#links.get(number)?.connection;
  }

  /** Send a frame over the active link to a neighbour; without one it is dropped. */
  send(number: number, frame: Frame): void {
    this.#links.get(number)?.send(frame);
  }

  /** Something came from this neighbour, over either link. */
  heard(number: number): void {
    this.#links.get(number)?.heard();
  }

  /** This machine stood still for so long: that it heard nothing then proves nothing about others. */
  forgive(lateMs: number): void {
    for (const link of this.#links.values()) link.forgive(lateMs);
  }

  /** Retries and expiries of upgrades, `alive` on idle links, and silent neighbours. */
  onTick(): void {
    if (this.#dueAt > this.#context.now) return;
    this.#dueAt = Number.POSITIVE_INFINITY;
    for (const link of this.#links.values()) {
      link.onTick();
      this.#noteDue(link);
    }
  }

  deadline(): number | undefined {
    return Number.isFinite(this.#dueAt) ? this.#dueAt : undefined;
  }

  #noteDue({ dueAt }: NeighbourLink): void {
    this.#dueAt = Math.min(this.#dueAt, dueAt);
  }

  #handle(number: number, event: LinkEvent): void {
    let link = this.#links.get(number);
    if (link === undefined) {
      link = new NeighbourLink(number, this.#surroundings);
      this.#links.set(number, link);
    }
    link.handle(event);
    this.#noteDue(link);
  }
}
