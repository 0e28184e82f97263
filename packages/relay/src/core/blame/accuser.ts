import { Allowance } from "@palmtree/transport/core";
import { type Blame, truncateUtf8, wireLimits } from "@palmtree/wire";
import type { Context } from "../context.js";

/** Pauses before the root is told the same again: it does not answer. */
const retellMs: readonly number[] = [500, 1_000];

/**
 * Accusations at once, and more with every millisecond: a few more than a swarm full of liars
 * earns.
 */
const mostAtOnce = 16;
const morePerMs = 1 / 1_000;

interface Accusation {
  readonly message: Blame;
  readonly saidAt: number;
  /** How often it was told. */
  told: number;
  tellAt: number;
}

/** Tells the root whom this peer has cut off, and why; of each neighbour now and then only. */
export class Accuser {
  readonly #context: Context;
  readonly #send: (message: Blame) => void;
  readonly #allowance: Allowance;
  /** By the accused; never more than there are neighbours. */
  readonly #accusations = new Map<number, Accusation>();

  constructor(context: Context, send: (message: Blame) => void) {
    this.#context = context;
    this.#send = send;
    this.#allowance = new Allowance(mostAtOnce, morePerMs, context.now);
  }

  accuse(number: number, code: string, detail: string): void {
    const { now, options } = this.#context;
    for (const [earlier, { saidAt }] of this.#accusations)
      if (saidAt + options.blameMs <= now) this.#accusations.delete(earlier);
    if (this.#accusations.has(number) || !this.#allowance.take(now)) return;
    const cut = truncateUtf8(detail, wireLimits.detailBytes);
    const message = { type: "blame", number, code, detail: cut } as const;
    const accusation = { message, saidAt: now, told: 0, tellAt: now };
    this.#accusations.set(number, accusation);
    this.#tell(accusation);
  }

  /** The number is another peer's, which has done nothing. */
  forget(number: number): void {
    this.#accusations.delete(number);
  }

  onTick(): void {
    for (const accusation of this.#accusations.values())
      if (accusation.tellAt <= this.#context.now) this.#tell(accusation);
  }

  deadline(): number | undefined {
    let due = Number.POSITIVE_INFINITY;
    for (const { tellAt } of this.#accusations.values()) due = Math.min(due, tellAt);
    return Number.isFinite(due) ? due : undefined;
  }

  #tell(accusation: Accusation): void {
    const pauseMs = retellMs[accusation.told] ?? Number.POSITIVE_INFINITY;
    accusation.told += 1;
    accusation.tellAt = this.#context.now + pauseMs;
    this.#send(accusation.message);
  }
}
