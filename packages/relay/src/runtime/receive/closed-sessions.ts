import type { Address, ControlMessage, Datagram, SessionId } from "@palmtree/wire";
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

  /** @param voice - with the peer's id that the session knows */
  add(voice: Voice, refusal: Refusal): void {
    this.#closed.set(voice.session, { voice, refusal });
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= mostRemembered) break;
      this.#closed.delete(oldest);
    }
  }

  answer(from: Address, { session, message }: Datagram): void {
    const closed = this.#closed.get(session);
    if (closed === undefined) return;
    const { voice, refusal } = closed;
    if (message.type === "invite") this.#send(voice, from, { type: "decline", ...refusal });
    if (message.type === "ended") this.#send(voice, from, { type: "leave", detail: "" });
  }
}
