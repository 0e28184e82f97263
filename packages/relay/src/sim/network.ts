import type { Address, Datagram, Frame } from "@palmtree/wire";
import type { Random } from "../core/random.js";
import type { EventQueue } from "./event-queue.js";

/** How the simulated network behaves. Probabilities are in [0, 1]; times are virtual milliseconds. */
export interface NetworkConditions {
  /** One-way delay of a packet: uniform between the two. */
  readonly leastLatencyMs: number;
  readonly mostLatencyMs: number;
  /** Datagrams that vanish. */
  readonly loss: number;
  /** Datagrams that arrive twice. */
  readonly duplication: number;
  /** Datagrams that are delayed by up to ten times the usual, and so overtaken. */
  readonly reordering: number;
  /** Chunks of which one byte is flipped on the way (a broken relay or memory). */
  readonly corruption: number;
  /** Bytes a host sends in a millisecond; `Infinity` for no limit. */
  readonly uplinkBytesPerMs: number;
}

/** A network without faults. */
export const calmNetwork: NetworkConditions = {
  leastLatencyMs: 0.2,
  mostLatencyMs: 1,
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  uplinkBytesPerMs: Number.POSITIVE_INFINITY,
};

/** What a host is told by the network. */
export interface NetworkPort {
  onDatagram(from: Address, datagram: Datagram): void;
  /** Somebody connected; returns the host's own end, or undefined to refuse. */
  onAccept(pipe: Pipe): PipeEnd;
}

/** What one end of a connection is told. */
export interface PipeEnd {
  onOpen(): void;
  onFrame(frame: Frame): void;
  onSent(frame: Frame): void;
  onClose(): void;
}

/** Bytes that a frame's head takes, roughly. */
const headBytes = 16;

/** Unreliable datagrams and reliable, ordered connections between hosts, in virtual time. */
export class Network {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #ports = new Map<Address, NetworkPort>();
  readonly #uplinkFreeAt = new Map<Address, number>();
  readonly #pipes = new Set<Pipe>();
  readonly #clock: () => number;
  conditions: NetworkConditions;
  datagramsSent = 0;
  framesSent = 0;

  constructor(
    queue: EventQueue,
    random: Random,
    clock: () => number,
    conditions: NetworkConditions,
  ) {
    this.#queue = queue;
    this.#random = random;
    this.#clock = clock;
    this.conditions = conditions;
  }

  attach(address: Address, port: NetworkPort): void {
    this.#ports.set(address, port);
  }

