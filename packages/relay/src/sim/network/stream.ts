import type { Address, Frame } from "@palmtree/wire";
import type { Attachment } from "./attachment.js";
import type { NetworkConditions } from "./conditions.js";
import { Fifo } from "./fifo.js";
import { frameBytes } from "./sizes.js";
import type { Timeline } from "./timeline.js";
import type { Flow } from "./uplink.js";

/** Bytes written at once, as `@palmtree/transport` does; so coarse is what `onTaken` tells. */
const writeBytes = 256 * 1024;

/** A frame on its way, and the bytes that it takes. */
interface Parcel {
  readonly frame: Frame;
  readonly bytes: number;
}

/** What a stream needs to know of the network. */
export interface StreamWorld {
  readonly timeline: Timeline;
  readonly conditions: NetworkConditions;
  /** The latency of the next packet. */
  latency(): number;
  /** How long what is sent again and again needs from one host to another, latency aside. */
  blockedMs(from: Address, to: Address): number;
  /** A frame has left. @returns what arrives of it */
  carry(frame: Frame): Frame;
}

/** What a stream tells its two ends. It never does so from inside one of its methods. */
export interface StreamEnds {
  /** The sender's operating system has taken this frame. */
  onTaken(frame: Frame): void;
  onFrame(frame: Frame): void;
  /** All that was sent has been read, and nothing more comes. */
  onDrained(): void;
}

/**
 * One direction of a connection. A frame waits in the sender's outbox, is written, leaves over the
 * sender's uplink, travels, passes the reader's downlink, and waits there while reading is paused.
 *
 * As over a socket, one write is under way at a time. It is done, and its frames are taken, when
 * what is written and not yet there fits in the send buffer; and what is not read yet fills the
 * receive buffer, until the uplink stops serving this stream. So is a sender held back.
 */
export class Stream implements Flow {
  readonly #world: StreamWorld;
  readonly #from: Attachment;
  readonly #to: Attachment;
  readonly #ends: StreamEnds;
  readonly #outbox = new Fifo<Parcel>();
  /** Written, and not sent in full. */
  readonly #leaving = new Fifo<Parcel>();
  /** Arrived while reading was paused. */
  readonly #unread = new Fifo<Parcel>();
  /** The frames of the write under way. */
  #write: Frame[] = [];
  #unacknowledgedBytes = 0;
  #inFlightBytes = 0;
  #unreadBytes = 0;
  #arrivesAt = 0;
  #isScheduled = false;
  #isPaused = false;
  #isDiscarding = false;
  #isEnding = false;
  #isStopped = false;

  constructor(world: StreamWorld, from: Attachment, to: Attachment, ends: StreamEnds) {
    this.#world = world;
    this.#from = from;
    this.#to = to;
    this.#ends = ends;
  }

  /** Queue a frame; it is written at the end of this turn at the earliest. */
  send(frame: Frame): void {
    if (this.#isStopped || this.#isEnding) return;
    this.#outbox.push({ frame, bytes: frameBytes(frame) });
    if (this.#write.length === 0) this.#schedule();
  }

  /** The reader stops taking frames, or takes them again. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (!isPaused && this.#unread.size > 0) this.#schedule();
  }

  /** The reader wants nothing any more: what comes is dropped, and holds nobody back. */
  discard(): void {
    this.#isDiscarding = true;
    this.pause(false);
  }

  /** Nothing more is sent; `onDrained` tells when all has been read. */
  end(): void {
    this.#isEnding = true;
    this.#schedule();
  }

  /** The connection is broken: nothing is told any more. */
  stop(): void {
    this.#isStopped = true;
    this.#from.uplink.drop(this);
    this.#outbox.clear();
    this.#leaving.clear();
    this.#unread.clear();
  }

  get nextBytes(): number {
    const bytes = this.#leaving.first?.bytes;
    if (bytes === undefined) return 0;
    const aheadBytes = this.#inFlightBytes + this.#unreadBytes;
    const fits = aheadBytes + bytes <= this.#world.conditions.receiveBufferBytes;
    // A frame that is larger than the buffer passes through it alone.
    return fits || aheadBytes === 0 ? bytes : 0;
  }

  depart(startedAt: number): void {
    const parcel = this.#leaving.shift();
    if (parcel === undefined) return;
    const { timeline } = this.#world;
    const { frame, bytes } = parcel;
    this.#inFlightBytes += bytes;
    // A packet does not overtake those before it.
    const delayMs = this.#world.latency() + this.#blockedMs(this.#from, this.#to);
    this.#arrivesAt = Math.max(this.#arrivesAt, timeline.now + delayMs);
    const arriving = this.#world.carry(frame);
    const beganAt = startedAt + this.#arrivesAt - timeline.now;
    timeline.at(this.#arrivesAt, () =>
      this.#to.downlink.receive(bytes, beganAt, () => this.#arrive(arriving, bytes)),
    );
  }

  #arrive(frame: Frame, bytes: number): void {
    if (this.#isStopped) return;
    this.#inFlightBytes -= bytes;
    if (this.#isPaused || this.#unread.size > 0) {
      this.#unread.push({ frame, bytes });
      this.#unreadBytes += bytes;
    } else this.#deliver(frame);
    const unheardMs = this.#blockedMs(this.#to, this.#from);
    if (unheardMs === 0) this.#acknowledge(bytes);
    else this.#world.timeline.later(unheardMs, () => this.#acknowledge(bytes));
  }

  #acknowledge(bytes: number): void {
    this.#unacknowledgedBytes -= bytes;
    this.#goOn();
  }

  #blockedMs(from: Attachment, to: Attachment): number {
    return this.#world.blockedMs(from.address, to.address);
  }

  #deliver(frame: Frame): void {
    if (!this.#isDiscarding) this.#ends.onFrame(frame);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#world.timeline.later(0, () => {
      this.#isScheduled = false;
      this.#read();
      this.#goOn();
    });
  }

  #read(): void {
    while (!this.#isPaused) {
      const parcel = this.#unread.shift();
      if (parcel === undefined) return;
      this.#unreadBytes -= parcel.bytes;
      this.#deliver(parcel.frame);
    }
  }

  /** Do what has become possible: finish the write, begin the next, send, end. */
  #goOn(): void {
    while (!this.#isStopped && this.#finishWrite() && this.#outbox.size > 0) this.#beginWrite();
    if (this.#isStopped) return;
    this.#from.uplink.offer(this);
    const isDrained = this.#unacknowledgedBytes === 0 && this.#unread.size === 0;
    if (this.#isEnding && isDrained && this.#outbox.size === 0) this.#ends.onDrained();
  }

  #beginWrite(): void {
    let bytes = 0;
    while (bytes < writeBytes) {
      const parcel = this.#outbox.shift();
      if (parcel === undefined) break;
      bytes += parcel.bytes;
      this.#write.push(parcel.frame);
      this.#leaving.push(parcel);
    }
    this.#unacknowledgedBytes += bytes;
    this.#from.uplink.offer(this);
  }

  /** @returns whether no write is under way any more */
  #finishWrite(): boolean {
    if (this.#unacknowledgedBytes > this.#world.conditions.sendBufferBytes) return false;
    const taken = this.#write;
    if (taken.length === 0) return true;
    this.#write = [];
    for (const frame of taken) {
      if (this.#isStopped) return false;
      this.#ends.onTaken(frame);
    }
    return true;
  }
}
