import { type TreeRejectReason, wireLimits } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";

type Slot =
  /** A tree check is under way; repeated at `nextAt`. */
  | { readonly state: "probing"; readonly isAsked: boolean; attempts: number; nextAt: number }
  /** The neighbour accepted; the link's own timers decide. */
  | { readonly state: "upgrading" }
  | { readonly state: "child"; size: number };

/**
 * The child slots of one peer: at most `fanout` of them, each held from the first tree check on,
 * so that racing answers cannot overfill them, and freed on a rejection, on a time-out, and when
 * a child is lost.
 *
 * Also remembers which neighbours need not be checked again: those that are in the tree already.
 */
export class ChildSlots {
  readonly #context: Context;
  readonly #fanout: number;
  readonly #slots = new Map<number, Slot>();
  /** Neighbours that are in the tree, or are silent; they ask by themselves when they need us. */
  readonly #settled = new Set<number>();
  /** Neighbours that were deciding, and are not checked before that time. */
  readonly #decidingUntil = new Map<number, number>();

  constructor(context: Context, fanout: number) {
    this.#context = context;
    this.#fanout = fanout;
  }

  get free(): number {
    return Math.max(0, this.#fanout - this.#slots.size);
  }

  get children(): readonly number[] {
    const children: number[] = [];
    for (const [number, slot] of this.#slots) if (slot.state === "child") children.push(number);
    return children;
  }

  /** One for the peer itself, and the sizes that its children told; within what may be told on. */
  get subtreeSize(): number {
    let size = 1;
    for (const slot of this.#slots.values()) if (slot.state === "child") size += slot.size;
    return Math.min(size, wireLimits.peerCount);
  }

  hasChild(number: number): boolean {
    return this.#slots.get(number)?.state === "child";
  }

  hasProbe(number: number): boolean {
    const state = this.#slots.get(number)?.state;
    return state === "probing" || state === "upgrading";
  }

  /** Whether a tree check to this neighbour may lead to something. */
  isCandidate(number: number): boolean {
    if (this.#settled.has(number) || this.#slots.has(number)) return false;
    return (this.#decidingUntil.get(number) ?? 0) <= this.#context.now;
  }

  /** Hold a slot for this neighbour; false when all are taken by others. */
  hold(number: number): boolean {
    return this.#hold(number, false);
  }

  /**
   * Hold a slot for an orphan that asked for it. It comes before a neighbour that was only
   * probed and has not answered: that one is in the tree already, more often than not.
   */
  holdForOrphan(number: number): boolean {
    if (this.free === 0 && !this.#slots.has(number))
      for (const [probed, slot] of this.#slots)
        if (slot.state === "probing" && !slot.isAsked) {
          this.#slots.delete(probed);
          break;
        }
    return this.#hold(number, true);
  }

  /** A tree check was sent to a neighbour for which a slot is held. */
  probed(number: number): void {
    const slot = this.#slots.get(number);
    if (slot?.state !== "probing") return;
    slot.attempts += 1;
    slot.nextAt = this.#context.now + this.#context.jittered(this.#context.options.probeRetryMs);
  }

  /** The neighbour is in the tree: it need not be checked. True when that frees a slot. */
  settle(number: number): boolean {
    this.#settled.add(number);
    const slot = this.#slots.get(number);
    return slot?.state === "probing" && !slot.isAsked && this.#slots.delete(number);
  }

  /** The number is another peer's, of which nothing is known. */
  forget(number: number): void {
    this.#settled.delete(number);
    this.#decidingUntil.delete(number);
  }

  /** The neighbour rejected the tree check: its slot is free again. */
  reject(number: number, reason: TreeRejectReason): void {
    if (this.#slots.get(number)?.state !== "probing") return;
    this.#slots.delete(number);
    // Who is still deciding may end up without a parent after all; the others are in the tree.
    if (reason !== "deciding") this.#settled.add(number);
    else this.#decidingUntil.set(number, this.#context.now + this.#context.options.probeRetryMs);
  }

  beginUpgrade(number: number): void {
    if (this.#slots.get(number)?.state !== "child") this.#slots.set(number, { state: "upgrading" });
  }

  /** The link is active: the neighbour is a child. False when that would be one too many. */
  attach(number: number): boolean {
    if (!this.#slots.has(number) && this.free === 0) return false;
    this.#slots.set(number, { state: "child", size: 1 });
    return true;
  }

  /** The link is passive: the slot is free. True when the neighbour was a child. */
  release(number: number): boolean {
    const slot = this.#slots.get(number);
    if (slot === undefined || slot.state === "probing") return false;
    this.#slots.delete(number);
    // A lost neighbour asks by itself when it is ready again.
    this.#settled.add(number);
    return slot.state === "child";
  }

  /** True when the size is news. */
  resize(number: number, size: number): boolean {
    const slot = this.#slots.get(number);
    if (slot?.state !== "child" || slot.size === size) return false;
    slot.size = size;
    return true;
  }

  /** The child with the fewest peers below it, where an orphan's search ends soonest. */
  smallestChild(except: number): number | undefined {
    let best: number | undefined;
    let bestSize = Number.POSITIVE_INFINITY;
    for (const [number, slot] of this.#slots) {
      if (slot.state !== "child" || number === except || slot.size >= bestSize) continue;
      best = number;
      bestSize = slot.size;
    }
    return best;
  }

  /** Free the slots of neighbours that never answered; returns those to be checked once more. */
  expireProbes(): readonly number[] {
    const again: number[] = [];
    for (const [number, slot] of this.#slots) {
      if (slot.state !== "probing" || slot.nextAt > this.#context.now) continue;
      if (slot.attempts < this.#context.options.probeAttempts) {
        again.push(number);
        continue;
      }
      this.#slots.delete(number);
      this.#settled.add(number);
    }
    return again;
  }

  deadline(): number | undefined {
    let first: number | undefined;
    for (const slot of this.#slots.values())
      if (slot.state === "probing") first = earlier(first, slot.nextAt);
    if (this.free > 0)
      for (const until of this.#decidingUntil.values())
        if (until > this.#context.now) first = earlier(first, until);
    return first;
  }

  #hold(number: number, isAsked: boolean): boolean {
    if (this.#slots.has(number)) return true;
    if (this.free === 0) return false;
    this.#slots.set(number, { state: "probing", isAsked, attempts: 0, nextAt: this.#context.now });
    return true;
  }
}
