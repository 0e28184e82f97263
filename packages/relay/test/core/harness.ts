import { Bitmap } from "@palmtree/files/core";
import type { Address, ControlMessage, Frame, Invite } from "@palmtree/wire";
import type { Effect } from "../../src/core/effect.js";
import type { ConnectionId, PeerEvent } from "../../src/core/event.js";
import { Member } from "../../src/core/member.js";
import type { PeerOptions } from "../../src/core/options.js";
import { type Phase, Root } from "../../src/core/root.js";
import type { PeerResult, Step } from "../../src/core/step.js";
import { SimulatedContent, simulatedHash, simulatedSessionHash } from "../../src/sim/content.js";
import { address, makeContext, makeInvite, peer, session } from "./parts.js";

/** What a machine wants of source, disk and processor. */
type Work = Extract<
  Effect,
  {
    type:
      | "produce-chunk"
      | "hash-session"
      | "verify-chunk"
      | "store-chunk"
      | "load-chunk"
      | "check-leftover"
      | "open-manifest"
      | "land";
  }
>;

/** Something that was said: `0 -> 1 ping`, or over TCP `0 => 1 chunk`. */
export interface Line {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly how: "datagram" | "frame";
  readonly message: ControlMessage | Frame;
}

/** A machine with its place in the room. */
export class Party {
  readonly place: number;
  readonly machine: Root | Member;
  readonly steps: Step[] = [];
  readonly stored: Map<number, Uint8Array> = new Map();
  /** What is on its disk from before. */
  readonly leftovers: Map<number, Uint8Array> = new Map();
  /** To whom each connection leads, and how it is called there. */
  readonly connections: Map<ConnectionId, { readonly party: Party; readonly id: ConnectionId }> =
    new Map();
  /** The connections that it paused and resumed, in order; the room delivers all the same. */
  readonly flow: string[] = [];
  isLanded = false;
  hasEnded = false;
  /** Neither heard nor speaking any more. */
  isGone = false;
  counter = 0;
  accepted = 0;

  constructor(place: number, machine: Root | Member) {
    this.place = place;
    this.machine = machine;
  }

  /** The end, as this machine tells it. */
  get ended(): Extract<Step, { type: "ended" }> | undefined {
    return this.steps.find((step) => step.type === "ended");
  }
}

/**
 * A root and its receivers in one room, where everything said is heard at once and in order, and
 * time passes only when the test lets it. Parties are called by the last number of their address:
 * 0 is the root.
 */
export class Room {
  readonly content: SimulatedContent;
  readonly invite: Invite;
  readonly parties: Party[] = [];
  readonly lines: Line[] = [];
  now = 0;
  /** What is lost on the way: datagrams always may be, frames with their connection. */
  lose: (line: Line) => boolean = () => false;
  /** Effects of which the answer waits for {@link release}. */
  hold: (party: Party, effect: Effect) => boolean = () => false;
  readonly #options: Partial<PeerOptions>;
  readonly #waiting: (() => void)[] = [];
  readonly #held: (() => void)[] = [];

