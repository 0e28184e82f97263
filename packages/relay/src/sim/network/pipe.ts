import type { Frame } from "@palmtree/wire";
import type { Attachment, NetworkPort } from "./attachment.js";
import { Stream, type StreamWorld } from "./stream.js";

/** What one end of a connection is told. */
export interface PipeEnd {
  onOpen(): void;
  onFrame(frame: Frame): void;
  /** The operating system took the frame; several at once, as a write of several ends. */
  onSent(frame: Frame): void;
  onClose(): void;
}

export type PipeEndName = "dialler" | "accepter";

/** What a connection needs to know of the network. */
export interface PipeWorld extends StreamWorld {
  /** The connection is over. */
  forget(pipe: Pipe): void;
}

/** A simulated TCP connection. */
export class Pipe {
  readonly #world: PipeWorld;
  readonly #from: Attachment;
  readonly #to: Attachment;
  readonly #ends: { readonly dialler: PipeEnd; accepter: PipeEnd | undefined };
  /** By the end that sends. */
  readonly #streams: { readonly dialler: Stream; readonly accepter: Stream };
  #isCut = false;

  constructor(world: PipeWorld, from: Attachment, to: Attachment, dialler: PipeEnd) {
    this.#world = world;
    this.#from = from;
    this.#to = to;
    this.#ends = { dialler, accepter: undefined };
    this.#streams = {
      dialler: this.#stream("dialler", from, to),
      accepter: this.#stream("accepter", to, from),
    };
  }

  joins(attachment: Attachment): boolean {
    return this.#from === attachment || this.#to === attachment;
  }

  accept(port: NetworkPort): void {
    if (this.#isCut) return;
    this.#ends.accepter = port.onAccept(this);
    this.#ends.dialler.onOpen();
  }

  /** Send from one end to the other. */
  send(from: PipeEndName, frame: Frame): void {
    this.#streams[from].send(frame);
  }

  /** The reader at this end stops taking frames, or takes them again. */
  pause(end: PipeEndName, isPaused: boolean): void {
    this.#streams[otherThan(end)].pause(isPaused);
  }

  /** One end closes after all that it sent has been read; the other is told. */
  close(end: PipeEndName): void {
    if (this.#isCut) return;
    this.#streams[otherThan(end)].discard();
    this.#streams[end].end();
  }

  /** One end closes at once: what is under way, either way, is lost; the other is told. */
  drop(end: PipeEndName): void {
    if (!this.#stop() || this.#from.isCut || this.#to.isCut) return;
    this.#tellClosed(otherThan(end), this.#world.latency());
  }

  /** The connection breaks: both ends that still exist learn of it, or nobody does. */
  cut(isNoticed: boolean): void {
    if (!this.#stop() || !isNoticed) return;
    const latencyMs = this.#world.latency();
    this.#tellClosed("dialler", latencyMs);
    this.#tellClosed("accepter", latencyMs);
  }

  #tellClosed(end: PipeEndName, latencyMs: number): void {
    const [from, to] = [this.#from.address, this.#to.address];
    const blockedMs =
      end === "dialler" ? this.#world.blockedMs(to, from) : this.#world.blockedMs(from, to);
    this.#world.timeline.later(latencyMs + blockedMs, () => this.#ends[end]?.onClose());
  }

  #stream(from: PipeEndName, sender: Attachment, reader: Attachment): Stream {
    const to = otherThan(from);
    return new Stream(this.#world, sender, reader, {
      onTaken: (frame) => this.#ends[from]?.onSent(frame),
      onFrame: (frame) => this.#ends[to]?.onFrame(frame),
      onDrained: () => {
        if (!this.#stop()) return;
        this.#world.timeline.later(this.#world.latency(), () => this.#ends[to]?.onClose());
      },
    });
  }

  /** @returns false when it was over already */
  #stop(): boolean {
    if (this.#isCut) return false;
    this.#isCut = true;
    this.#streams.dialler.stop();
    this.#streams.accepter.stop();
    this.#world.forget(this);
    return true;
  }
}

function otherThan(end: PipeEndName): PipeEndName {
  return end === "dialler" ? "accepter" : "dialler";
}
