import type { Address } from "@palmtree/wire";
import type { Context } from "../context.js";

/** Peers of which one peer's word is kept: more than it has neighbours. */
const mostAccused = 128;

/**
 * The root's account of who says that whom did wrong. It is kept for the user, and to keep the two
 * apart; nobody is thrown out for it, since the root cannot see who of the two lies.
 */
export class Accusations {
  readonly #context: Context;
  readonly #addressOf: (number: number) => Address | undefined;
  /** By accuser: whom it has accused. */
  readonly #accused = new Map<number, Set<number>>();
  /** By accused: how many have accused it. */
  readonly #counts = new Map<number, number>();

  /** @param addressOf of every peer that takes part, the root too: its number stays its own */
  constructor(context: Context, addressOf: (number: number) => Address | undefined) {
    this.#context = context;
    this.#addressOf = addressOf;
  }

  /** Peers that have accused this one. */
  countOf(number: number): number {
    return this.#counts.get(number) ?? 0;
  }

  /** @returns whether this is the first word of that peer about that other one */
  note(from: number, number: number, code: string, message: string): boolean {
    const [by, address] = [this.#addressOf(from), this.#addressOf(number)];
    if (by === undefined || address === undefined || from === number) return false;
    const accused = this.#accused.get(from) ?? new Set();
    if (accused.has(number) || accused.size >= mostAccused) return false;
    this.#accused.set(from, accused.add(number));
    this.#counts.set(number, this.countOf(number) + 1);
    const step = { type: "accused", number, address, by, code, message } as const;
    // Whom the root itself has cut off was told as that.
    if (from !== 0) this.#context.emit({ type: "report-step", step });
    return true;
  }
}
