import { Allowance } from "@palmtree/transport/core";
import type { Address, DeclineReason, PeerId } from "@palmtree/wire";
import { type Context, earlier, type Recipient } from "../context.js";
import type { Introduction } from "../hypercube/introduction.js";
import { Questions } from "../questions.js";
import { type Absent, declined, notAnswering } from "./invitation.js";
import type { Inviter } from "./inviter.js";
import { Recall } from "./recall.js";

/** Knocks that are answered at once, and more with every millisecond. Guess. */
const mostKnocks = 64;
const knocksPerMs = 0.1;

/** Peers that have joined and are kept waiting; more have to knock again. */
const mostWaiting = 1_024;

/** The root's account of who does not take part. */
export interface LatecomersVerdicts {
  /** Is told of an added peer that declines or never answers. */
  readonly onAbsent: (absent: Absent) => void;
  /** Those that should take part, and do not, as far as can be seen. */
  readonly missing: () => readonly Address[];
  /** Whether that peer has failed, or is given up. */
  readonly hasFailed: (number: number) => boolean;
}

/**
 * The root's door, once the invitations are closed: strangers knock and are invited, hosts that the
 * user adds are invited, those that are lost are invited again, and whoever then joins waits here
 * until it is let in. So do listed peers whose answer to the first invitation came too late.
 *
 * A knock leaves nothing behind, since anybody may have sent it: whoever knocked has to join.
 */
export class Latecomers {
  readonly #context: Context;
  readonly #inviter: Inviter;
  readonly #added: Questions<Address>;
  readonly #verdicts: LatecomersVerdicts;
  readonly #waiting = new Map<Address, PeerId>();
  /** Addresses that the user has added. */
  readonly #wanted = new Set<Address>();
  readonly #knocks: Allowance;
  readonly #recall: Recall;
  readonly #addedWaitMs: number;
  #introduction: Introduction | undefined;
  /** Of the silent, those that were reported. */
  #silentCount = 0;

  /** @param verdicts what is known of those that do not take part */
  constructor(context: Context, inviter: Inviter, verdicts: LatecomersVerdicts) {
    this.#context = context;
    this.#inviter = inviter;
    this.#verdicts = verdicts;
    this.#recall = new Recall(context, inviter, verdicts.missing);
    this.#knocks = new Allowance(mostKnocks, knocksPerMs, context.now);
    const { inviteRetryMs: retryMs, maxWaitMs, introductionWindow: window } = context.options;
    // The others need not wait for these, so there is no reason to ask only once.
    this.#addedWaitMs = Math.max(maxWaitMs, 4 * retryMs);
    const patience = { retryMs, timeoutMs: this.#addedWaitMs, window };
    this.#added = new Questions<Address>(context, [], patience, (to) => inviter.invite(to));
  }

  /** The others are numbered: latecomers are to be introduced to them. */
  open(introduction: Introduction): void {
    this.#introduction = introduction;
    this.#recall.start();
  }

  /** Whether nobody is waited for who may still take part. */
  get isSettled(): boolean {
    const newcomers = this.#introduction?.newcomerCount ?? 0;
    return this.#added.isSettled && newcomers === 0 && !this.#isAwaited;
  }

  /** Whether somebody waits whom the user has added. */
  get #isAwaited(): boolean {
    for (const address of this.#waiting.keys()) if (this.#wanted.has(address)) return true;
    return false;
  }

  /** Those that have joined and are not let in yet. */
  get waiting(): readonly { readonly address: Address; readonly id: PeerId }[] {
    return [...this.#waiting].map(([address, id]) => ({ address, id }));
  }

  /** Somebody asks to be invited; too many at once get no answer. */
  onKnock(from: Address, id: PeerId): void {
    if (!this.#knocks.take(this.#context.now)) return;
    if (!this.#isFull) return this.#inviter.invite(from);
    const detail = `the session has its ${this.#context.options.mostPeers} peers`;
    this.#context.send({ address: from, id }, { type: "decline", reason: "busy", detail });
  }

  /** The user wants these peers to take part too. */
  add(addresses: readonly Address[]): void {
    for (const address of addresses) {
      this.#context.emit({ type: "report-step", step: { type: "invited", address } });
      this.#added.add(address);
      this.#wanted.add(address);
    }
  }

  /** A process that was started anew has another id: only the newest can be talked to. */
  onJoin(from: Address, id: PeerId): void {
    this.#added.answer(from);
    // It may say so again and again: it is being told its neighbours, or was.
    const number = this.#introduction?.numberOf(id);
    if (number !== undefined) return this.#remind({ address: from, id }, number);
    if (this.#isFull) return this.#context.send({ address: from, id }, { type: "ended" });
    if (this.#waiting.size < mostWaiting || this.#waiting.has(from)) this.#waiting.set(from, id);
  }

  /** A peer that is given up and still there may not have heard of it. */
  #remind(peer: Recipient, number: number): void {
    const detail = "it stood still for too long";
    if (this.#verdicts.hasFailed(number))
      this.#context.send(peer, { type: "decline", reason: "refused", detail });
  }

  /** Who comes unasked is forgotten; whoever the user has added gets a result. */
  onLost(address: Address): void {
    const message = `${address} joined and then went silent`;
    if (this.#wanted.has(address))
      this.#verdicts.onAbsent({ address, code: "not-answering", message });
  }

  onDecline(from: Address, reason: DeclineReason, detail: string): void {
    if (!this.#added.answer(from)) return;
    const absent = declined(from, reason, detail);
    const { address, message } = absent;
    const step = { type: "declined", address, code: reason, message } as const;
    this.#context.emit({ type: "report-step", step });
    this.#verdicts.onAbsent(absent);
  }

  /**
   * Those that have joined are introduced to their neighbours, not too many at once, and of one
   * address one after the other.
   *
   * @param isDecided whether everybody else has a result: then only those are let in that the user
   *   wants, or who comes unasked, again and again, could keep the session from its end
   */
  letIn(isDecided: boolean): void {
    const introduction = this.#introduction;
    if (introduction === undefined) return;
    for (const [address, id] of this.#waiting) {
      if (introduction.newcomerCount >= this.#context.options.newcomersAtOnce) return;
      if (introduction.hasNewcomerAt(address) || (isDecided && !this.#wanted.has(address)))
        continue;
      this.#waiting.delete(address);
      if (this.#isFull) this.#context.send({ address, id }, { type: "ended" });
      else introduction.admit(address, id);
    }
  }

  onTick(): void {
    this.#recall.onTick();
    this.#added.ask();
    const { silent } = this.#added;
    for (const address of silent.slice(this.#silentCount))
      this.#verdicts.onAbsent(notAnswering(address, this.#addedWaitMs));
    this.#silentCount = silent.length;
  }

  deadline(): number | undefined {
    return earlier(this.#added.deadline(), this.#recall.deadline());
  }

  get #isFull(): boolean {
    return (this.#introduction?.count ?? 0) >= this.#context.options.mostPeers;
  }
}
