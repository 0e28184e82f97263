import { Link, type LinkAction, type LinkEvent } from "@palmtree/transport/core";
import type {
  ControlMessage,
  DowngradeReason,
  Frame,
  Hello,
  LinkRole,
  PeerId,
} from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import type { Neighbourhood } from "../hypercube/neighbourhood.js";
import { Liveness } from "./liveness.js";
import type { Renewals } from "./renewals.js";

/** What the links of one role have in common. */
export interface LinkSurroundings {
  readonly context: Context;
  readonly neighbourhood: Neighbourhood;
  /** What this peer says of itself in a hello, beside its id. */
  readonly self: Readonly<Pick<Hello, "session" | "number" | "hasManifest">>;
  readonly role: LinkRole;
  readonly renewals: Renewals;
  /** Which link each connection is of, or is to become that of. */
  readonly ofConnection: Map<ConnectionId, NeighbourLink>;
}

/**
 * The link to one neighbour: runs the state table of `@palmtree/transport`, and turns its actions
 * into datagrams, connections and frames.
 */
export class NeighbourLink {
  readonly number: number;
  readonly #around: LinkSurroundings;
  readonly #context: Context;
  readonly #link: Link;
  readonly #liveness: Liveness;
  #connection: ConnectionId | undefined;
  #hasManifest = false;

  constructor(number: number, around: LinkSurroundings) {
    this.number = number;
    this.#around = around;
    this.#context = around.context;
    const { upgradeRetryMs, upgradeTimeoutMs } = around.context.options;
    this.#link = new Link({ upgradeRetryMs, upgradeTimeoutMs });
    this.#liveness = new Liveness(around.context);
  }

  get isActive(): boolean {
    return this.#link.state === "active";
  }

  /** Whether it is active or being upgraded. */
  get isUsed(): boolean {
    return this.#link.state !== "passive" && this.#link.state !== "closed";
  }

  /** Whether the child that dialled this peer said that it has the manifest. */
  get hasManifest(): boolean {
    return this.#hasManifest;
  }

  /** That of the active link. */
  get connection(): ConnectionId | undefined {
    return this.isActive ? this.#connection : undefined;
  }

  handle(event: LinkEvent): void {
    for (const action of this.#link.handle(event, this.#context.now)) this.#perform(action);
  }

  downgrade(reason: DowngradeReason): void {
    // What is queued for who does not read would be kept until TCP gives up.
    if (reason === "silent") this.#endConnection("drop-connection");
    this.handle({ type: "downgrade", reason });
  }

  onConnectionClosed(): void {
    this.#forgetConnection();
    this.handle({ type: this.#link.state === "dialling" ? "dial-failed" : "connection-lost" });
  }

  /** Whether an offer of this peer's stands, with that token. */
  isOffered(token: string): boolean {
    return this.#link.offeredToken === token;
  }

  /** The neighbour has dialled as it was offered. */
  onHello(connection: ConnectionId, hasManifest: boolean): void {
    this.#setConnection(connection);
    this.#hasManifest = hasManifest;
    this.handle({ type: "hello-received" });
  }

  /** The first frame on the connection that this peer dialled. */
  onWelcome(id: PeerId): void {
    const isExpected = this.#around.neighbourhood.get(this.number)?.id === id;
    this.handle(
      isExpected ? { type: "welcome-received" } : { type: "downgrade", reason: "protocol" },
    );
  }

  /** Something came from the neighbour, over either link. */
  heard(): void {
    this.#liveness.onHeard();
  }

  /** This machine stood still for so long. */
  forgive(lateMs: number): void {
    this.#liveness.forgive(lateMs);
  }

  /** Send a frame over the active link; without one it is dropped. */
  send(frame: Frame): void {
    if (this.connection === undefined) return;
    this.#liveness.onSent();
    this.#sendFrame(frame);
  }

  /** Retries and expiries of upgrades, `alive` when it is idle, and a silent neighbour. */
  onTick(): void {
    const deadline = this.#link.deadline();
    if (deadline !== undefined && deadline <= this.#context.now) this.handle({ type: "tick" });
    if (this.isActive) this.#keepAlive();
  }

  /** When there is something to do; infinite where nothing is. */
  get dueAt(): number {
    const dueAt = this.#link.deadline() ?? Number.POSITIVE_INFINITY;
    return this.isActive ? Math.min(dueAt, this.#liveness.dueAt) : dueAt;
  }

  #keepAlive(): void {
    const state = this.#liveness.look();
    if (state === "lost") return this.downgrade("silent");
    if (state === "doubted") this.#context.tell({ type: "neighbour-doubted", number: this.number });
    if (this.#liveness.isAliveDue) this.send({ type: "alive" });
  }

  #perform(action: LinkAction): void {
    const { role } = this.#around;
    switch (action.type) {
      case "send-request":
        return this.#tell({ type: "upgrade-request", link: asAsker(role) });
      case "send-accept":
        return this.#tell({ type: "upgrade-accept", link: asAsked(role), token: action.token });
      case "send-reject":
        return this.#tell({ type: "upgrade-reject", link: asAsked(role), reason: action.reason });
      case "send-downgrade":
        return this.#tell({ type: "downgrade", link: role, reason: action.reason });
      case "dial":
        return this.#dial(action.token);
      case "send-hello":
        return this.#sendHello(action.token);
      case "send-welcome":
        return this.#sendFrame({ type: "welcome", peer: this.#context.id });
      case "close-connection":
      case "refuse-hello":
        return this.#endConnection("close-connection");
      case "report-active":
        return this.#reportActive(action.direction === "dialled");
      case "report-passive":
        return this.#context.tell({ type: "link-passive", role, number: this.number });
    }
  }

  #tell(message: ControlMessage): void {
    const to = this.#around.neighbourhood.get(this.number);
    if (to !== undefined) this.#context.send(to, message);
  }

  #dial(token: string): void {
    const peer = this.#around.neighbourhood.get(this.number);
    if (peer === undefined) return;
    const connection = this.#context.nextConnection();
    this.#setConnection(connection);
    this.#context.emit({ type: "dial", connection, to: peer.address, peer: peer.id, token });
  }

  #sendHello(token: string): void {
    const { self, role } = this.#around;
    const { session, number, hasManifest } = self;
    this.#sendFrame({
      type: "hello",
      session,
      peer: this.#context.id,
      number,
      link: asAsker(role),
      token,
      hasManifest,
    });
  }

  #sendFrame(frame: Frame): void {
    const connection = this.#connection;
    if (connection !== undefined) this.#context.emit({ type: "send-frame", connection, frame });
  }

  #reportActive(isDialled: boolean): void {
    const { number } = this;
    const { role, renewals } = this.#around;
    this.#liveness.onHeard();
    this.#liveness.onSent();
    renewals.onActive(number);
    this.#context.tell({ type: "link-active", role, number, isDialled });
  }

  #setConnection(connection: ConnectionId): void {
    this.#connection = connection;
    this.#around.ofConnection.set(connection, this);
  }

  /** Flushed, or without what is still queued for it. */
  #endConnection(type: "close-connection" | "drop-connection"): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#forgetConnection();
    this.#context.emit({ type, connection });
  }

  #forgetConnection(): void {
    if (this.#connection !== undefined) this.#around.ofConnection.delete(this.#connection);
    this.#connection = undefined;
  }
}

/** A source never asks, and a sink is never asked: only the other word is ever sent. */
function asAsker(role: LinkRole): "tree" | "sink" {
  return role === "tree" ? "tree" : "sink";
}

function asAsked(role: LinkRole): "tree" | "source" {
  return role === "tree" ? "tree" : "source";
}
