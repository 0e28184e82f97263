import type { Address, ControlMessage, PeerId, PeerInfo } from "@palmtree/wire";
import type { Verdicts } from "../completion/verdicts.js";
import { type Context, earlier, type Recipient } from "../context.js";
import { Introduction } from "../hypercube/introduction.js";
import { numbered } from "../hypercube/numbering.js";
import { patienceMs, type RootPlan } from "../root-plan.js";
import { Invitation } from "./invitation.js";
import { Inviter } from "./inviter.js";
import { Latecomers } from "./latecomers.js";

/**
 * Who takes part, as the root sees to it: it invites the listed peers, numbers those that join, lets
 * each know its neighbours, and then lets in who comes late.
 */
export class Admission {
  readonly #context: Context;
  readonly #plan: RootPlan;
  readonly #verdicts: Verdicts;
  readonly #inviter: Inviter;
  readonly #invitation: Invitation;
  readonly #latecomers: Latecomers;
  /** Once the invitations are closed. */
  #introduction: Introduction | undefined;

  /** @param verdicts - is told who is awaited, and who never came */
  constructor(context: Context, plan: RootPlan, verdicts: Verdicts) {
    this.#context = context;
    this.#plan = plan;
    this.#verdicts = verdicts;
    const { addresses, invite } = plan;
    this.#inviter = new Inviter(context, invite);
    const { timeoutMs } = invite;
    this.#invitation = new Invitation(context, this.#inviter, { addresses, timeoutMs });
    this.#latecomers = new Latecomers(context, this.#inviter, {
      onAbsent: ({ address, code, message }) => verdicts.absent(address, code, message),
      missing: () => verdicts.missing,
      hasFailed: (number) => verdicts.hasFailed(number),
    });
  }

  start(): void {
    this.#invitation.start();
  }

  /** The user wants these peers to take part too. */
  add(addresses: readonly Address[]): void {
    this.#door.add(addresses);
  }

  /** @returns whether the message was about coming in */
  onDatagram(from: Address, sender: PeerId, message: ControlMessage): boolean {
    switch (message.type) {
      case "knock":
        this.#latecomers.onKnock(from, sender);
        return true;
      case "challenge":
        this.#inviter.onChallenge(from, message.cookie);
        return true;
      case "join":
        this.#door.onJoin(from, sender);
        return true;
      case "decline":
        this.#door.onDecline(from, message.reason, message.detail);
        return true;
      default:
        return false;
    }
  }

  /**
   * The invitations are closed: number the joined peers, and let each know its neighbours in the
   * hypercube.
   *
   * @returns why there is no session, where too few have joined
   */
  introduce(): string | undefined {
    const { joined, absent, shortage } = this.#invitation;
    for (const { address, code, message } of absent) this.#verdicts.absent(address, code, message);
    if (shortage !== undefined) {
      for (const { address } of joined) this.#verdicts.absent(address, "no-peers", shortage);
      return shortage;
    }
    const { id, options } = this.#context;
    const peers = numbered(joined, { number: 0, id, address: this.#plan.address });
    for (const peer of peers.slice(1)) this.#verdicts.expect(peer);
    const mostWaitMs = patienceMs(this.#plan, options.neighboursTimeoutMs);
    this.#introduction = new Introduction(this.#context, peers, mostWaitMs);
    this.#latecomers.open(this.#introduction);
    this.#introduction.start();
    this.#reportNumbers(peers);
    return undefined;
  }

  /** A receiver has its list. */
  onAck(number: number, revision: number, from: Address): void {
    this.#introduction?.onAck(number, revision, from);
  }

  /** The number of the peer with that id, if it has one. */
  numberOf(id: PeerId): number | undefined {
    return this.#introduction?.numberOf(id);
  }

  /** Of a peer that takes part. */
  addressOf(number: number): Address | undefined {
    return this.#introduction?.addressOf(number);
  }

  /** The peer with that id, if it takes part. */
  present(id: PeerId): PeerInfo | undefined {
    return this.#introduction?.present(id);
  }

  /** The root's own neighbours in the hypercube. */
  get ownNeighbours(): readonly PeerInfo[] {
    return this.#introduction?.neighboursOf(0) ?? [];
  }

  /** Peers that joined and never acknowledged their neighbours. */
  get silent(): readonly PeerInfo[] {
    return this.#introduction?.silent ?? [];
  }

  /** All others, in the order of their numbers, the root first. */
  get acknowledged(): readonly PeerInfo[] {
    return this.#introduction?.acknowledged ?? [];
  }

  /** Everybody who is to be told that the session is over. */
  get everybody(): readonly Recipient[] {
    const known = this.#introduction?.receivers ?? this.#invitation.joined;
    return [...known, ...this.#latecomers.waiting];
  }

  /** A latecomer has acknowledged its neighbours: it takes part like everybody else. */
  onIntroduced(peer: PeerInfo): void {
    const { address } = peer;
    this.#context.emit({ type: "report-step", step: { type: "joined", address, isLate: true } });
    this.#reportNumbers([peer]);
    this.#verdicts.expect(peer);
  }

  /** A latecomer has not, and is not waited for any more. */
  onLost(address: Address): void {
    this.#latecomers.onLost(address);
  }

  /** That peer is out of the session: nobody new is told of it. */
  forget(number: number): void {
    this.#introduction?.forget(number);
  }

  /** Those that came late are introduced to their neighbours. */
  letIn(): void {
    this.#latecomers.letIn(this.#verdicts.isDecided);
  }

  /** Whether nobody is waited for who may still take part. */
  get isSettled(): boolean {
    return this.#latecomers.isSettled;
  }

  onTick(): void {
    if (this.#introduction === undefined) return this.#invitation.onTick();
    this.#introduction.onTick();
    this.#latecomers.onTick();
  }

  deadline(): number | undefined {
    if (this.#introduction === undefined) return this.#invitation.deadline();
    return earlier(this.#introduction.deadline(), this.#latecomers.deadline());
  }

  /** Where peers come in. */
  get #door(): Invitation | Latecomers {
    return this.#introduction === undefined ? this.#invitation : this.#latecomers;
  }

  #reportNumbers(peers: readonly PeerInfo[]): void {
    const step = {
      type: "numbered",
      peers: peers.map(({ number, address }) => ({ number, address })),
    } as const;
    this.#context.emit({ type: "report-step", step });
  }
}
