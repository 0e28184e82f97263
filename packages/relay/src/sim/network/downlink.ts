import { Alarm } from "./alarm.js";
import { Bookings } from "./bookings.js";
import { Fifo } from "./fifo.js";
import { roundingBytes, ServiceClock } from "./service-clock.js";
import type { Timeline } from "./timeline.js";
import { quantumBytes } from "./uplink.js";

interface Arrival {
  /** What the clock shows when the last byte is through. */
  readonly dueAt: number;
  readonly bytes: number;
  readonly deliver: () => void;
}

/**
 * What a host receives with: frames pass one after the other, in the order in which they arrive.
 * The bytes of a frame come as they are sent and not all at its end, so a downlink as fast as the
 * sender's uplink adds nothing, but for what others sent meanwhile.
 */
export class Downlink {
  readonly #timeline: Timeline;
  /** Counts bytes that could have passed, also while nothing did. */
  readonly #clock = new ServiceClock();
  readonly #alarm: Alarm;
  readonly #waiting = new Fifo<Arrival>();
  readonly #bookings = new Bookings();
  #bytesPerMs = Number.POSITIVE_INFINITY;
  /** Bytes that have reached the host, frames and datagrams. */
  receivedBytes = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.#alarm = new Alarm(timeline, () => this.#serve());
  }

  get isCut(): boolean {
    return this.#bytesPerMs === 0;
  }

  /** Change the rate, also for what is waiting; `Infinity` for no limit. */
  setRate(bytesPerMs: number): void {
    this.#bytesPerMs = bytesPerMs;
    if (bytesPerMs === Number.POSITIVE_INFINITY)
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
        this.#pass(next.bytes, next.deliver);
    else this.#clock.run(bytesPerMs, this.#timeline.now);
    this.#arm();
  }

  /**
   * A frame's last byte is here; its first came at `startedAt`.
   *
   * @param deliver called when it is through: now, or later
   */
  receive(bytes: number, startedAt: number, deliver: () => void): void {
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return this.#pass(bytes, deliver);
    const dueAt = this.#bookings.take(this.#clock.read(startedAt), bytes);
    const isThrough = dueAt <= this.#clock.read(this.#timeline.now) + roundingBytes;
    if (isThrough && this.#waiting.size === 0 && !this.isCut) return this.#pass(bytes, deliver);
    this.#waiting.push({ dueAt, bytes, deliver });
    this.#arm();
  }

  /** A datagram is here. @returns milliseconds until it is through, or undefined if never */
  pass(bytes: number): number | undefined {
    if (this.isCut) return undefined;
    this.receivedBytes += bytes;
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return 0;
    const reading = this.#clock.read(this.#timeline.now);
    const ahead = Math.max(0, this.#bookings.freeAt - reading);
    this.#bookings.take(reading, bytes);
    return (Math.min(ahead, quantumBytes) + bytes) / this.#bytesPerMs;
  }

  #pass(bytes: number, deliver: () => void): void {
    this.receivedBytes += bytes;
    deliver();
  }

  #serve(): void {
    const reading = this.#clock.read(this.#timeline.now) + roundingBytes;
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      if (next.dueAt > reading || this.isCut) break;
      this.#waiting.shift();
      this.#pass(next.bytes, next.deliver);
    }
    this.#arm();
  }

  #arm(): void {
    const { first } = this.#waiting;
    if (first !== undefined && !this.isCut) this.#alarm.set(this.#clock.timeOf(first.dueAt));
  }
}
