import { Allowance } from "@palmtree/transport/core";
import type { ControlMessage, PeerId } from "@palmtree/wire";
import type { Context } from "../context.js";

/**
 * What a peer asks of its own accord, and what only the root may say. How often it says the rest is not in its
 * hands: it passes pulses on, introduces whom others send, and repeats what a repeated invitation asks.
 */
const counted: ReadonlySet<ControlMessage["type"]> = new Set([
  "probe",
  "orphan",
  "tree-check",
  "upgrade-request",
  "neighbours",
  "plan",
  "reparent",
  "ended",
]);

/**
 * Questions that a peer may ask another at once, and more with every millisecond. In 800 simulated swarms with
 * losses, crashes and pauses nobody asked more than 13 at once and 16 a second.
 */
const mostQuestions = 256;
const questionsPerMs = 0.016;

/** Peers of which that is counted, who has asked nothing for longest going first; and as many that have flooded. */
const mostAsking = 65_536;

/** Finds who floods this peer: to check a question's signature, and to sign an answer, takes 0.3 ms. */
export class TalkWatch {
  readonly #context: Context;
  /** What each may still ask. */
  readonly #asking = new Map<PeerId, Allowance>();
  /** Who is not listened to any more. */
  readonly #flooded = new Set<PeerId>();

  constructor(context: Context) {
    this.#context = context;
  }

  /**
   * A peer that is not the root says something.
   *
   * @param number - of a neighbour, at the root of any receiver; undefined: of whom nothing is counted
   * @returns whether to listen to it; who floods is told of once
   */
  hears(sender: PeerId, number: number | undefined, type: ControlMessage["type"]): boolean {
    if (this.#flooded.has(sender)) return false;
    if (number === undefined || !counted.has(type) || this.#take(sender)) return true;
    this.#asking.delete(sender);
    this.#flooded.add(sender);
    forgetFirst(this.#flooded);
    const message = `asked more than ${mostQuestions} things at once and ${questionsPerMs * 1_000} a second`;
    this.#context.tell({ type: "misbehaved", number, code: "limit-exceeded", message });
    return false;
  }

  /** This process was held up: what came meanwhile comes at once now. */
  forgive(): void {
    this.#asking.clear();
  }

  #take(sender: PeerId): boolean {
    const { now } = this.#context;
    const left = this.#asking.get(sender) ?? new Allowance(mostQuestions, questionsPerMs, now);
    this.#asking.delete(sender);
    this.#asking.set(sender, left);
    forgetFirst(this.#asking);
    return left.take(now);
  }
}

function forgetFirst(peers: Map<PeerId, Allowance> | Set<PeerId>): void {
  const [first] = peers.keys();
  if (peers.size > mostAsking && first !== undefined) peers.delete(first);
}
