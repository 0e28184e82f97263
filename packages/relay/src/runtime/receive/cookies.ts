import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Address, type Datagram, wireLimits } from "@palmtree/wire";

/** For how long a cookie is good, at least. */
const cookieMs = 60_000;

/** For how long a cookie is good, at most. */
export const mostCookieMs: number = 2 * cookieMs;

/**
 * Cookies for whoever invites this process: who brings one back has heard what was said to its
 * address lately, and is not somebody who repeats what was once said by others. Nothing is kept of
 * those who were given one.
 */
export class Cookies {
  readonly #secret = randomBytes(32);

  /** @returns 16 bytes for that address, session and sender */
  bake(from: Address, datagram: Datagram): Uint8Array {
    return this.#bakeFor(currentPeriod(), from, datagram);
  }

  /** Whether it was baked here for the same address, session and sender, at most two minutes ago. */
  isOwn(cookie: Uint8Array, from: Address, datagram: Datagram): boolean {
    const period = currentPeriod();
    return [period, period - 1].some((each) =>
      timingSafeEqual(cookie, this.#bakeFor(each, from, datagram)),
    );
  }

  #bakeFor(period: number, from: Address, { session, sender }: Datagram): Uint8Array {
    const code = createHmac("sha256", this.#secret);
    code.update([period, session, sender, from].join(" "));
    return new Uint8Array(code.digest().subarray(0, wireLimits.cookieBytes));
  }
}

function currentPeriod(): number {
  return Math.floor(performance.now() / cookieMs);
}
