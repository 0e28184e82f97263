import type { Frame } from "@palmtree/wire";
import type { ConnectionId } from "./event.js";
import type { Relay } from "./relay.js";

/** The other end of a link: a child in the tree, or the sink of a feed. */
interface Below {
  readonly connection: ConnectionId;
  readonly number: number;
}

/**
 * Take a frame from a child or from a sink: what it holds and wants, and of a child also what it
 * tells of its subtree.
 *
 * @returns what is wrong with it, if something is
 */
export function takeFromBelow(relay: Relay, below: Below, frame: Frame): string | undefined {
  const { distribution } = relay;
  switch (frame.type) {
    case "holds":
      return distribution.onHolds(below.connection, frame);
    case "want":
      return distribution.onWant(below.connection, frame);
    case "have":
      return distribution.onHave(below.connection, frame);
    case "alive":
      return undefined;
    default:
      if (!relay.links.owns(below.connection)) return `a ${frame.type} frame from a sink`;
      return takeFromChild(relay, below.number, frame);
  }
}

function takeFromChild(relay: Relay, number: number, frame: Frame): string | undefined {
  const { summary, distribution, tree } = relay;
  switch (frame.type) {
    case "subtree":
      tree.onSubtree(number, frame.size);
      return undefined;
    case "progress":
      for (const entry of frame.entries) summary.note(entry, distribution.knownChunks);
      return undefined;
    case "report":
      summary.report(frame);
      return undefined;
    default:
      return `a ${frame.type} frame from a child`;
  }
}
