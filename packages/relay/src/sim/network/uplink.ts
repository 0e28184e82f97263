import { Alarm } from "./alarm.js";
import { roundingBytes, ServiceClock } from "./service-clock.js";
import type { Timeline } from "./timeline.js";

/** Something that an uplink serves: one direction of a connection. */
export interface Flow {
  /** Bytes of the frame that leaves next; 0 when there is none, or when its reader is full. */
  readonly nextBytes: number;
  /** The last byte of that frame has left the host; the first did at `startedAt`. */
  depart(startedAt: number): void;
}

interface Turn {
  readonly flow: Flow;
  startedAt: number;
  /** What the clock shows when the frame's last byte leaves. */
  dueAt: number;
}

/** Bytes of streams that a datagram may find in front of it: what fair queueing makes it wait. */
export const quantumBytes: number = 16 * 1024;

/** Datagrams wait no longer than this for each other. Guess: what a router's queue may hold. */
export const mostDatagramWaitMs = 100;

/**
 * What a host sends with. Connections that have something to send share the rate evenly, to the
 * byte: the clock counts bytes that each of them was served, so `n` at once let it run at an n-th
 * of the rate. One event for each frame, one for several that end together.
 */
export class Uplink {
  readonly #timeline: Timeline;
  readonly #clock = new ServiceClock();
  readonly #alarm: Alarm;
  #turns: Turn[] = [];
  #bytesPerMs = Number.POSITIVE_INFINITY;
  #datagramsUntil = 0;
  /** Bytes that have left the host, frames and datagrams. */
  sentBytes = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.#alarm = new Alarm(timeline, () => this.#serve());
  }

  get isCut(): boolean {
    return this.#bytesPerMs === 0;
  }

  /** Change the rate, also of what is being sent; `Infinity` for no limit. */
  setRate(bytesPerMs: number): void {
    this.#bytesPerMs = bytesPerMs;
    if (bytesPerMs < Number.POSITIVE_INFINITY) return this.#changed();
    const turns = this.#turns;
    this.#turns = [];
    for (const { flow } of turns) this.offer(flow);
  }

  /** The flow may have something to send. */
  offer(flow: Flow): void {
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return this.#sendAll(flow);
    if (flow.nextBytes === 0 || this.#turns.some((turn) => turn.flow === flow)) return;
    const { now } = this.#timeline;
    const startedAt = this.#turns.length > 0 ? now : Math.max(now, this.#datagramsUntil);
    const ahead = (startedAt - now) * this.#bytesPerMs;
    const dueAt = this.#clock.read(now) + ahead + flow.nextBytes;
    this.#turns.push({ flow, startedAt, dueAt });
    this.#changed();
  }

  /** Forget the flow; the frame that is being sent is lost. */
  drop(flow: Flow): void {
    const isLeft = this.#turns.filter((turn) => turn.flow !== flow);
    if (isLeft.length === this.#turns.length) return;
    this.#turns = isLeft;
    this.#changed();
  }

  /** Send a datagram. @returns milliseconds until it has left, or undefined if it never does */
  pass(bytes: number): number | undefined {
    if (this.isCut) return undefined;
    this.sentBytes += bytes;
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return 0;
    const { now } = this.#timeline;
    const isBusy = this.#turns.length > 0;
    // The streams lose what the datagram takes, each its part; their alarm finds out by itself.
    if (isBusy) this.#clock.setBack(bytes / this.#turns.length);
    const freeAt = Math.max(now, this.#datagramsUntil) + bytes / this.#bytesPerMs;
    this.#datagramsUntil = Math.min(freeAt, now + mostDatagramWaitMs);
    const behindMs = isBusy ? quantumBytes / this.#bytesPerMs : 0;
    return Math.min(this.#datagramsUntil - now + behindMs, mostDatagramWaitMs);
  }

  #sendAll(flow: Flow): void {
    for (let bytes = flow.nextBytes; bytes > 0; bytes = flow.nextBytes) {
      this.sentBytes += bytes;
      flow.depart(this.#timeline.now);
    }
  }

  #serve(): void {
    const { now } = this.#timeline;
    const reading = this.#clock.read(now) + roundingBytes;
    let isLeft = false;
    for (const turn of [...this.#turns]) {
      if (turn.dueAt > reading) continue;
      this.sentBytes += turn.flow.nextBytes;
      turn.flow.depart(turn.startedAt);
      const next = turn.flow.nextBytes;
      turn.startedAt = now;
      turn.dueAt += next;
      isLeft ||= next === 0;
    }
    if (isLeft) this.#turns = this.#turns.filter(({ flow }) => flow.nextBytes > 0);
    this.#changed();
  }

  /** The rate, or who shares it. */
  #changed(): void {
    const count = this.#turns.length;
    this.#clock.run(count === 0 ? 0 : this.#bytesPerMs / count, this.#timeline.now);
    let first = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#turns) first = Math.min(first, dueAt);
    if (count > 0) this.#alarm.set(this.#clock.timeOf(first));
  }
}
