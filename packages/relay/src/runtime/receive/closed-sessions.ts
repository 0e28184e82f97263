import {
  type Address,
  type ControlMessage,
  type Datagram,
  type SessionId,
  truncateUtf8,
  wireLimits,
} from "@palmtree/wire";
import type { Recipient } from "../../core/index.js";
import type { Refusal } from "./relay-options.js";

/** Sessions that are remembered; the oldest is forgotten first. */
const mostRemembered = 256;

/** Says something to a peer in a session. */
type Say = (session: SessionId, to: Recipient, message: ControlMessage) => void;

/**
 * Sessions that this peer takes no part in any more, or never did: the answers to them may have
 * been lost, so whoever repeats a question gets the same answer again.
 */
export class ClosedSessions {
  readonly #say: Say;
  readonly #closed = new Map<SessionId, Refusal>();

  constructor(say: Say) {
    this.#say = say;
  }

  /** Why this peer takes no part in it; undefined when it is none of these sessions. */
  refusalOf(session: SessionId): Refusal | undefined {
    return this.#closed.get(session);
  }

  add(session: SessionId, refusal: Refusal): void {
    // It may hold what a caller or an operating system said.
    const detail = truncateUtf8(refusal.detail, wireLimits.detailBytes);
    this.#closed.set(session, { reason: refusal.reason, detail });
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= mostRemembered) break;
      this.#closed.delete(oldest);
    }
  }

  answer(from: Address, { session, sender, message }: Datagram): void {
    const refusal = this.#closed.get(session);
    const answer = refusal === undefined ? undefined : answerTo(message, refusal);
    if (answer !== undefined) this.#say(session, { address: from, id: sender }, answer);
  }
}

/** Who knows at once that nobody is here any more need not find out by waiting. */
function answerTo(message: ControlMessage, refusal: Refusal): ControlMessage | undefined {
  switch (message.type) {
    case "invite":
      return { type: "decline", ...refusal };
    case "ended":
      return { type: "leave", code: "", detail: "" };
    case "tree-check":
    case "orphan":
      return { type: "tree-reject", reason: "leaving" };
    case "upgrade-request":
      return {
        type: "upgrade-reject",
        link: message.link === "tree" ? "tree" : "source",
        reason: "leaving",
      };
    default:
      return undefined;
  }
}
