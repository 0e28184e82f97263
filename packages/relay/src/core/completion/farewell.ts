import type { Address, PeerId } from "@palmtree/wire";
import { type Context, earlier } from "../context.js";

/**
 * The root's last second: the tree may have holes, so every peer is told directly too that the
 * session is over, until it says that it knows; and whoever still says something is told again.
 */
export class Farewell {
  readonly #context: Context;
  /** Peers that have not yet said that they know. */
  readonly #awaited = new Map<PeerId, Address>();
  readonly #until: number;
  #retellAt = 0;

  constructor(
    context: Context,
    peers: readonly { readonly id: PeerId; readonly address: Address }[],
  ) {
    this.#context = context;
    this.#until = context.now + context.options.lingerMs;
    for (const { id, address } of peers) this.#awaited.set(id, address);
    this.#tell();
  }

  get isOver(): boolean {
    return this.#awaited.size === 0 || this.#context.now >= this.#until;
  }

  onDatagram(from: Address, sender: PeerId, isLeave: boolean): void {
    if (isLeave) this.#awaited.delete(sender);
    else this.#context.send({ address: from, id: sender }, { type: "ended" });
  }

  onTick(): void {
    if (this.#retellAt <= this.#context.now && !this.isOver) this.#tell();
  }

  deadline(): number | undefined {
    return earlier(this.#until, this.#retellAt);
  }

  #tell(): void {
    for (const [id, address] of this.#awaited)
      this.#context.send({ address, id }, { type: "ended" });
    const { inviteRetryMs } = this.#context.options;
    this.#retellAt = this.#context.now + this.#context.jittered(inviteRetryMs);
  }
}
