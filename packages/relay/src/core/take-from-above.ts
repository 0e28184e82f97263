import type { Frame } from "@palmtree/wire";
import type { Outcome } from "./completion/outcome.js";
import type { OwnProgress } from "./completion/own-progress.js";
import type { Context } from "./context.js";
import type { ConnectionId } from "./event.js";
import type { Relay } from "./relay.js";
import type { Intake } from "./transfer/intake.js";
import type { ParentWatch } from "./tree/parent-watch.js";

/** The parts of a receiver that what comes from above means something to. */
export interface Taker {
  readonly context: Context;
  readonly relay: Relay;
  readonly intake: Intake;
  readonly outcome: Outcome;
  readonly progress: OwnProgress;
  readonly parentWatch: ParentWatch;
}

/** The other end of a link: the parent in the tree, or the source of a feed. */
interface Above {
  readonly connection: ConnectionId;
  readonly number: number;
}

/**
 * Take a frame from the parent or from a source: hash pages, chunks and the seal, what it has and
 * refuses, and of the parent also the manifest, and that all is over.
 *
 * @returns what is wrong with it, if something is
 */
export function takeFromAbove(
  taker: Taker,
  { connection, number }: Above,
  frame: Frame,
): string | undefined {
  const { intake, relay } = taker;
  switch (frame.type) {
    case "hashes":
      return intake.onHashes(frame);
    case "chunk":
      relay.meter.onChunk(number, frame.payload.length);
      return intake.onChunk(connection, frame.index, frame.payload);
    case "seal": {
      const isNews = intake.content?.seal === undefined;
      const fault = intake.onSeal(frame);
      if (fault !== undefined || !isNews) return fault;
      // A stream may have paused for as long as anybody waits; what is left comes from now on.
      taker.progress.move();
      relay.distribution.onSealed();
      return undefined;
    }
    case "refuse":
      return intake.onRefuse(connection, frame.index, frame.reason);
    case "have":
      return intake.onHave(connection, frame);
    case "alive":
      return undefined;
    default:
      if (!relay.links.owns(connection)) return `a ${frame.type} frame from a source`;
      return takeFromParent(taker, frame);
  }
}

function takeFromParent(taker: Taker, frame: Frame): string | undefined {
  const { intake, relay, progress, parentWatch } = taker;
  switch (frame.type) {
    case "manifest": {
      const fault = intake.onManifestPart(frame.offset, frame.payload);
      // A part too many is opened by nobody: it must not make this peer look busy.
      if (fault !== undefined) return fault;
      progress.move();
      parentWatch.onGift();
      progress.tell(); // of a long one the root must hear that it comes
      // It is not opened yet, but another parent need not send it again.
      relay.self.hasManifest = intake.manifest !== undefined;
      progress.isBusy = relay.self.hasManifest;
      return undefined;
    }
    case "finish":
      // What is not complete here only the root can end: it does so itself, with `ended`.
      if (taker.outcome.status === "complete") taker.context.tell({ type: "finish-received" });
      else relay.partFromParent();
      return undefined;
    default:
      return `a ${frame.type} frame from a parent`;
  }
}
