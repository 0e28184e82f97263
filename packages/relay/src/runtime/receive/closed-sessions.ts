import {
  type Address,
  type ControlMessage,
  type Datagram,
  type SessionId,
  truncateUtf8,
  wireLimits,
} from "@palmtree/wire";
import type { Voice } from "../switchboard.js";
import type { Refusal } from "./relay-options.js";

/** Sessions that are remembered; the oldest is forgotten first. */
const mostRemembered = 256;

interface Closed {
  readonly voice: Voice;
  readonly refusal: Refusal;
}

/**
 * Sessions that this peer takes no part in any more, or never did: the answers to them may have
 * been lost, so whoever repeats a question gets the same answer again.
 */
export class ClosedSessions {
  readonly #send: (voice: Voice, to: Address, message: ControlMessage) => void;
  readonly #closed = new Map<SessionId, Closed>();

  constructor(send: (voice: Voice, to: Address, message: ControlMessage) => void) {
    this.#send = send;
  }

  has(session: SessionId): boolean {
    return this.#closed.has(session);
  }

  /** Why this peer takes no part in it; undefined when it is none of these sessions. */
  refusalOf(session: SessionId): Refusal | undefined {
    return this.#closed.get(session)?.refusal;
  }

  /** @param voice - with the peer's id that the session knows */
  add(voice: Voice, refusal: Refusal): void {
    // It may hold what a caller or an operating system said.
    const detail = truncateUtf8(refusal.detail, wireLimits.detailBytes);
    this.#closed.set(voice.session, { voice, refusal: { reason: refusal.reason, detail } });
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= mostRemembered) break;
      this.#closed.delete(oldest);
    }
  }

  answer(from: Address, { session, message }: Datagram): void {
    const closed = this.#closed.get(session);
    if (closed === undefined) return;
    const { voice, refusal } = closed;
    const answer = answerTo(message, refusal);
    if (answer !== undefined) this.#send(voice, from, answer);
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
