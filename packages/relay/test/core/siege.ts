import {
  type ControlMessage,
  encodeDatagram,
  encodeFrame,
  type Frame,
  PalmTreeError,
} from "@palmtree/wire";
import { expect } from "vitest";
import type { Effect } from "../../src/core/effect.js";
import type { ConnectionId, PeerEvent } from "../../src/core/event.js";
import { Member } from "../../src/core/member.js";
import { defaultPeerOptions } from "../../src/core/options.js";
import { simulatedHash, simulatedSessionHash } from "../../src/sim/content.js";
import type { Room } from "./harness.js";
import { type Attack, chunkCount } from "./hostile-arbitraries.js";
import { address, numberAt, only, peer, range, saidIn, session, token } from "./parts.js";

/** The root and its receivers. */
const peerCount = 5;
/** Neighbours in a list, at most: those that the root's attacker draws are the longest. */
const mostListed = 8;
/** Introduced neighbours that are kept, at most. */
const introduced = 64;

/**
 * One machine of a room, taken out of it in the middle of a session and told whatever its
 * attackers like, while its own disk and processor stay honest. Checks after every event what has
 * to hold whatever is said.
 */
export class Siege {
  readonly #room: Room;
  readonly #place: number;
  #now: number;
  #isOver = false;
  #accepted = 1_000;
  readonly #connections: ConnectionId[];
  readonly #closed = new Set<ConnectionId>();
  readonly #work: PeerEvent[] = [];
  /** Who has said to this machine that it joins. */
  readonly #joined = new Set<number>();
  /** Chunks sent to each connection and not yet taken by the operating system. */
  readonly #underWay = new Map<ConnectionId, number[]>();

  constructor(room: Room, place: number) {
    this.#room = room;
    this.#place = place;
    this.#now = room.now;
    this.#connections = [...room.party(place).connections.keys()];
  }

  suffer(attack: Attack): void {
    switch (attack.type) {
      case "datagram":
        this.#hear(attack.from, attack.message);
        return;
      case "frame":
        return this.#read(this.#connectionFor(attack), attack.frame);
      case "court":
        return this.#court(attack);
      case "beg":
        return this.#beg(attack);
      case "crowd":
        return this.#crowd(attack);
      case "open":
        return this.#open(this.#known(attack.connection));
      case "close":
        return this.#lose(this.#known(attack.connection), attack.isMalformed);
      case "work":
        return this.#doWork();
      case "wait":
        return this.#wait(attack.milliseconds);
    }
  }

  /** Nobody says anything any more: what is still due must come to an end. */
  outlast(): void {
    while (this.#work.length > 0) this.#doWork();
    this.#wait(120_000);
    while (this.#work.length > 0) this.#doWork();
  }

  get #machine() {
    return this.#room.party(this.#place).machine;
  }

  #hear(from: number, message: ControlMessage): readonly Effect[] {
    const ids = { sender: peer(from).id, receiver: peer(this.#place).id };
    const datagram = { session, ...ids, counter: 1, message };
    const isStranger =
      from !== 0 && this.#machine.relay.neighbourhood.numberOf(peer(from).id) === undefined;
    if (message.type === "join") this.#joined.add(from);
    const isLingering = !(this.#machine instanceof Member) && this.#machine.phase === "lingering";
    const effects = this.#tell({ type: "datagram-received", from: address(from), datagram });
    if (!isStranger || this.#isInvited(from)) return effects;
    const toKnock = ["knock", "challenge"].includes(message.type) && this.#place === 0;
    const answer = isLingering ? ["ended"] : [toKnock ? "invite" : "tree-reject"];
    expect(effects.length).toBeLessThanOrEqual(1);
    for (const effect of effects) {
      if (effect.type !== "send-datagram") throw new Error(`a stranger leads to ${effect.type}`);
      expect(effect.to).toBe(address(from));
      expect(answer).toContain(effect.message.type);
    }
    return effects;
  }

  /** The root knows all whom it invited, and who joins is none the less a peer for being late. */
  #isInvited(from: number): boolean {
    return this.#place === 0 && (from < peerCount || this.#joined.has(from));
  }

  #read(connection: ConnectionId, frame: Frame): void {
    const isActive = this.#machine.relay.connections.neighbourOf(connection) !== undefined;
    const effects = this.#tell({ type: "frame-received", connection, frame });
    if (isActive || frame.type === "hello" || frame.type === "welcome") return;
    expect(effects).toEqual([]);
  }

  #court({ from, link, pulse, depth }: Extract<Attack, { type: "court" }>): void {
    if (link === "tree") this.#hear(from, { type: "tree-check", pulse, depth });
    const accepted = this.#hear(from, { type: "upgrade-accept", link, token: token(1) });
    for (const { connection } of only(accepted, "dial")) {
      this.#open(connection);
      this.#read(connection, { type: "welcome", peer: peer(from).id });
    }
  }

  #beg({ from, link, hasManifest, holdsCount }: Extract<Attack, { type: "beg" }>): void {
    for (const said of saidIn(this.#hear(from, { type: "upgrade-request", link }))) {
      if (said.type !== "upgrade-accept") continue;
      const { id, number } = peer(from);
      const hello = { type: "hello", session, peer: id, number, link, hasManifest } as const;
      const connection = this.#accept();
      this.#read(connection, { ...hello, token: said.token });
      const payload = new Uint8Array(chunkCount / 8);
      for (let count = 0; count < holdsCount && !this.#closed.has(connection); count += 1)
        this.#read(connection, { type: "holds", stripeCount: 1, stripes: [0], payload });
    }
  }

  #crowd({ from, first }: Extract<Attack, { type: "crowd" }>): void {
    for (const number of range(first, first + 100))
      this.#hear(from, { type: "introduce", peer: peer(number) });
  }

  #open(connection: ConnectionId): void {
    this.#tell({ type: "connection-opened", connection });
  }

