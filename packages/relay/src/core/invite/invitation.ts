import type { Address, DeclineReason, Invite, PeerId } from "@palmtree/wire";
import { type Context, earliest } from "../context.js";

/** A peer that takes part. */
export interface Joined {
  readonly address: Address;
  readonly id: PeerId;
}

interface Invited {
  state: "waiting" | "asking" | "joined" | "declined" | "silent";
  id: PeerId | undefined;
  attempts: number;
  nextAt: number;
}

/** Why a listed peer does not take part. */
export interface Absent {
  readonly address: Address;
  readonly code: "declined" | "not-answering";
  readonly message: string;
}

/**
 * The root's invitations: every listed peer is asked, again and again with growing pauses, until
 * it answers or the waiting is over. At most `introductionWindow` of them are asked at once, so
 * that the answers do not overflow the root's socket.
 *
 * Closes when everybody has answered, when `maxWaitMs` have passed, or, once `minReceivers` have
 * joined, when `minWaitMs` have passed.
 */
export class Invitation {
  readonly #context: Context;
  readonly #invite: Invite;
  readonly #peers = new Map<Address, Invited>();
  readonly #absent: Absent[] = [];
  #startedAt = 0;
  #isOpen = false;

  constructor(context: Context, invite: Invite, addresses: readonly Address[]) {
    this.#context = context;
    this.#invite = invite;
    for (const address of addresses)
      this.#peers.set(address, { state: "waiting", id: undefined, attempts: 0, nextAt: 0 });
  }

  start(): void {
    this.#startedAt = this.#context.now;
    this.#isOpen = true;
    this.#ask();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Those who joined, in the order in which they were listed. */
  get joined(): readonly Joined[] {
    const joined: Joined[] = [];
    for (const [address, peer] of this.#peers)
      if (peer.state === "joined" && peer.id !== undefined) joined.push({ address, id: peer.id });
    return joined;
  }

  /** Those who did not, and why; complete once the invitations are closed. */
  get absent(): readonly Absent[] {
    return this.#absent;
  }

  onJoin(from: Address, id: PeerId): void {
    const peer = this.#peers.get(from);
    if (!this.#isOpen || peer === undefined || peer.state === "declined") return;
    if (peer.state !== "joined")
      this.#context.emit({ type: "report-step", step: { type: "joined", address: from } });
    peer.state = "joined";
    // A process that restarted meanwhile has a new id; only the newest can be talked to.
    peer.id = id;
    this.#ask();
  }

  onDecline(from: Address, reason: DeclineReason, detail: string): void {
    const peer = this.#peers.get(from);
    if (!this.#isOpen || peer === undefined || peer.state === "declined") return;
    peer.state = "declined";
    const message = detail === "" ? `declined: ${reason}` : `declined (${reason}): ${detail}`;
    this.#absent.push({ address: from, code: "declined", message });
    this.#context.emit({
      type: "report-step",
      step: { type: "declined", address: from, code: reason, message },
    });
    this.#ask();
  }

  onTick(): void {
    if (!this.#isOpen) return;
    if (this.#isOver()) this.#close();
    else this.#ask();
  }

  deadline(): number | undefined {
    if (!this.#isOpen) return undefined;
    let first: number | undefined = this.#startedAt + this.#context.options.maxWaitMs;
    for (const peer of this.#peers.values())
      if (peer.state === "asking") first = earliest(first, peer.nextAt);
    if (this.#hasEnough()) first = earliest(first, this.#startedAt + this.#context.options.minWaitMs);
    return first;
  }

  #hasEnough(): boolean {
    const { minWaitMs, minReceivers } = this.#context.options;
    return minWaitMs > 0 && this.#count("joined") >= minReceivers;
  }

  #isOver(): boolean {
    const waitedMs = this.#context.now - this.#startedAt;
    const { maxWaitMs, minWaitMs } = this.#context.options;
    return waitedMs >= maxWaitMs || (this.#hasEnough() && waitedMs >= minWaitMs);
  }

  #ask(): void {
    const { now, options } = this.#context;
    let asking = this.#count("asking");
    let unanswered = 0;
    for (const [to, peer] of this.#peers) {
      if (peer.state === "waiting" && asking < options.introductionWindow) {
        peer.state = "asking";
        peer.nextAt = now;
        asking += 1;
        this.#context.emit({ type: "report-step", step: { type: "invited", address: to } });
      }
      if (peer.state === "asking" && peer.nextAt <= now) {
        const pauseMs = options.inviteRetryMs * 2 ** Math.min(peer.attempts, 3);
        peer.attempts += 1;
        peer.nextAt = now + this.#context.jittered(pauseMs);
        this.#context.emit({ type: "send-datagram", to, message: this.#invite });
        // A peer that keeps silent must not keep others from being asked.
        if (peer.attempts > 2 && asking >= options.introductionWindow) asking -= 1;
      }
      if (peer.state === "asking" || peer.state === "waiting") unanswered += 1;
    }
    if (unanswered === 0) this.#close();
  }

  #close(): void {
    this.#isOpen = false;
    const waitedMs = Math.round(this.#context.now - this.#startedAt);
    for (const [address, peer] of this.#peers) {
      if (peer.state !== "asking" && peer.state !== "waiting") continue;
      peer.state = "silent";
      const message = `no answer from ${address} within ${waitedMs} ms: is \`palmtree receive\` running there?`;
      this.#absent.push({ address, code: "not-answering", message });
    }
    this.#context.tell({ type: "invitations-closed" });
  }

  #count(state: Invited["state"]): number {
    let count = 0;
    for (const peer of this.#peers.values()) if (peer.state === state) count += 1;
    return count;
  }
}
