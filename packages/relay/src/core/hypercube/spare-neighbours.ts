import type { PeerInfo } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";
import type { Neighbourhood } from "./neighbourhood.js";

/** How long two neighbours have to show that they are there, before they are introduced or dismissed. */
const answerMs = 1_000;

/** What a peer can do about a neighbour of its own. */
export interface Acquaintance {
  /** Ask it whether it is there. */
  readonly probe: (peer: PeerInfo) => void;
  /** Whether there is a link to the neighbour with that number. */
  readonly isUsed: (number: number) => boolean;
}

/**
 * A view of the session beyond the hypercube, so that nobody is alone when all whom the root named are
 * gone, and the root is gone too. Now and then a receiver draws two of its neighbours at random and, when
 * both answer, introduces them to each other. So everybody's *spare neighbours* are a sample of those that
 * are there, renewed as the session runs: random walks on the graph of who knows whom, as in Cyclon
 * (Voulgaris, Gavidia and van Steen, 2005), with the edge kept at both ends, since a peer answers its
 * neighbours only. Spare ones that twice do not answer are dismissed.
 */
export class SpareNeighbours {
  readonly #context: Context;
  readonly #neighbourhood: Neighbourhood;
  #drawAt: number | undefined;
  /** Those drawn that have not been heard of since. */
  readonly #awaited = new Set<number>();
  #drawn: readonly number[] = [];
  #judgeAt: number | undefined;
  /** Those that did not answer when they were drawn last: a datagram may have been lost. */
  readonly #doubted = new Set<number>();

  constructor(context: Context, neighbourhood: Neighbourhood) {
    this.#context = context;
    this.#neighbourhood = neighbourhood;
  }

  /** This peer has a parent, so that everybody knows their neighbours. */
  start(): void {
    this.#drawAt ??= this.#nextDraw();
  }

  /** This peer leaves the session. */
  stop(): void {
    this.#drawAt = undefined;
    this.#judgeAt = undefined;
  }

  /** This peer was late itself by that much: what it waits for may have come, unread. */
  forgive(lateMs: number): void {
    if (this.#judgeAt !== undefined) this.#judgeAt += lateMs;
  }

  /** A datagram came from this neighbour. */
  heard(number: number): void {
    if (this.#judgeAt === undefined || !this.#awaited.delete(number)) return;
    this.#doubted.delete(number);
    this.#neighbourhood.confirm(number);
    if (this.#awaited.size > 0) return;
    this.#judgeAt = undefined;
    this.#introduce();
  }

  onTick({ probe, isUsed }: Acquaintance): void {
    const { now } = this.#context;
    if (this.#judgeAt !== undefined && this.#judgeAt <= now) {
      this.#judgeAt = undefined;
      for (const number of this.#awaited) this.#doubt(number, isUsed);
    }
    if (this.#drawAt === undefined || this.#drawAt > now) return;
    this.#drawAt = this.#nextDraw();
    this.#draw(probe);
  }

  deadline(): number | undefined {
    return earlier(this.#drawAt, this.#judgeAt);
  }

  #draw(probe: Acquaintance["probe"]): void {
    // Everybody knows where the root is, and it needs nobody to be named.
    const { random } = this.#context;
    const others = this.#neighbourhood.candidates(random).filter((number) => number !== 0);
    this.#drawn = random.sample(others, 2);
    this.#awaited.clear();
    this.#judgeAt = this.#context.now + answerMs;
    for (const number of this.#drawn) {
      this.#awaited.add(number);
      const peer = this.#neighbourhood.get(number);
      if (peer !== undefined) probe(peer);
    }
  }

  #doubt(number: number, isUsed: Acquaintance["isUsed"]): void {
    const isAgain = this.#doubted.delete(number);
    if (isAgain) this.#neighbourhood.dismiss(number, isUsed);
    else this.#doubted.add(number);
  }

  #introduce(): void {
    const [one, other] = this.#drawn.map((number) => this.#neighbourhood.get(number));
    if (one === undefined || other === undefined) return;
    this.#context.send(one, { type: "introduce", peer: other });
    this.#context.send(other, { type: "introduce", peer: one });
  }

  #nextDraw(): number {
    return this.#context.now + this.#context.jittered(this.#context.options.introduceIntervalMs);
  }
}
