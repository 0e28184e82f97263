import type { Address, Datagram, Frame } from "@palmtree/wire";
import type { Random } from "../../core/random.js";
import { Attachment, type NetworkPort } from "./attachment.js";
import type { LinkRates, NetworkConditions } from "./conditions.js";
import { type Cut, Partitions } from "./partitions.js";
import { Pipe, type PipeEnd, type PipeWorld } from "./pipe.js";
import { datagramBytes } from "./sizes.js";
import type { Timeline } from "./timeline.js";

/** Unreliable datagrams and reliable, ordered connections between hosts, in virtual time. */
export class Network implements PipeWorld {
  readonly timeline: Timeline;
  readonly conditions: NetworkConditions;
  readonly #random: Random;
  readonly #attachments = new Map<Address, Attachment>();
  readonly #pipes = new Set<Pipe>();
  readonly #partitions = new Partitions();
  datagramsSent = 0;
  framesSent = 0;

  constructor(timeline: Timeline, random: Random, conditions: NetworkConditions) {
    this.timeline = timeline;
    this.#random = random;
    this.conditions = conditions;
  }

  attach(address: Address, port: NetworkPort): void {
    this.attachment(address).port = port;
  }

  /** Where the host with this address is attached, or would be. */
  attachment(address: Address): Attachment {
    let attachment = this.#attachments.get(address);
    if (attachment === undefined) {
      attachment = new Attachment(address, this.timeline);
      this.#attachments.set(address, attachment);
    }
    return attachment;
  }

  /** From now on some hosts are cut off from the others, for a while. */
  split(cut: Cut): void {
    this.#partitions.add(cut);
  }

  /** How long what is sent again and again needs to get from one host to another, latency aside. */
  blockedMs(from: Address, to: Address): number {
    const { now } = this.timeline;
    const leftMs = this.#partitions.opensAt(from, to) - now;
    // Pauses before a repetition grow, so it may come as late again.
    return leftMs > 0 ? leftMs * (1 + this.#random.next()) : 0;
  }

  /** From now on, the host's link has these rates; one that is not named stays as it is. */
  setRates(address: Address, rates: LinkRates): void {
    this.attachment(address).setRates(rates);
  }

  /**
   * A host is gone. If its machine still runs (`kill -9`), the others' connections break; if not
   * (power, cable), they only fall silent.
   */
  detach(address: Address, isMachineUp: boolean): void {
    const attachment = this.attachment(address);
    attachment.port = undefined;
    const isNoticed = isMachineUp && !attachment.isCut;
    for (const pipe of this.#pipes) if (pipe.joins(attachment)) pipe.cut(isNoticed);
  }

  sendDatagram(from: Address, to: Address, datagram: Datagram): void {
    const { loss, duplication } = this.conditions;
    this.datagramsSent += 1;
    const bytes = datagramBytes(datagram);
    const leavesInMs = this.attachment(from).uplink.pass(bytes);
    if (leavesInMs === undefined || this.#random.next() < loss) return;
    if (this.#isBlocked(from, to)) return;
    const times = this.#random.next() < duplication ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      const arrivesInMs = leavesInMs + this.#datagramLatency();
      this.timeline.later(arrivesInMs, () => this.#arrive(from, to, datagram, bytes));
    }
  }

  connect(from: Address, to: Address, dialler: PipeEnd): Pipe {
    const target = this.attachment(to);
    const source = this.attachment(from);
    const pipe = new Pipe(this, source, target, dialler);
    this.#pipes.add(pipe);
    this.timeline.later(this.latency() * 2, () => {
      // Neither an answer nor a refusal comes back from behind a cut.
      if (source.isCut || target.isCut || this.#isBlocked(from, to) || this.#isBlocked(to, from))
        return;
      if (target.port === undefined) pipe.cut(true);
      else pipe.accept(target.port);
    });
    return pipe;
  }

  forget(pipe: Pipe): void {
    this.#pipes.delete(pipe);
  }

  latency(): number {
    const { leastLatencyMs, mostLatencyMs } = this.conditions;
    return leastLatencyMs + this.#random.next() * (mostLatencyMs - leastLatencyMs);
  }

  carry(frame: Frame): Frame {
    this.framesSent += 1;
    const { corruption } = this.conditions;
    if (frame.type !== "chunk" || corruption === 0 || this.#random.next() >= corruption)
      return frame;
    const payload = frame.payload.slice();
    const place = this.#random.below(payload.length);
    payload[place] = (payload[place] as number) ^ 1;
    return { ...frame, payload };
  }

  #isBlocked(from: Address, to: Address): boolean {
    return this.#partitions.opensAt(from, to) > this.timeline.now;
  }

  #datagramLatency(): number {
    const isLate = this.#random.next() < this.conditions.reordering;
    return this.latency() * (isLate ? 1 + 9 * this.#random.next() : 1);
  }

  #arrive(from: Address, to: Address, datagram: Datagram, bytes: number): void {
    const target = this.#attachments.get(to);
    const throughInMs = target?.downlink.pass(bytes);
    if (target === undefined || throughInMs === undefined) return;
    if (throughInMs === 0) target.port?.onDatagram(from, datagram);
    else this.timeline.later(throughInMs, () => target.port?.onDatagram(from, datagram));
  }
}
