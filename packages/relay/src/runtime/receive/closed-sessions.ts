import {
  type Address,
  type ControlMessage,
  type Datagram,
  type SessionId,
  truncateUtf8,
  wireLimits,
} from "@palmtree/wire";
import type { Recipient } from "../../core/index.js";
import { mostCookieMs } from "./cookies.js";
import type { Refusal } from "./relay-options.js";

/**
 * Sessions that are remembered: so many, and all that were closed lately, or an invitation to one that
 * somebody has captured would be good again while its cookie is. The oldest is forgotten first.
 */
const fewestRemembered = 256;
const mostRemembered = 16_384;

interface Closed {
  readonly refusal: Refusal;
  readonly atMs: number;
}

/** Says something to a peer in a session. */
type Say = (session: SessionId, to: Recipient, message: ControlMessage) => void;

/**
 * Sessions that this peer takes no part in any more, or never did: the answers to them may have
 * been lost, so whoever repeats a question gets the same answer again.
 */
export class ClosedSessions {
  readonly #say: Say;
  readonly #closed = new Map<SessionId, Closed>();

  constructor(say: Say) {
    this.#say = say;
  }

  /** Why this peer takes no part in it; undefined when it is none of these sessions. */
  refusalOf(session: SessionId): Refusal | undefined {
    return this.#closed.get(session)?.refusal;
  }

  add(session: SessionId, refusal: Refusal): void {
    // It may hold what a caller or an operating system said.
    const detail = truncateUtf8(refusal.detail, wireLimits.detailBytes);
    const atMs = performance.now();
    this.#closed.set(session, { refusal: { reason: refusal.reason, detail }, atMs });
    for (const [oldest, { atMs: closedAtMs }] of this.#closed) {
      const { size } = this.#closed;
      const isLate = atMs - closedAtMs > mostCookieMs;
      if (size <= fewestRemembered || (size <= mostRemembered && !isLate)) break;
      this.#closed.delete(oldest);
    }
  }

  answer(from: Address, { session, sender, message }: Datagram): void {
    const refusal = this.refusalOf(session);
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
