import {
  type Address,
  type ControlMessage,
  type Datagram,
  fromHex,
  makeKnock,
  nobody,
  type PeerId,
  type SessionId,
} from "@palmtree/wire";
import { Context } from "../core/context.js";
import type { Effect } from "../core/effect.js";
import type { ChunkSizes, ConnectionId, PeerEvent } from "../core/event.js";
import { Member } from "../core/member.js";
import type { PeerOptions } from "../core/options.js";
import { Random } from "../core/random.js";
import type { Root } from "../core/root.js";
import type { Step } from "../core/step.js";
import { ChunkArrivals } from "./chunk-arrivals.js";
import { type SimulatedContent, simulatedCryptography } from "./content.js";
import { ContentKeeper } from "./content-keeper.js";
import type { Disk } from "./disk.js";
import type { NetworkPort } from "./network/attachment.js";
import type { Network } from "./network/network.js";
import type { Pipe, PipeEnd, PipeEndName } from "./network/pipe.js";
import type { Timeline } from "./network/timeline.js";
import type { Lie, StreamPauses } from "./scenario.js";

/** What a host needs to know of the world. */
export interface World {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly session: SessionId;
  readonly content: SimulatedContent;
  /** What everybody is told of the content's sizes before it comes. */
  readonly sizes: ChunkSizes;
  /** Of a stream: for how long its source gives nothing, by the chunk that is late. */
  readonly pauses: StreamPauses;
  readonly options: PeerOptions;
  /** Whether hosts challenge whoever invites them. */
  readonly areHostsWary: boolean;
  /** Virtual milliseconds that the disk takes for one chunk, uniform up to this. */
  readonly mostDiskMs: number;
  /** The bytes that this host's disk has of a chunk from before; they may be wrong. */
  leftoverOf(host: Host, chunk: number): Uint8Array | undefined;
  onStep(host: Host, step: Step): void;
  /** Throws when a promise of the protocol is broken. */
  check(host: Host, effect: Effect): void;
  /** Is shown each event with all that came of it. */
  watch?(host: Host, event: PeerEvent, effects: readonly Effect[]): void;
}

interface Connection {
  readonly pipe: Pipe;
  readonly end: PipeEndName;
}

/** One simulated machine: runs a peer's state machine and does what it wants done, in virtual time. */
export class Host implements NetworkPort {
  readonly address: Address;
  readonly id: PeerId;
  readonly disk: Disk;
  readonly arrivals: ChunkArrivals;
  machine: Root | Member | undefined;
  /** How this host ended, as its own machine says. */
  outcome: { readonly error?: { readonly code: string; readonly message: string } } | undefined;
  /** When this host had every byte in its place; undefined until then. */
  landedAtMs: number | undefined;
  isDown = false;
  /** Set for a host that does not follow the protocol. */
  lie: Lie | undefined;
  /** Whether it knocked when the session was over. */
  wasRefused = false;
  /** Whether this host's machine has said that no effect follows. */
  hasEnded = false;
  readonly #world: World;
  readonly #random: Random;
  readonly #keeper: ContentKeeper;
  readonly #connections = new Map<ConnectionId, Connection>();
  /** What an invitation must have before this host believes that somebody is there. */
  readonly #cookie: Uint8Array;
  #accepted = 0;
  #counter = 0;
  #tickAt = Number.POSITIVE_INFINITY;

  constructor(world: World, address: Address, disk: Disk, random: Random) {
    this.#world = world;
    this.address = address;
    this.disk = disk;
    this.#random = random;
    this.id = random.hex(16);
    this.#cookie = fromHex(this.id.repeat(2));
    this.arrivals = new ChunkArrivals(world.content);
    this.#keeper = new ContentKeeper(world, this, (event, delayMs) => this.#later(event, delayMs));
  }

