import {
  type Address,
  anySession,
  type Datagram,
  makeKnock,
  nobody,
  PalmTreeError,
  type SessionId,
  wireLimits,
} from "@palmtree/wire";
import { defaultPeerOptions } from "../../core/index.js";
import { checkInteger, checkText } from "../option-check.js";
import { type PeerName, parsePeerName } from "../peer-names.js";
import { isLoopback } from "../send/own-address.js";
import type { Switchboard } from "../switchboard.js";
import type { MemberSession } from "./member-session.js";
import type { Refusal } from "./relay-options.js";

/** Pause before a knock is repeated; doubles up to 4 times this, as invitations do. */
const retryMs = 250;

/** How to be taken into a session that runs. */
export interface JoinOptions {
  /** Which of the sender's sessions, 32 hexadecimal digits. Default: whichever invites first. */
  readonly session?: SessionId;
  /** How long a sender that does not answer is knocked at. Default 5,000, as senders wait. */
  readonly maxWaitMs?: number;
  /** Ends the asking, with its reason; a session that was joined by then goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Asks one root to be taken in: knocks, until the invitation that this leads to has led to a
 * number in the session. The invitation itself is the relay's to answer, like any other.
 */
export class Asking {
  readonly #root: Address;
  readonly #session: SessionId | undefined;
  readonly #maxWaitMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #switchboard: Switchboard;
  /** The session that the asking led to, or that was joined before; it may be over soon. */
  #found: MemberSession | undefined;
  #failure: PalmTreeError | undefined;
  #wake: () => void = () => undefined;

  constructor(
    root: Address,
    { session, maxWaitMs = defaultPeerOptions.maxWaitMs, signal }: JoinOptions,
    switchboard: Switchboard,
  ) {
    this.#root = root;
    this.#session = session;
    this.#maxWaitMs = maxWaitMs;
    this.#signal = signal;
    this.#switchboard = switchboard;
  }

  /**
   * @returns the session, once this peer has a number in it or it is over
   * @throws not-answering, session-over or declined, or the signal's reason
   */
  async run(): Promise<MemberSession> {
    const onAbort = (): void => this.#wake();
    this.#signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await this.#knock();
    } finally {
      this.#signal?.removeEventListener("abort", onAbort);
    }
  }

  async #knock(): Promise<MemberSession> {
    const until = performance.now() + this.#maxWaitMs;
    const whoever = { address: this.#root, id: nobody };
    for (let pauseMs = retryMs; ; pauseMs = Math.min(2 * pauseMs, 4 * retryMs)) {
      this.#signal?.throwIfAborted();
      const found = this.#found;
      if (found !== undefined && (found.isNumbered || found.isOver)) return found;
      if (found === undefined) this.#checkHope(until);
      this.#switchboard.send(this.#session ?? anySession, whoever, makeKnock());
      await this.#pause(
        found === undefined ? Math.min(pauseMs, until - performance.now()) : pauseMs,
      );
    }
  }

  /** This relay takes part in a session. */
  onJoined(member: MemberSession): void {
    if (this.#isMeant(member.from, member.receiver.session)) this.#found ??= member;
  }

  /** Something of a session that this process takes no part in, or not any more. */
  onStranger(from: Address, { session, message }: Datagram): void {
    if (!this.#isMeant(from, session)) return;
    if (message.type === "ended") this.#fail("session-over", `${this.#root}: the session is over`);
    else if (message.type === "decline")
      this.#fail("declined", `${this.#root} declines (${message.reason}): ${message.detail}`);
  }

  /** This relay does not take the invitation that the asking led to. */
  onRefused(from: Address, session: SessionId, { reason, detail }: Refusal): void {
    if (!this.#isMeant(from, session)) return;
    if (reason === "leaving") this.#fail("session-over", `${this.#root}: ${detail}`);
    else this.#fail("declined", `declined (${reason}): ${detail}`);
  }

  #checkHope(until: number): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (performance.now() < until) return;
    const what = this.#session === undefined ? "`palmtree send`" : `session ${this.#session}`;
    throw new PalmTreeError(
      "not-answering",
      `no answer from ${what} at ${this.#root} within ${this.#maxWaitMs / 1_000} s: does it run, and is that its port?`,
      { fault: "remote", facts: { address: this.#root } },
    );
  }

  /**
   * A root of many addresses may answer from another one than it was asked at. That is heeded where
   * the session's id tells whose it is, and where it was asked on this machine itself.
   */
  #isMeant(from: Address, session: SessionId): boolean {
    if ((this.#session ?? session) !== session) return false;
    if (from === this.#root) return true;
    const mayDiffer = this.#session !== undefined || isLoopback(this.#root);
    return mayDiffer && portOf(from) === portOf(this.#root);
  }

  #fail(code: "session-over" | "declined", message: string): void {
    this.#failure ??= new PalmTreeError(code, message, { fault: "remote" });
    this.#wake();
  }

  async #pause(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, milliseconds));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** @throws TypeError, RangeError or address-invalid for what a caller got wrong */
export function checkJoin(root: string, options: JoinOptions): PeerName {
  const { session, maxWaitMs } = options;
  if (session !== undefined && !/^[0-9a-f]{32}$/.test(checkText("session", session)))
    throw new RangeError(`session: got "${session}", expected 32 lower-case hexadecimal digits`);
  if (maxWaitMs !== undefined) checkInteger("maxWaitMs", maxWaitMs, 0, wireLimits.timeoutMs);
  return parsePeerName(checkText("root", root));
}

function portOf(address: Address): string {
  return address.slice(address.lastIndexOf(":"));
}
