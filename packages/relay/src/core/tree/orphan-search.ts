import type { PeerId, PeerInfo } from "@palmtree/wire";
import type { Context } from "../context.js";

/**
 * Referrals that are followed at once between two rounds, to a peer each. A walk down the tree takes as many
 * as the tree is deep; one that goes in circles, because of who lied about an address, would take any number.
 */
const mostStepsAtOnce = 512;

/**
 * Each time that all rounds were in vain, pauses double, up to so often. What many orphans ask may be what
 * keeps the answers from arriving in time: slots are held for a second only.
 */
const mostDoublings = 3;

/** Whom an orphan asks now. */
export interface OrphanRound {
  readonly asked: readonly number[];
  /** The root is asked from the next round on at the latest, for which it has to be a neighbour. */
  readonly asksRoot: boolean;
  /** Asked in vain for long, or nobody is left to ask: all ways may lead through the children. */
  readonly isHopeless: boolean;
}

/**
 * How a peer without a parent looks for one: when it asks, whom, and whom it does not ask any
 * more. In each round two neighbours drawn at random, and the two ends of its last referral,
 * where a walk down the tree goes on when a datagram of it was lost. When that was in vain for long, or
 * nobody is left, the root too: it is there as long as there is a session. Who has had a parent asks it
 * from the second round on: what is left of its neighbours may well hang below it, and others wait for it.
 */
export class OrphanSearch {
  readonly #context: Context;
  #askAt: number | undefined;
  #rounds = 0;
  /** How often `orphanRounds` rounds were in vain, since it began to look for a parent. */
  #vain = 0;
  #hasHadParent = false;
  /** Since it asked in vain, or had nobody to ask: all its neighbours may be gone. */
  #asksRoot = false;
  /** To whom it was referred since the last round: a liar may give one peer many numbers. */
  readonly #followed = new Set<PeerId>();
  /** Who referred this orphan last, and to whom. */
  #trail: readonly number[] = [];
  readonly #blamedUntil = new Map<number, number>();
  /** Neighbours that have left the session. */
  readonly #departed = new Set<number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Begin to ask after about that long, unless it is to begin earlier. */
  beginWithin(milliseconds: number): void {
    this.#askAt ??= this.#context.now + this.#context.jittered(milliseconds);
  }

  /** Somebody may become the parent: do not ask until that has failed. */
  pause(): void {
    this.#askAt = undefined;
  }

  /** A parent is found, or none is needed any more. */
  end(): void {
    this.#askAt = undefined;
    this.#hasHadParent = true;
    this.#asksRoot = false;
    this.#vain = 0;
    this.#restart();
  }

  /** Do not take this neighbour as a parent for a while. */
  blame(number: number): void {
    this.#blamedUntil.set(number, this.#context.now + this.#context.options.blameMs);
  }

  isBlamed(number: number): boolean {
    const until = this.#blamedUntil.get(number);
    return until !== undefined && until > this.#context.now;
  }

  /** The neighbour has left the session for good. */
  depart(number: number): void {
    this.#departed.add(number);
  }

  /** The number is another peer's. */
  forget(number: number): void {
    this.#blamedUntil.delete(number);
    this.#departed.delete(number);
  }

  /**
   * A full neighbour sent this orphan on.
   *
   * @returns whether it may ask there at once; not twice: liars would have it flood an honest peer
   */
  follow(from: number, to: PeerInfo): boolean {
    this.#trail = [from, to.number];
    if (this.#followed.has(to.id) || this.#followed.size >= mostStepsAtOnce) return false;
    this.#followed.add(to.id);
    return true;
  }

  get isDue(): boolean {
    return this.#askAt !== undefined && this.#askAt <= this.#context.now;
  }

  /**
   * Draw whom to ask, and when to ask next.
   *
   * @param neighbours all that are not children of this peer
   */
  nextRound(neighbours: readonly number[]): OrphanRound {
    const { now, options, random } = this.#context;
    const mayAsk = (number: number): boolean =>
      !this.isBlamed(number) && !this.#departed.has(number);
    const willing = neighbours.filter(mayAsk);
    this.#rounds += 1;
    this.#followed.clear();
    // Who is only blamed may be asked again soon, and no child has to pay for that.
    const isDeserted = neighbours.every((number) => this.#departed.has(number));
    const isInVain = this.#rounds > options.orphanRounds;
    const isHopeless = isInVain || isDeserted;
    if (isInVain) this.#vain += 1;
    if (isHopeless) this.#restart();
    this.#asksRoot ||= isHopeless || willing.length === 0;
    const trail = this.#trail.filter((number) => willing.includes(number));
    const pauseMs = options.orphanRetryMs * Math.min(4, 1 + this.#rounds / 4);
    this.#askAt = now + this.#context.jittered(pauseMs * 2 ** Math.min(mostDoublings, this.#vain));
    if (this.#asksRoot && willing.includes(0) && !trail.includes(0)) trail.push(0);
    this.#asksRoot ||= this.#hasHadParent;
    const others = willing.filter((number) => !trail.includes(number));
    const asked = [...trail, ...random.sample(others, 2)];
    return { asked, asksRoot: this.#asksRoot, isHopeless };
  }

  deadline(): number | undefined {
    return this.#askAt;
  }

  #restart(): void {
    this.#rounds = 0;
    this.#trail = [];
  }
}
