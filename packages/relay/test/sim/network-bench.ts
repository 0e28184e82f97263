import type { Datagram, Frame } from "@palmtree/wire";
import { Random } from "../../src/core/random.js";
import { EventQueue } from "../../src/sim/event-queue.js";
import type { NetworkPort } from "../../src/sim/network/attachment.js";
import {
  calmNetwork,
  type LinkRates,
  type NetworkConditions,
} from "../../src/sim/network/conditions.js";
import { Network } from "../../src/sim/network/network.js";
import type { Pipe, PipeEnd } from "../../src/sim/network/pipe.js";
import { Timeline } from "../../src/sim/network/timeline.js";

/** A network without machines: hosts that write down what they are told, and when. */
export class NetworkBench {
  readonly network: Network;
  readonly #queue = new EventQueue();
  now = 0;

  constructor(conditions: Partial<NetworkConditions> = {}) {
    const timeline = new Timeline(this.#queue, () => this.now);
    this.network = new Network(timeline, new Random(5), { ...calmNetwork, ...conditions });
  }

  /** Let everything happen that is due until then, also what follows from it. */
  pass(until: number = Number.POSITIVE_INFINITY): void {
    for (let next = this.#queue.pop(); next !== undefined; next = this.#queue.pop()) {
      if (next.time > until) {
        this.#queue.push(next.time, next.action);
        break;
      }
      this.now = next.time;
      next.action();
    }
    if (Number.isFinite(until)) this.now = until;
  }

  listen(at: string, rates: LinkRates = {}): Listener {
    const listener = new Listener(this);
    this.network.attach(at, listener);
    this.network.setRates(at, rates);
    return listener;
  }

  /** An open connection. */
  connect(from: string, to: string): { readonly pipe: Pipe; readonly dialler: Recorder } {
    const dialler = new Recorder(this);
    const pipe = this.network.connect(from, to, dialler);
    this.pass();
    return { pipe, dialler };
  }
}

/** A host that keeps what it hears, and when. */
export class Listener implements NetworkPort {
  readonly heard: { readonly at: number; readonly counter: number }[] = [];
  readonly ends: Recorder[] = [];
  readonly pipes: Pipe[] = [];
  readonly #bench: NetworkBench;

  constructor(bench: NetworkBench) {
    this.#bench = bench;
  }

  onDatagram(_: string, { counter }: Datagram): void {
    this.heard.push({ at: this.#bench.now, counter });
  }

  onAccept(pipe: Pipe): PipeEnd {
    const end = new Recorder(this.#bench);
    this.ends.push(end);
    this.pipes.push(pipe);
    return end;
  }
}

/** One end of a connection, that writes down what it is told. */
export class Recorder implements PipeEnd {
  readonly log: string[] = [];
  readonly frames: { readonly at: number; readonly frame: Frame }[] = [];
  /** Called for every frame that the operating system has taken. */
  whenSent: () => void = () => undefined;
  readonly #bench: NetworkBench;

  constructor(bench: NetworkBench) {
    this.#bench = bench;
  }

  onOpen(): void {
    this.log.push("open");
  }
  onFrame(frame: Frame): void {
    this.log.push(`frame ${describeFrame(frame)}`);
    this.frames.push({ at: this.#bench.now, frame });
  }
  onSent(frame: Frame): void {
    this.log.push(`sent ${describeFrame(frame)}`);
    this.whenSent();
  }
  onClose(): void {
    this.log.push("close");
  }

  /** Bytes that came until then, heads included. */
  bytesUntil(time: number): number {
    return this.frames
      .filter(({ at }) => at <= time)
      .reduce((sum, { frame }) => sum + 16 + ("payload" in frame ? frame.payload.length : 0), 0);
  }

  /** How many frames the operating system has taken. */
  get sentCount(): number {
    return this.log.filter((line) => line.startsWith("sent")).length;
  }
}

export function describeFrame(frame: Frame): string {
  return frame.type === "chunk" ? `${frame.index}` : frame.type;
}

export function datagram(counter: number): Datagram {
  return { session: "", sender: "", receiver: "", counter, message: { type: "join" } };
}

/** A chunk frame of that many bytes on the wire, its head of 16 bytes among them. */
export function frameOf(index: number, bytes = 116): Frame {
  return { type: "chunk", index, payload: new Uint8Array(bytes - 16).fill(7) };
}