  context(): Context {
    const random = new Random(this.#random.below(0xffffffff));
    const cryptography = simulatedCryptography(this.id, () => this.#random.hex(16));
    return new Context(this.id, this.#world.options, random, cryptography);
  }

  handle(event: PeerEvent): void {
    const { machine } = this;
    if (machine === undefined || this.isDown) return;
    const { now } = this.#world.timeline;
    const effects = machine.handle(event, now);
    this.#world.watch?.(this, event, effects);
    for (const effect of effects) this.#carryOut(effect);
    this.#arm();
  }

  /** Of who lies nothing is promised. */
  #carryOut(effect: Effect): void {
    if (this.lie === undefined) {
      this.#world.check(this, effect);
      return this.#perform(effect);
    }
    for (const done of this.lie(effect)) this.#perform(done);
  }

  onDatagram(from: Address, datagram: Datagram): void {
    const { message, sender, receiver, session } = datagram;
    if (receiver !== this.id && receiver !== nobody) return;
    if (this.machine === undefined && message.type === "ended") this.wasRefused = true;
    if (this.machine === undefined && message.type === "invite") {
      if (this.#world.areHostsWary && message.cookie.some((byte, at) => byte !== this.#cookie[at]))
        return this.#send(from, sender, { type: "challenge", cookie: this.#cookie });
      this.machine = new Member(this.context(), {
        session,
        rootAddress: from,
        rootId: sender,
        invite: message,
      });
    }
    this.handle({ type: "datagram-received", from, datagram });
  }

  /** Ask the root to be taken in, until it has given this host a number. */
  knock(root: Address, attempt = 0): void {
    if (this.isDown || this.hasEnded || this.number > 0) return;
    this.#send(root, nobody, makeKnock());
    this.#world.timeline.later(Math.min(1_000, 250 * 2 ** attempt), () =>
      this.knock(root, attempt + 1),
    );
  }

  onAccept(pipe: Pipe): PipeEnd {
    this.#accepted += 1;
    const connection = -this.#accepted;
    this.#connections.set(connection, { pipe, end: "accepter" });
    return this.#pipeEnd(connection);
  }

  #arm(): void {
    const deadline = this.machine?.deadline();
    if (deadline === undefined || deadline >= this.#tickAt) return;
    this.#tickAt = deadline;
    const { timeline } = this.#world;
    timeline.at(deadline, () => {
      if (this.#tickAt !== deadline) return;
      this.#tickAt = Number.POSITIVE_INFINITY;
      const due = this.machine?.deadline();
      if (due !== undefined && due <= timeline.now) this.handle({ type: "tick" });
      else this.#arm();
    });
  }

  #pipeEnd(connection: ConnectionId): PipeEnd {
    return {
      onOpen: () => this.handle({ type: "connection-opened", connection }),
      onFrame: (frame) => {
        if (frame.type === "chunk") this.arrivals.note(frame, this.#world.timeline.now);
        this.handle({ type: "frame-received", connection, frame });
      },
      onSent: (frame) => {
        if (frame.type === "chunk")
          this.handle({ type: "chunk-sent", connection, index: frame.index });
      },
      onClose: () => {
        this.#connections.delete(connection);
        this.handle({ type: "connection-closed", connection });
      },
    };
  }

  #perform(effect: Effect): void {
    const { network } = this.#world;
    switch (effect.type) {
      case "send-datagram":
        return this.#send(effect.to, effect.receiver, effect.message);
      case "dial": {
        const pipe = network.connect(this.address, effect.to, this.#pipeEnd(effect.connection));
        this.#connections.set(effect.connection, { pipe, end: "dialler" });
        return;
      }
      case "send-frame": {
        const { frame } = effect;
        if (frame.type === "chunk") this.#keeper.checkUse(frame.index, frame.payload);
        const connection = this.#connections.get(effect.connection);
        return connection?.pipe.send(connection.end, effect.frame);
      }
      case "close-connection":
      case "drop-connection": {
        const connection = this.#connections.get(effect.connection);
        this.#connections.delete(effect.connection);
        if (effect.type === "drop-connection") return connection?.pipe.drop(connection.end);
        return connection?.pipe.close(connection.end);
      }
      case "pause-connection":
      case "resume-connection": {
        const connection = this.#connections.get(effect.connection);
        return connection?.pipe.pause(connection.end, effect.type === "pause-connection");
      }
      case "report-step":
        if (effect.step.type === "ended") this.outcome = effect.step;
        return this.#world.onStep(this, effect.step);
      case "end":
        this.hasEnded = true;
        return;
      default:
        return this.#keeper.perform(effect);
    }
  }

  #send(to: Address, receiver: PeerId, message: ControlMessage): void {
    const { network, session } = this.#world;
    this.#counter += 1;
    const datagram = { session, sender: this.id, receiver, counter: this.#counter, message };
    network.sendDatagram(this.address, to, datagram);
  }

  /** This host's number in the session; the root is 0, and so is who was not numbered yet. */
  get number(): number {
    return this.machine instanceof Member ? this.machine.number : 0;
  }

  /** Chunks that came although they were held or on their way to be. */
  get duplicateCount(): number {
    return this.machine instanceof Member ? this.machine.intake.tally.duplicates : 0;
  }

  #later(event: PeerEvent, delayMs: number = this.#random.next() * this.#world.mostDiskMs): void {
    this.#world.timeline.later(delayMs, () => this.handle(event));
  }
}
