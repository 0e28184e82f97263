/**
 * A clock that counts bytes of service instead of time, at a speed that may change. Work that needs
 * some bytes is due at a reading, which stays the same whatever happens to the speed: so a rate can
 * change, or be shared by more, at the cost of a few numbers and not of an event per waiting frame.
 */
export class ServiceClock {
  #reading = 0;
  #since = 0;
  #speed = 0;

  /** Bytes per virtual millisecond. */
  get speed(): number {
    return this.#speed;
  }

  /** What it shows at `time`, or showed then at today's speed. */
  read(time: number): number {
    return this.#reading + (time - this.#since) * this.#speed;
  }

  /** From `now` on it runs at `speed` bytes per virtual millisecond; 0 stops it. */
  run(speed: number, now: number): void {
    this.#reading = this.read(now);
    this.#since = now;
    this.#speed = speed;
  }

  /** Something else was served in between: everything is due that much later. */
  setBack(bytes: number): void {
    this.#reading -= bytes;
  }

  /** When it will show `reading`; never while it stands still. */
  timeOf(reading: number): number {
    const missing = reading - this.#reading;
    if (this.#speed === 0) return missing > 0 ? Number.POSITIVE_INFINITY : this.#since;
    return this.#since + missing / this.#speed;
  }
}

/**
 * Bytes by which a reading may be missed and still counts as reached: an event's time is rounded,
 * and a clock that is asked a rounding error too early would name the same time again for ever.
 */
export const roundingBytes = 0.01;
