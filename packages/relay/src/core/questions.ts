import type { Context } from "./context.js";

interface Asked {
  attempts: number;
  nextAt: number;
  readonly givenUpAt: number;
}

/** How patiently questions are asked. Times are milliseconds. */
export interface Patience {
  /** Pause before an unanswered question is repeated the first time; doubles up to 4 times this. */
  readonly retryMs: number;
  /** After this, whoever has not answered is given up. */
  readonly timeoutMs: number;
  /** Unanswered questions under way at once; who was asked three times in vain no longer counts. */
  readonly window: number;
}

/**
 * Asks many peers the same thing over UDP, again and again with growing pauses, until each has
 * answered or is given up. The work for one answer does not grow with the number of peers.
 */
export class Questions<Key> {
  readonly #context: Context;
  readonly #patience: Patience;
  readonly #send: (key: Key) => void;
  readonly #waiting: Key[];
  readonly #asked = new Map<Key, Asked>();
  readonly #silent: Key[] = [];
  #patientlyAsked = 0;
  #dueAt = Number.POSITIVE_INFINITY;

  /**
   * @param keys whom to ask, each once
   * @param send sends the question once
   */
  constructor(
    context: Context,
    keys: readonly Key[],
    patience: Patience,
    send: (key: Key) => void,
  ) {
    this.#context = context;
    this.#patience = patience;
    this.#send = send;
    this.#waiting = keys.toReversed();
  }

  /** Whether nobody is left who may still answer. */
  get isSettled(): boolean {
    return this.#waiting.length === 0 && this.#asked.size === 0;
  }

  /** Those who were given up. */
  get silent(): readonly Key[] {
    return this.#silent;
  }

  /** Ask those who are due. Call once to begin, and at every {@link deadline}. */
  ask(): void {
    const { now } = this.#context;
    if (this.#dueAt <= now) this.#repeat();
    this.#askFresh();
  }

  /** Ask one more, or the same again from the beginning: the question has changed. */
  add(key: Key): void {
    const asked = this.#asked.get(key);
    if (asked !== undefined) this.#remove(key, asked);
    if (!this.#waiting.includes(key)) this.#waiting.unshift(key);
    this.#askFresh();
  }

  /** Somebody answered. @returns false when nothing was asked, or it was given up */
  answer(key: Key): boolean {
    const asked = this.#asked.get(key);
    if (asked === undefined) return false;
    this.#remove(key, asked);
    this.#askFresh();
    return true;
  }

  /** Give up everybody who has not answered. */
  giveUp(): void {
    this.#silent.push(...this.#asked.keys(), ...this.#waiting.splice(0).toReversed());
    this.#asked.clear();
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  deadline(): number | undefined {
    return this.#asked.size === 0 ? undefined : this.#dueAt;
  }

  #askFresh(): void {
    while (
      this.#waiting.length > 0 &&
      this.#asked.size - this.#patientlyAsked < this.#patience.window
    ) {
      const key = this.#waiting.pop() as Key;
      const asked = {
        attempts: 0,
        nextAt: 0,
        givenUpAt: this.#context.now + this.#patience.timeoutMs,
      };
      this.#asked.set(key, asked);
      this.#askOnce(key, asked);
    }
  }

  #repeat(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    for (const [key, asked] of this.#asked) {
      if (asked.givenUpAt <= this.#context.now) {
        this.#remove(key, asked);
        this.#silent.push(key);
      } else if (asked.nextAt <= this.#context.now) this.#askOnce(key, asked);
      else this.#dueAt = Math.min(this.#dueAt, asked.nextAt);
    }
  }

  #askOnce(key: Key, asked: Asked): void {
    const pauseMs = this.#patience.retryMs * 2 ** Math.min(asked.attempts, 2);
    asked.attempts += 1;
    if (asked.attempts === 3) this.#patientlyAsked += 1;
    asked.nextAt = Math.min(this.#context.now + this.#context.jittered(pauseMs), asked.givenUpAt);
    this.#dueAt = Math.min(this.#dueAt, asked.nextAt);
    this.#send(key);
  }

  #remove(key: Key, asked: Asked): void {
    if (asked.attempts >= 3) this.#patientlyAsked -= 1;
    this.#asked.delete(key);
  }
}