  /** A hello comes on a new connection as often as on one that is there. */
  #connectionFor({ connection, frame }: Extract<Attack, { type: "frame" }>): ConnectionId {
    return frame.type === "hello" && connection > 4 ? this.#accept() : this.#known(connection);
  }

  #accept(): ConnectionId {
    this.#accepted += 1;
    this.#connections.push(-this.#accepted);
    return -this.#accepted;
  }

  #known(place: number): ConnectionId {
    return this.#connections[place % (this.#connections.length + 1)] ?? 55_555;
  }

  #lose(connection: ConnectionId, isMalformed: boolean): void {
    if (this.#closed.has(connection)) return;
    this.#closed.add(connection);
    const error = new PalmTreeError("frame-malformed", "no such type", { fault: "remote" });
    const event = { type: "connection-closed", connection } as const;
    this.#tell(isMalformed ? { ...event, error } : event);
  }

  #doWork(): void {
    const done = this.#work.shift();
    if (done !== undefined) this.#tell(done);
    for (const [connection, indexes] of this.#underWay) {
      const index = indexes.shift();
      if (index !== undefined) this.#tell({ type: "chunk-sent", connection, index });
    }
  }

  #wait(milliseconds: number): void {
    const until = this.#now + milliseconds;
    let ticks = 0;
    for (let due = this.#machine.deadline(); due !== undefined && due <= until; ) {
      ticks += 1;
      // A quiet peer has about ten things to do in a second, and some more for every neighbour.
      expect(ticks).toBeLessThan(1_000 + milliseconds);
      this.#now = Math.max(this.#now, due);
      this.#tell({ type: "tick" });
      due = this.#machine.deadline();
    }
    this.#now = until;
  }

  #tell(event: PeerEvent): readonly Effect[] {
    const effects = this.#machine.handle(event, this.#now);
    for (const effect of effects) {
      expect(this.#isOver).toBe(false);
      this.#perform(effect);
    }
    this.#checkBounds();
    return effects;
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "send-datagram":
        // Throws when it could not be sent.
        encodeDatagram({
          session,
          sender: peer(0).id,
          receiver: effect.receiver,
          counter: 1,
          message: effect.message,
        });
        return;
      case "send-frame":
        encodeFrame(effect.frame);
        expect(this.#closed.has(effect.connection)).toBe(false);
        if (effect.frame.type === "chunk") this.#note(effect.connection, effect.frame.index);
        return;
      case "dial":
        expect(numberAt(effect.to)).toBeLessThan(500);
        this.#connections.push(effect.connection);
        return;
      case "close-connection":
        this.#closed.add(effect.connection);
        return;
      case "end":
        this.#isOver = true;
        return;
      default:
        return this.#begin(effect);
    }
  }

  #note(connection: ConnectionId, index: number): void {
    const indexes = this.#underWay.get(connection) ?? [];
    this.#underWay.set(connection, [...indexes, index]);
    expect(indexes.length).toBeLessThan(defaultPeerOptions.forwardWindowChunks);
  }

  /** The machine's own side is honest. */
  #begin(effect: Effect): void {
    const { content } = this.#room;
    if (effect.type === "verify-chunk") {
      const { connection, index, payload, hash } = effect;
      const isIntact = Buffer.compare(simulatedHash(payload), hash) === 0;
      this.#work.push({ type: "chunk-verified", connection, index, payload, isIntact });
    } else if (effect.type === "store-chunk")
      this.#work.push({ type: "chunk-stored", index: effect.index });
    else if (effect.type === "load-chunk")
      this.#work.push({
        type: "chunk-loaded",
        index: effect.index,
        payload: content.payloadOf(effect.index),
      });
    else if (effect.type === "produce-chunk") {
      const payload = content.payloadOf(effect.index);
      const hash = simulatedHash(payload);
      this.#work.push({ type: "chunk-produced", index: effect.index, hash, payload });
    } else if (effect.type === "hash-session")
      this.#work.push({
        type: "session-hashed",
        sessionHash: simulatedSessionHash(effect.pages, 0),
      });
    else if (effect.type === "open-manifest")
      this.#work.push({ type: "manifest-opened", sizes: content });
    else if (effect.type === "land") this.#work.push({ type: "landed" });
  }

  #checkBounds(): void {
    const { relay } = this.#machine;
    const { fanout } = this.#room.invite;
    expect(relay.tree.children.length).toBeLessThanOrEqual(fanout);
    expect(relay.neighbourhood.size).toBeLessThanOrEqual(mostListed + introduced);
    for (const connection of this.#closed)
      expect(relay.connections.neighbourOf(connection)).toBeUndefined();
    if (!(this.#machine instanceof Member)) return;
    const ring = this.#machine.intake.content?.ring;
    if (ring !== undefined) expect(ring.size).toBeLessThanOrEqual(defaultPeerOptions.ringChunks);
  }
}
