import type { Frame } from "@palmtree/wire";
import type { Context } from "../context.js";
import type { ConnectionId } from "../event.js";
import { type Stripes, stripeTest } from "./stripes.js";

/** A connection over which chunks come. */
export interface Inlet {
  readonly number: number;
  readonly connection: ConnectionId;
  readonly stripes: Stripes;
}

/** The connections over which chunks come, from the parent and from the sources of feeds. */
export class Inlets {
  readonly #context: Context;
  readonly #heard: (number: number) => void;
  readonly #inlets = new Map<ConnectionId, Inlet>();
  #isPaused = false;
  #asked = 0;

  /** @param heard called for a neighbour whose silence was of this peer's own making */
  constructor(context: Context, heard: (number: number) => void) {
    this.#context = context;
    this.#heard = heard;
  }

  get size(): number {
    return this.#inlets.size;
  }

  get all(): Iterable<Inlet> {
    return this.#inlets.values();
  }

  /** Whether nothing is read from them. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  set(inlet: Inlet): void {
    const { connection } = inlet;
    this.#inlets.set(connection, inlet);
    if (this.#isPaused) this.#context.emit({ type: "pause-connection", connection });
  }

  remove(connection: ConnectionId): void {
    this.#inlets.delete(connection);
  }

  send({ connection }: Inlet, frame: Frame): void {
    this.#context.emit({ type: "send-frame", connection, frame });
  }

  /** Who sends that chunk without being asked for it. */
  feederOf(index: number): Inlet | undefined {
    return [...this.#inlets.values()].find(({ stripes }) => stripeTest(stripes)(index));
  }

  /** Who is asked for missing chunks: one after the other, since any of them may be stuck. */
  next(): Inlet | undefined {
    const inlets = [...this.#inlets.values()];
    this.#asked += 1;
    return inlets[this.#asked % inlets.length];
  }

  /** Stop reading, so that TCP holds them back. */
  pause(): void {
    this.#isPaused = true;
    for (const connection of this.#inlets.keys())
      this.#context.emit({ type: "pause-connection", connection });
  }

  resume(): void {
    this.#isPaused = false;
    for (const { connection, number } of this.#inlets.values()) {
      this.#context.emit({ type: "resume-connection", connection });
      this.#heard(number);
    }
  }
}
