import { type Address, type Invite, nobody } from "@palmtree/wire";
import type { Context } from "../context.js";

/** Addresses that are remembered; the one that was invited first is forgotten first. */
const mostRemembered = 65_536;

/**
 * Says the root's invitation, and remembers where: a challenge is answered only from there, or
 * forged ones would make the root say more to others than was said to it.
 */
export class Inviter {
  readonly #context: Context;
  readonly #invite: Invite;
  readonly #invited = new Set<Address>();

  constructor(context: Context, invite: Invite) {
    this.#context = context;
    this.#invite = invite;
  }

  /** Invite whoever is at that address. */
  invite(address: Address): void {
    this.#context.send({ address, id: nobody }, this.#invite);
    this.#invited.delete(address);
    this.#invited.add(address);
    if (this.#invited.size <= mostRemembered) return;
    for (const first of this.#invited) {
      this.#invited.delete(first);
      return;
    }
  }

  /** Who is invited there wants to know whether somebody is here. */
  onChallenge(address: Address, cookie: Uint8Array): void {
    // Once for each invitation: a challenge is shorter than what it leads to.
    if (!this.#invited.delete(address)) return;
    this.#context.send({ address, id: nobody }, { ...this.#invite, cookie });
  }
}