  constructor({
    receivers = 2,
    strangers = 0,
    chunkCount = 40,
    options = {},
    invite = {},
  }: {
    readonly receivers?: number;
    /** Receivers beside those, which nobody invites at first; their places come last. */
    readonly strangers?: number;
    readonly chunkCount?: number;
    readonly options?: Partial<PeerOptions>;
    readonly invite?: Partial<Invite>;
  } = {}) {
    this.#options = options;
    this.content = new SimulatedContent(chunkCount, 1_024);
    this.invite = makeInvite({
      chunkCount,
      chunkSizeBytes: 1_024,
      totalBytes: this.content.totalBytes,
      manifestBytes: this.content.manifest.length,
      ...invite,
    });
    const places = Array.from({ length: receivers }, (_, place) => place + 1);
    this.parties.push(new Party(0, this.#makeRoot(places.map(address))));
    for (let place = 1; place <= receivers + strangers; place += 1)
      this.parties.push(new Party(place, this.#makeMember(place)));
  }

  get root(): Root {
    return this.party(0).machine as Root;
  }

  get phase(): Phase {
    return this.root.phase;
  }

  get results(): readonly PeerResult[] {
    return this.root.results;
  }

  party(place: number): Party {
    return this.parties[place] as Party;
  }

  member(place: number): Member {
    return this.party(place).machine as Member;
  }

  start(): void {
    this.tell(0, { type: "start" });
  }

  /** Tell a party's machine something, and let everything happen that follows at once. */
  tell(place: number, event: PeerEvent): void {
    this.#handle(this.party(place), event);
    this.#settle();
  }

  /** Have a party say something over UDP that its machine did not. */
  say(from: number, to: number, message: ControlMessage): void {
    this.#datagram(this.party(from), address(to), message);
    this.#settle();
  }

  /** Let time pass, machine by machine in the order of their deadlines. */
  pass(milliseconds: number): void {
    const until = this.now + milliseconds;
    for (let next = this.#nextDue(); next.at <= until; next = this.#nextDue()) {
      this.now = next.at;
      if (next.party !== undefined) this.tell(next.party.place, { type: "tick" });
    }
    this.now = until;
  }

  /** Let time pass until something is so; at most a minute. */
  passUntil(isSo: () => boolean): void {
    for (let waited = 0; !isSo(); waited += 5) {
      if (waited > 60_000) throw new Error("a minute has passed in vain");
      this.pass(5);
    }
  }

  /** Let what was held back be answered. */
  release(): void {
    this.#waiting.push(...this.#held.splice(0));
    this.#settle();
  }

  /** A party dies. Its connections break at once (`kill`), or it only falls silent (`vanish`). */
  crash(place: number, how: "kill" | "vanish"): void {
    const party = this.party(place);
    party.isGone = true;
    if (how === "kill")
      for (const other of party.connections.values()) this.#close(other.party, other.id);
    this.#settle();
  }

  /** The connection between a child and its parent breaks. */
  cut(child: number, parent: number): void {
    for (const [id, other] of this.party(child).connections) {
      if (other.party.place !== parent) continue;
      this.#close(this.party(child), id);
      this.#close(other.party, other.id);
    }
    this.#settle();
  }

  /** What was said, as `0 -> 1 ping` and `0 => 1 chunk`. */
  heard(type: (ControlMessage | Frame)["type"], from?: number, to?: number): readonly Line[] {
    return this.lines.filter(
      (line) =>
        line.message.type === type &&
        (from === undefined || line.from === from) &&
        (to === undefined || line.to === to),
    );
  }

  #makeRoot(addresses: readonly Address[]): Root {
    return new Root(makeContext(this.#options, 0), {
      session,
      address: address(0),
      invite: this.invite,
      manifest: this.content.manifest,
      sizes: this.content,
      addresses,
    });
  }

  #makeMember(place: number): Member {
    return new Member(makeContext(this.#options, place), {
      session,
      rootAddress: address(0),
      rootId: peer(0).id,
      invite: this.invite,
    });
  }

  #nextDue(): { readonly at: number; readonly party?: Party } {
    let next: { readonly at: number; readonly party?: Party } = { at: Number.POSITIVE_INFINITY };
    for (const party of this.parties) {
      const at = party.isGone ? undefined : party.machine.deadline();
      if (at !== undefined && at < next.at) next = { at: Math.max(at, this.now), party };
    }
    return next;
  }

  #settle(): void {
    for (let done = 0; this.#waiting.length > 0; done += 1) {
      if (done > 100_000) throw new Error("there is no end to what follows at once");
      this.#waiting.shift()?.();
    }
  }

