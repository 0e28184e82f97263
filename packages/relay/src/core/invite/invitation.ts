import type { Address, DeclineReason, PeerId } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import { Questions } from "../questions.js";
import type { Inviter } from "./inviter.js";

/** A peer that takes part. */
export interface Joined {
  readonly address: Address;
  readonly id: PeerId;
  /** From an invitation, over the challenge that it may have led to, to the answer, in milliseconds. */
  readonly roundTripMs: number;
  /** Invitations until then, that one included. */
  readonly invitations: number;
}

/** Why a listed peer does not take part. */
export interface Absent {
  readonly address: Address;
  readonly code: "declined" | "not-answering";
  readonly message: string;
}

/**
 * The root's invitations: every listed peer is asked until it joins or declines.
 *
 * Closes when everybody has answered, when `maxWaitMs` have passed, or, once `minReceivers` have
 * joined, when `minWaitMs` have passed.
 */
export class Invitation {
  readonly #context: Context;
  readonly #addresses: Address[];
  readonly #questions: Questions<Address>;
  readonly #joined = new Map<Address, Omit<Joined, "address">>();
  /** The newest invitation of each, and how many there were. */
  readonly #asked = new Map<Address, { readonly at: number; readonly count: number }>();
  readonly #absent: Absent[] = [];
  readonly #inviter: Inviter;
  readonly #reminderMs: number;
  #startedAt = 0;
  #remindAt = 0;
  #isOpen = false;

  /**
   * @param addresses those to invite
   * @param timeoutMs how long those who have joined wait for the session to go on
   */
  constructor(
    context: Context,
    inviter: Inviter,
    {
      addresses,
      timeoutMs: patienceMs,
    }: {
      readonly addresses: readonly Address[];
      readonly timeoutMs: number;
    },
  ) {
    this.#context = context;
    this.#inviter = inviter;
    this.#addresses = [...addresses];
    this.#reminderMs = patienceMs / 4;
    const {
      inviteRetryMs: retryMs,
      maxWaitMs: timeoutMs,
      introductionWindow: window,
    } = context.options;
    this.#questions = new Questions(context, addresses, { retryMs, timeoutMs, window }, (to) => {
      this.#asked.set(to, { at: context.now, count: 1 + (this.#asked.get(to)?.count ?? 0) });
      inviter.invite(to);
    });
  }

  start(): void {
    this.#startedAt = this.#context.now;
    this.#remindAt = this.#context.now + this.#reminderMs;
    this.#isOpen = true;
    for (const address of this.#addresses)
      this.#context.emit({ type: "report-step", step: { type: "invited", address } });
    this.onTick();
  }

  /** Those who joined, in the order in which they were listed. */
  get joined(): readonly Joined[] {
    return this.#addresses.flatMap((address) => {
      const joined = this.#joined.get(address);
      return joined === undefined ? [] : [{ address, ...joined }];
    });
  }

  /** Those who did not, and why; complete once the invitations are closed. */
  get absent(): readonly Absent[] {
    return this.#absent;
  }

  /** Why there is no session: too few joined. Undefined when enough did. */
  get shortage(): string | undefined {
    const least = Math.max(1, this.#context.options.minReceivers);
    const count = this.#joined.size;
    return count < least ? `${count} receivers joined, expected at least ${least}` : undefined;
  }

  /** The user wants these peers to take part too. */
  add(addresses: readonly Address[]): void {
    for (const address of addresses) {
      if (this.#addresses.includes(address)) continue;
      this.#addresses.push(address);
      this.#context.emit({ type: "report-step", step: { type: "invited", address } });
      this.#questions.add(address);
    }
  }

  /** Also of a stranger that knocked: it was invited once, and is a peer as good as those listed. */
  onJoin(from: Address, id: PeerId): void {
    if (!this.#isOpen || this.#absent.some(({ address }) => address === from)) return;
    const isStranger = !this.#addresses.includes(from);
    if (isStranger && this.#addresses.length >= this.#context.options.mostPeers - 1) return;
    if (isStranger) this.#addresses.push(from);
    if (this.#questions.answer(from) || isStranger)
      this.#context.emit({ type: "report-step", step: { type: "joined", address: from } });
    const asked = this.#asked.get(from) ?? { at: this.#context.now, count: 1 };
    const roundTripMs = this.#context.now - asked.at;
    const first = this.#joined.get(from) ?? { roundTripMs, invitations: asked.count };
    // A process that restarted meanwhile has a new id; only the newest can be talked to.
    this.#joined.set(from, { ...first, id });
    this.#closeIfOver();
  }

  onDecline(from: Address, reason: DeclineReason, detail: string): void {
    if (!this.#isOpen || !this.#questions.answer(from)) return;
    const absent = declined(from, reason, detail);
    this.#absent.push(absent);
    const { message } = absent;
    const step = { type: "declined", address: from, code: reason, message } as const;
    this.#context.emit({ type: "report-step", step });
    this.#closeIfOver();
  }

  onTick(): void {
    if (!this.#isOpen) return;
    this.#questions.ask();
    if (this.#remindAt <= this.#context.now) this.#remind();
    this.#closeIfOver();
  }

  deadline(): number | undefined {
    if (!this.#isOpen) return undefined;
    return earlier(this.#closesAt, earlier(this.#remindAt, this.#questions.deadline()));
  }

  /** Those who joined early must not take the root for dead while others are waited for. */
  #remind(): void {
    this.#remindAt = this.#context.now + this.#reminderMs;
    for (const address of this.#joined.keys()) this.#inviter.invite(address);
  }

  get #closesAt(): number {
    const { maxWaitMs, minWaitMs, minReceivers } = this.#context.options;
    const hasEnough = minWaitMs > 0 && this.#joined.size >= minReceivers;
    return this.#startedAt + (hasEnough ? Math.min(minWaitMs, maxWaitMs) : maxWaitMs);
  }

  #closeIfOver(): void {
    if (!this.#questions.isSettled && this.#context.now < this.#closesAt) return;
    this.#isOpen = false;
    this.#questions.giveUp();
    const waitedMs = Math.round(this.#context.now - this.#startedAt);
    for (const address of this.#questions.silent)
      this.#absent.push(notAnswering(address, waitedMs));
    this.#context.tell({ type: "invitations-closed" });
  }
}

/** Who does not want to take part. */
export function declined(address: Address, reason: DeclineReason, detail: string): Absent {
  const message = detail === "" ? `declined: ${reason}` : `declined (${reason}): ${detail}`;
  return { address, code: "declined", message };
}

/** Who was invited in vain. */
export function notAnswering(address: Address, waitedMs: number): Absent {
  const message = `no answer from ${address} within ${waitedMs} ms: is \`palmtree receive\` running there?`;
  return { address, code: "not-answering", message };
}