  /**
   * A host is gone. If its machine still runs (`kill -9`), the others' connections break; if not
   * (power, cable), they only fall silent.
   */
  detach(address: Address, isMachineUp: boolean): void {
    this.#ports.delete(address);
    for (const pipe of this.#pipes) if (pipe.joins(address)) pipe.cut(isMachineUp);
  }

  sendDatagram(from: Address, to: Address, datagram: Datagram): void {
    const { loss, duplication } = this.conditions;
    this.datagramsSent += 1;
    if (this.#random.next() < loss) return;
    this.#deliver(from, to, datagram);
    if (this.#random.next() < duplication) this.#deliver(from, to, datagram);
  }

  connect(from: Address, to: Address, dialler: PipeEnd): Pipe {
    const pipe = new Pipe(this, from, to, dialler);
    this.#pipes.add(pipe);
    this.later(this.latency() * 2, () => {
      const port = this.#ports.get(to);
      if (port === undefined) pipe.cut(true);
      else pipe.accept(port);
    });
    return pipe;
  }

  forget(pipe: Pipe): void {
    this.#pipes.delete(pipe);
  }

  later(delayMs: number, action: () => void): void {
    this.#queue.push(this.#clock() + delayMs, action);
  }

  now(): number {
    return this.#clock();
  }

  latency(): number {
    const { leastLatencyMs, mostLatencyMs } = this.conditions;
    return leastLatencyMs + this.#random.next() * (mostLatencyMs - leastLatencyMs);
  }

  /** When the last byte of this frame leaves its host, behind all that it sent before. */
  leavesAt(from: Address, bytes: number): number {
    const freeAt = Math.max(this.now(), this.#uplinkFreeAt.get(from) ?? 0);
    const leavesAt = freeAt + bytes / this.conditions.uplinkBytesPerMs;
    this.#uplinkFreeAt.set(from, leavesAt);
    return leavesAt;
  }

  /** The frame, or one like it with a flipped byte. */
  distort(frame: Frame): Frame {
    if (frame.type !== "chunk" || this.#random.next() >= this.conditions.corruption) return frame;
    const payload = frame.payload.slice();
    const place = this.#random.below(payload.length);
    payload[place] = (payload[place] as number) ^ 1;
    return { ...frame, payload };
  }

  #deliver(from: Address, to: Address, datagram: Datagram): void {
    const isLate = this.#random.next() < this.conditions.reordering;
    const delayMs = this.latency() * (isLate ? 1 + 9 * this.#random.next() : 1);
    this.later(delayMs, () => this.#ports.get(to)?.onDatagram(from, datagram));
  }
}

/** A simulated TCP connection. */
export class Pipe {
  readonly #network: Network;
  readonly #from: Address;
  readonly #to: Address;
  readonly #dialler: PipeEnd;
  #accepter: PipeEnd | undefined;
  readonly #directions = { dialler: new Direction(), accepter: new Direction() };
  #isCut = false;

  constructor(network: Network, from: Address, to: Address, dialler: PipeEnd) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
    this.#dialler = dialler;
  }

  joins(address: Address): boolean {
    return this.#from === address || this.#to === address;
  }

  accept(port: NetworkPort): void {
    if (this.#isCut) return;
    this.#accepter = port.onAccept(this);
    this.#dialler.onOpen();
  }

  /** Send from one end to the other. */
  send(from: "dialler" | "accepter", frame: Frame): void {
    if (this.#isCut) return;
    const network = this.#network;
    network.framesSent += 1;
    const bytes = headBytes + ("payload" in frame ? frame.payload.length : 0);
    const direction = this.#directions[from];
    const leavesAt = network.leavesAt(from === "dialler" ? this.#from : this.#to, bytes);
    direction.arrivesAt = Math.max(direction.arrivesAt, leavesAt + network.latency());
    const arriving = network.distort(frame);
    network.later(direction.arrivesAt - network.now(), () => this.#arrive(from, frame, arriving));
  }

  /** The reader at this end stops taking frames, or takes them again. */
  pause(end: "dialler" | "accepter", isPaused: boolean): void {
    const direction = this.#directions[end === "dialler" ? "accepter" : "dialler"];
    direction.isPaused = isPaused;
    const waiting = isPaused ? [] : direction.waiting.splice(0);
    for (const deliver of waiting) deliver();
  }

  /** One end closes after all that it sent has arrived; the other is told. */
  close(end: "dialler" | "accepter"): void {
    if (this.#isCut) return;
    const network = this.#network;
    const direction = this.#directions[end];
    const afterMs = Math.max(direction.arrivesAt - network.now(), network.latency());
    network.later(afterMs, () => {
      if (this.#isCut) return;
      this.#isCut = true;
      network.forget(this);
      (end === "dialler" ? this.#accepter : this.#dialler)?.onClose();
    });
  }

  /** The connection breaks: both ends that still exist learn of it, or nobody does. */
  cut(isNoticed: boolean): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#network.forget(this);
    if (!isNoticed) return;
    this.#network.later(this.#network.latency(), () => {
      this.#dialler.onClose();
      this.#accepter?.onClose();
    });
  }

  #arrive(from: "dialler" | "accepter", sent: Frame, arriving: Frame): void {
    const deliver = (): void => {
      if (this.#isCut) return;
      (from === "dialler" ? this.#dialler : this.#accepter)?.onSent(sent);
      (from === "dialler" ? this.#accepter : this.#dialler)?.onFrame(arriving);
    };
    const direction = this.#directions[from];
    if (direction.isPaused || direction.waiting.length > 0) direction.waiting.push(deliver);
    else deliver();
  }
}

class Direction {
  arrivesAt = 0;
  isPaused = false;
  readonly waiting: (() => void)[] = [];
}
