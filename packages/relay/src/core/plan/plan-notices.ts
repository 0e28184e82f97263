import { type PeerInfo, wireLimits } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";

/** Pause before a plan that is not acknowledged is sent again; doubles up to 8 times this. */
const retellMs = 100;

interface Notice {
  readonly peer: PeerInfo;
  sources: readonly number[];
  /** Neighbours in the plan, as they were told, to see whether there is news. */
  peers: readonly number[];
  revision: number;
  attempts: number;
  /** When to tell it again; undefined once it is acknowledged. */
  tellAt: number | undefined;
  movedAt: number;
}

/**
 * What every peer is told of the plan: who feeds it and whom it may be asked by. It is told until it
 * acknowledges that, and anew when its neighbours change.
 */
export class PlanNotices {
  readonly #context: Context;
  readonly #peers: ReadonlyMap<number, PeerInfo>;
  readonly #notices = new Map<number, Notice>();

  /** @param peers all peers, also those to come, by number; not changed */
  constructor(context: Context, peers: ReadonlyMap<number, PeerInfo>) {
    this.#context = context;
    this.#peers = peers;
  }

  /** This peer is to be told from now on. */
  add(peer: PeerInfo): void {
    this.#notices.set(peer.number, {
      peer,
      sources: [],
      peers: [],
      revision: 0,
      attempts: 0,
      tellAt: undefined,
      movedAt: Number.NEGATIVE_INFINITY,
    });
  }

  remove(number: number): void {
    this.#notices.delete(number);
  }

  /** Whether that peer is one of those that are told. */
  has(number: number): boolean {
    return this.#notices.has(number);
  }

  /** When a peer was given other sources; long ago for the root. */
  movedAt(number: number): number {
    return this.#notices.get(number)?.movedAt ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether a peer has acknowledged the last that it was told. */
  isAcknowledged(number: number): boolean {
    const notice = this.#notices.get(number);
    return notice !== undefined && notice.tellAt === undefined;
  }

  onAck(number: number, revision: number): void {
    const notice = this.#notices.get(number);
    if (notice?.revision === revision) notice.tellAt = undefined;
  }

  /**
   * Tell whoever has other neighbours in the plan than before.
   *
   * @returns those that had sources, and were given other ones
   */
  update(
    sources: ReadonlyMap<number, readonly number[]>,
    sinks: ReadonlyMap<number, readonly number[]>,
  ): readonly number[] {
    const moved: number[] = [];
    for (const [number, notice] of this.#notices) {
      const from = sources.get(number) ?? [];
      const peers = [...new Set([...from, ...(sinks.get(number) ?? [])])];
      const isMoved = from.join() !== notice.sources.join();
      if (!isMoved && peers.every((peer) => notice.peers.includes(peer))) continue;
      if (isMoved) {
        notice.movedAt = this.#context.now;
        if (notice.sources.length > 0) moved.push(number);
      }
      notice.sources = from;
      notice.peers = peers;
      notice.revision += 1;
      notice.attempts = 0;
      this.#tell(notice);
    }
    return moved;
  }

  onTick(): void {
    for (const notice of this.#notices.values())
      if (notice.tellAt !== undefined && notice.tellAt <= this.#context.now) this.#tell(notice);
  }

  deadline(): number | undefined {
    let due: number | undefined;
    for (const { tellAt } of this.#notices.values()) due = earlier(due, tellAt);
    return due;
  }

  #tell(notice: Notice): void {
    const { peer, revision, sources } = notice;
    const pauseMs = retellMs * 2 ** Math.min(3, notice.attempts);
    notice.attempts += 1;
    notice.tellAt = this.#context.now + this.#context.jittered(pauseMs);
    const peers = notice.peers
      .slice(0, wireLimits.neighbours)
      .map((number) => this.#peers.get(number) as PeerInfo);
    this.#context.send(peer, { type: "plan", revision, sources, peers });
  }
}
