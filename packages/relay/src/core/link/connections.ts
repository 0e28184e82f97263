import type { Frame, PalmTreeError, PeerId } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import type { Links } from "./links.js";

/** The links of a peer, by their role; a connection is of one of them. */
interface LinksOfRoles {
  readonly tree: Links;
  /** Feeds that this peer takes. */
  readonly sources: Links;
  /** Feeds that this peer gives. */
  readonly sinks: Links;
}

/** Which link each TCP connection belongs to, from its greeting to its end. */
export class Connections {
  readonly #context: Context;
  readonly #links: LinksOfRoles;
  readonly #all: readonly Links[];

  constructor(context: Context, links: LinksOfRoles) {
    this.#context = context;
    this.#links = links;
    this.#all = [links.tree, links.sources, links.sinks];
  }

  /** Whether that peer may dial this one with that token. */
  isExpected(peer: PeerId, token: string): boolean {
    return this.#all.some((links) => links.isExpected(peer, token));
  }

  /** Whom this connection joins to this peer; undefined while it is being greeted. */
  neighbourOf(connection: ConnectionId): number | undefined {
    const { tree, sources, sinks } = this.#links;
    // Asked for each frame, most of which come over feeds.
    const ofFeed = sources.activeNumberOf(connection) ?? sinks.activeNumberOf(connection);
    return ofFeed ?? tree.activeNumberOf(connection);
  }

  /** A frame on a connection that no link has yet: only the two that make one mean something. */
  onGreeting(connection: ConnectionId, frame: Frame): void {
    const { tree, sinks } = this.#links;
    if (frame.type === "hello") {
      const links = frame.link === "tree" ? tree : sinks;
      links.onHello(connection, frame);
    } else if (frame.type === "welcome")
      for (const links of this.#all) links.onWelcome(connection, frame.peer);
  }

  onOpened(connection: ConnectionId): void {
    for (const links of this.#all) links.onConnectionOpened(connection);
  }

  /** @param error - why, where the neighbour is to blame or the network is */
  onClosed(connection: ConnectionId, error: PalmTreeError | undefined): void {
    const number = this.neighbourOf(connection);
    if (number !== undefined && error?.code === "frame-malformed")
      this.#context.tell({ type: "misbehaved", number, code: error.code, message: error.message });
    for (const links of this.#all) links.onConnectionClosed(connection);
  }
}
