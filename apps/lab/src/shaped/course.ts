import type { Distribution } from "../peers/tool.js";
import type { ShapedMeasurement } from "./metrics.js";

/** How a distribution goes: who has the file, and when. */
export class Course {
  readonly #distribution: Distribution;
  readonly #isCounted: (at: number) => boolean;
  /** By the receiver's place in the list. */
  readonly #completedAtMs = new Map<number, number>();
  readonly #counted: Promise<unknown>;
  readonly #happenings: Promise<unknown>[] = [];
  #lateCount = 0;
  readonly #lateSeconds: number[] = [];
  #said: ShapedMeasurement = {};

  /** @param isCounted - whether a receiver, by its place, counts */
  constructor(distribution: Distribution, isCounted: (at: number) => boolean) {
    this.#distribution = distribution;
    this.#isCounted = isCounted;
    const completions = distribution.completions.map(async (completion, at) => {
      this.#completedAtMs.set(at, await completion);
    });
    // One that is cut off ends without the file: that is no news.
    for (const completion of completions) completion.catch(() => {});
    this.#counted = Promise.all(completions.filter((_, at) => isCounted(at)));
  }

  /** Something else happens: the course goes on until it has, and fails if that fails. */
  include(happening: Promise<unknown>): void {
    happening.catch(() => {}); // `end` hears of it
    this.#happenings.push(happening);
  }

  /** Somebody joins late: the course goes on until it has the file too. */
  expectLate(completion: Promise<number>): void {
    const joinedAtMs = performance.now();
    this.#lateCount += 1;
    this.include(
      completion.then((atMs) => {
        this.#lateSeconds.push((atMs - joinedAtMs) / 1_000);
      }),
    );
  }

  /**
   * Waits until every receiver that counts has the file, everybody who joined late too, and the
   * tool itself has ended; or for the given time since it began.
   *
   * @throws Error when a process that is needed fails
   */
  async end(timeoutMs: number): Promise<void> {
    const { startedAtMs, ended } = this.#distribution;
    const said = ended?.then((measured) => {
      this.#said = measured;
    });
    let timer: NodeJS.Timeout | undefined;
    const isOver = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, startedAtMs + timeoutMs - performance.now());
    });
    try {
      await Promise.race([Promise.all([this.#counted, said]), isOver]);
      // Nobody joins any more: those who did are known.
      await Promise.race([Promise.all(this.#happenings), isOver]);
    } finally {
      clearTimeout(timer);
      // They are ended now, and fail.
      this.#counted.catch(() => {});
      said?.catch(() => {});
    }
  }

  isComplete(at: number): boolean {
    return this.#completedAtMs.has(at);
  }

  get countedCount(): number {
    return this.#distribution.completions.filter((_, at) => this.#isCounted(at)).length;
  }

  /** Of those that count. */
  get completeCount(): number {
    return [...this.#completedAtMs.keys()].filter(this.#isCounted).length;
  }

  /** Until the last that counts had the file; undefined when one has not. */
  get countedSeconds(): number | undefined {
    return this.#secondsOf(this.#isCounted);
  }

  /** Until the last of all had the file; undefined when one has not. */
  get allSeconds(): number | undefined {
    return this.#secondsOf(() => true);
  }

  /** From joining until the last that joined late had the file; undefined: one has not, or none. */
  get lateSeconds(): number | undefined {
    const isWhole = this.#lateSeconds.length === this.#lateCount;
    return isWhole && this.#lateCount > 0 ? Math.max(...this.#lateSeconds) : undefined;
  }

  /** What the tool itself said in the end. */
  get said(): ShapedMeasurement {
    return this.#said;
  }

  #secondsOf(isWanted: (at: number) => boolean): number | undefined {
    const { completions, startedAtMs } = this.#distribution;
    const wanted = completions.flatMap((_, at) => (isWanted(at) ? [at] : []));
    const times = wanted.map((at) => this.#completedAtMs.get(at) ?? Number.POSITIVE_INFINITY);
    const lastAtMs = Math.max(...times);
    return Number.isFinite(lastAtMs) ? (lastAtMs - startedAtMs) / 1_000 : undefined;
  }
}