  #handle(party: Party, event: PeerEvent): void {
    if (party.isGone) return;
    for (const effect of party.machine.handle(event, this.now)) {
      if (party.hasEnded) throw new Error(`${party.place} wants ${effect.type} after its end`);
      this.#perform(party, effect);
    }
    const due = party.machine.deadline();
    if (due !== undefined && due < this.now) throw new Error(`${party.place} is due in the past`);
  }

  #later(party: Party, event: PeerEvent): void {
    this.#waiting.push(() => this.#handle(party, event));
  }

  #perform(party: Party, effect: Effect): void {
    switch (effect.type) {
      case "send-datagram":
        return this.#datagram(party, effect.to, effect.message);
      case "dial":
        return this.#dial(party, effect.connection, effect.to);
      case "send-frame":
        return this.#frame(party, effect.connection, effect.frame);
      case "close-connection":
      case "drop-connection": {
        const other = party.connections.get(effect.connection);
        this.#close(party, effect.connection);
        if (other !== undefined) this.#close(other.party, other.id);
        return;
      }
      case "report-step":
        party.steps.push(effect.step);
        return;
      case "end":
        party.hasEnded = true;
        return;
      case "release-chunk":
      case "end-stream":
        return;
      case "pause-connection":
      case "resume-connection":
        party.flow.push(`${effect.type.split("-")[0]} ${effect.connection}`);
        return;
      default:
        return this.#answer(party, effect);
    }
  }

  #answer(party: Party, effect: Work): void {
    const event = this.#work(party, effect);
    const answer = (): void => this.#handle(party, event);
    if (this.hold(party, effect)) this.#held.push(answer);
    else this.#waiting.push(answer);
  }

  /** What source, disk and processor do. */
  #work(party: Party, effect: Work): PeerEvent {
    const { content } = this;
    switch (effect.type) {
      case "produce-chunk": {
        const payload = content.payloadOf(effect.index);
        return {
          type: "chunk-produced",
          index: effect.index,
          hash: simulatedHash(payload),
          payload,
        };
      }
      case "hash-session":
        return { type: "session-hashed", sessionHash: simulatedSessionHash(effect.pages, 0) };
      case "verify-chunk": {
        const { connection, index, payload, hash } = effect;
        const isIntact = Buffer.compare(simulatedHash(payload), hash) === 0;
        return { type: "chunk-verified", connection, index, payload, isIntact };
      }
      case "store-chunk":
        party.stored.set(effect.index, effect.payload);
        return { type: "chunk-stored", index: effect.index };
      case "load-chunk": {
        const payload =
          party.place === 0 ? content.payloadOf(effect.index) : party.stored.get(effect.index);
        if (payload === undefined) throw new Error(`chunk ${effect.index} was not stored`);
        return { type: "chunk-loaded", index: effect.index, payload };
      }
      case "check-leftover": {
        const payload = party.leftovers.get(effect.index);
        const isIntact =
          payload !== undefined && Buffer.compare(simulatedHash(payload), effect.hash) === 0;
        if (isIntact) party.stored.set(effect.index, payload);
        return { type: "leftover-checked", index: effect.index, isIntact };
      }
      case "open-manifest": {
        const leftovers = new Bitmap(content.chunkCount);
        for (const index of party.leftovers.keys()) leftovers.set(index);
        return { type: "manifest-opened", sizes: content, leftovers };
      }
      case "land":
        party.isLanded = true;
        return { type: "landed" };
    }
  }

  #datagram(party: Party, to: Address, message: ControlMessage): void {
    party.counter += 1;
    const { counter, place } = party;
    const receiver = this.parties.find((other) => address(other.place) === to);
    const line = this.#note(party, receiver, "datagram", message);
    if (receiver === undefined || this.lose(line)) return;
    const ids = { sender: peer(place).id, receiver: peer(receiver.place).id };
    const datagram = { session, ...ids, counter, message };
    this.#later(receiver, { type: "datagram-received", from: address(place), datagram });
  }

  #dial(party: Party, id: ConnectionId, to: Address): void {
    const other = this.parties.find(({ place }) => address(place) === to);
    if (other === undefined || other.isGone) {
      this.#later(party, { type: "connection-closed", connection: id });
      return;
    }
    other.accepted += 1;
    const theirs = -other.accepted;
    party.connections.set(id, { party: other, id: theirs });
    other.connections.set(theirs, { party, id });
    this.#later(party, { type: "connection-opened", connection: id });
  }

  #frame(party: Party, id: ConnectionId, frame: Frame): void {
    const other = party.connections.get(id);
    if (other === undefined) return;
    const line = this.#note(party, other.party, "frame", frame);
    if (this.lose(line)) return;
    if (frame.type === "chunk")
      this.#later(party, { type: "chunk-sent", connection: id, index: frame.index });
    this.#later(other.party, { type: "frame-received", connection: other.id, frame });
  }

  #close(party: Party, id: ConnectionId): void {
    if (party.connections.delete(id))
      this.#later(party, { type: "connection-closed", connection: id });
  }

  #note(from: Party, to: Party | undefined, how: Line["how"], message: Line["message"]): Line {
    const line = { at: this.now, from: from.place, to: to?.place ?? -1, how, message };
    this.lines.push(line);
    return line;
  }
}
