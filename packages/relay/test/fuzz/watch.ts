import { type Address, encodeDatagram, encodeFrame } from "@palmtree/wire";
import { promise } from "@palmtree/wire/fuzz";
import type { Effect } from "../../src/core/effect.js";
import type { PeerEvent } from "../../src/core/event.js";
import type { Host } from "../../src/sim/host.js";

/** Effects of one event: a `want` may be answered by 1,024 refusals, a report by as many frames. */
const mostEffects = 4_096;
/** Neighbours that are kept, those introduced among them (docs/protocol.md, section 4). */
const mostIntroduced = 64;
const mostListed = 64;

/**
 * Datagrams from one honest peer to another in a second, beside three for each that hostile peers sent
 * them: an orphan on its walk says most.
 */
const mostDatagramsPerSecond = 500;

/** What has to hold at every moment for those that are not hostile. */
export class Watch {
  readonly #hostile: readonly Address[];
  /** The most effects that one event had. */
  mostEffects = 0;
  /** What time it is in the simulation. */
  clock: () => number = () => 0;
  /** The second that is being counted. */
  #second = 0;
  /** In it: what came from hostile peers, and what each honest one said to each. */
  #provoked = 0;
  readonly #said = new Map<string, number>();
  /** How the honest ended, by their addresses. */
  readonly ends: Map<Address, { readonly code?: string }> = new Map();

  constructor(hostile: readonly Address[]) {
    this.#hostile = hostile;
  }

  note(host: Host, event: PeerEvent, effects: readonly Effect[]): void {
    if (this.#hostile.includes(host.address)) return;
    this.#count(host, event, effects);
    this.mostEffects = Math.max(this.mostEffects, effects.length);
    promise(effects.length <= mostEffects, () => `${effects.length} effects of a ${event.type}`);
    for (const effect of effects) this.#check(host, effect);
    if (event.type === "frame-received" || event.type === "datagram-received") checkBounds(host);
  }

  /** Whoever failed says so in the protocol's own words. */
  checkEnds(): void {
    for (const [address, { code }] of this.ends)
      promise(code !== "", () => `${address} has ended with an error that has no code`);
  }

  /** Nobody can make two honest peers talk to each other without an end. */
  #count({ address }: Host, event: PeerEvent, effects: readonly Effect[]): void {
    const second = Math.floor(this.clock() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#provoked = 0;
      this.#said.clear();
    }
    if (event.type === "datagram-received" && this.#hostile.includes(event.from))
      this.#provoked += 1;
    for (const effect of effects) {
      if (effect.type !== "send-datagram" || this.#hostile.includes(effect.to)) continue;
      const pair = `${address} to ${effect.to}`;
      const said = 1 + (this.#said.get(pair) ?? 0);
      this.#said.set(pair, said);
      const most = mostDatagramsPerSecond + 3 * this.#provoked;
      promise(said <= most, () => `${said} datagrams in a second from ${pair}`);
    }
  }

  #check(host: Host, effect: Effect): void {
    // Simulated chunks are smaller than an invitation may say.
    if (effect.type === "send-datagram" && effect.message.type !== "invite") {
      const sender = host.id;
      // Throws when it could not be sent.
      const session = "11".repeat(16);
      const { receiver, message } = effect;
      encodeDatagram({ session, sender, receiver, counter: 1, message });
    } else if (effect.type === "send-frame" && effect.frame.type !== "chunk")
      encodeFrame(effect.frame);
    else if (effect.type === "report-step" && effect.step.type === "ended") {
      const { error } = effect.step;
      this.ends.set(host.address, error === undefined ? {} : { code: error.code });
    }
  }
}

function checkBounds({ machine }: Host): void {
  const relay = machine?.relay;
  if (relay === undefined) return;
  const { size } = relay.neighbourhood;
  promise(size <= mostListed + mostIntroduced, () => `${size} neighbours`);
}
