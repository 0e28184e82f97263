import type { LinkMetrics, PeerInfo } from "@palmtree/wire";
import type { Context } from "../context.js";

/** How often each neighbour that sends chunks is asked for an answer: cheap enough for any number. */
const probeMs = 1_000;

/** A probe that is not answered within this is lost. A busy machine answers late. */
const lostMs = 2_000;

/** Probes under way to one neighbour, at most: one that is silent is asked more often. */
const mostUnderWay = 32;

interface Measured {
  probeAt: number;
  /** When each probe was sent that is not answered yet, by its count. */
  readonly underWay: Map<number, number>;
  answered: number;
  lost: number;
  /** The shortest: what is longer has waited somewhere. */
  roundTripMs: number | undefined;
  bytes: number;
  firstAt: number | undefined;
  lastAt: number;
}

/**
 * Measures the links over which chunks come: the round trip and the share of datagrams that get
 * lost, by probes, and the rate of what comes.
 */
export class LinkMeter {
  readonly #context: Context;
  readonly #measured = new Map<number, Measured>();
  #probes = 0;
  #lookAt: number | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Ask a neighbour whether it is there. */
  probe(peer: PeerInfo): void {
    const { underWay } = this.#of(peer.number);
    this.#probes += 1;
    if (underWay.size < mostUnderWay) underWay.set(this.#probes, this.#context.now);
    this.#context.send(peer, { type: "probe", count: this.#probes });
  }

  /** A neighbour asks whether this peer is there. */
  answer(peer: PeerInfo | undefined, count: number): void {
    if (peer !== undefined) this.#context.send(peer, { type: "probe-ack", count });
  }

  onAnswer(number: number, count: number): void {
    const measured = this.#measured.get(number);
    const askedAt = measured?.underWay.get(count);
    if (measured === undefined || askedAt === undefined) return;
    measured.underWay.delete(count);
    measured.answered += 1;
    const roundTripMs = this.#context.now - askedAt;
    measured.roundTripMs = Math.min(measured.roundTripMs ?? roundTripMs, roundTripMs);
  }

  /** A chunk of so many bytes came from this neighbour. */
  onChunk(number: number, bytes: number): void {
    const measured = this.#of(number);
    const { now } = this.#context;
    this.#lookAt ??= now;
    // The first one opens the clock: its own bytes took the time before.
    if (measured.firstAt === undefined) measured.firstAt = now;
    else measured.bytes += bytes;
    measured.lastAt = now;
  }

  /** The number is another peer's: an answer, or what is lost, is not that one's. */
  forget(number: number): void {
    this.#measured.delete(number);
  }

  /** @param isHungry whether chunks are still awaited */
  onTick(isHungry: boolean, neighbour: (number: number) => PeerInfo | undefined): void {
    const { now } = this.#context;
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    this.#lookAt = isHungry ? now + probeMs : undefined;
    for (const [number, measured] of this.#measured) {
      this.#forget(measured);
      const peer = neighbour(number);
      const isSource = measured.firstAt !== undefined && now - measured.lastAt < lostMs;
      if (!isHungry || !isSource || peer === undefined || now < measured.probeAt) continue;
      measured.probeAt = now + probeMs;
      this.probe(peer);
    }
  }

  deadline(): number | undefined {
    return this.#lookAt;
  }

  /** The links that brought anything, the one that brought most first. */
  get links(): readonly LinkMetrics[] {
    return [...this.#measured]
      .filter(([, { firstAt }]) => firstAt !== undefined)
      .sort(([, one], [, other]) => other.bytes - one.bytes)
      .map(([number, measured]) => metricsOf(number, measured));
  }

  #of(number: number): Measured {
    let measured = this.#measured.get(number);
    if (measured === undefined) {
      measured = {
        probeAt: Number.NEGATIVE_INFINITY,
        underWay: new Map(),
        answered: 0,
        lost: 0,
        roundTripMs: undefined,
        bytes: 0,
        firstAt: undefined,
        lastAt: 0,
      };
      this.#measured.set(number, measured);
    }
    return measured;
  }

  #forget(measured: Measured): void {
    for (const [count, askedAt] of measured.underWay) {
      if (askedAt + lostMs > this.#context.now) return;
      measured.underWay.delete(count);
      measured.lost += 1;
    }
  }
}

function metricsOf(number: number, measured: Measured): LinkMetrics {
  const { answered, lost, roundTripMs, bytes, firstAt = 0, lastAt } = measured;
  const asked = answered + lost;
  const elapsedMs = lastAt - firstAt;
  return {
    number,
    roundTripUs: roundTripMs === undefined ? 0 : Math.max(1, Math.round(roundTripMs * 1_000)),
    lossPermille: asked === 0 ? 0 : Math.round((1_000 * lost) / asked),
    bytesPerSecond: elapsedMs > 0 ? Math.round((1_000 * bytes) / elapsedMs) : 0,
  };
}
