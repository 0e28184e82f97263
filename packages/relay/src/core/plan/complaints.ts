/** Those below a peer that sends nothing all complain: so long until everybody has, in ms. */
const gatherMs = 300;

/** Who complains excuses itself for this time; complaints are repeated after 2 s at most, in ms. */
const excusedMs = 2_500;

/** When places have changed, chunks flow again within this time if they can, in ms. */
const settleMs = 1_500;

/** A sink that says that its source sends it nothing, though it answers. */
export interface Complaint {
  readonly sink: number;
  readonly source: number;
}

/**
 * Complaints about sources that send nothing. Behind one that withholds chunks everybody is without
 * them, and complains about a source that would send them if it could. So whoever complains itself is
 * excused, and what is left is where the flow ends.
 */
export class Complaints {
  /** To be judged, each once. */
  readonly #open = new Map<string, Complaint>();
  #judgeAt: number | undefined;
  /** Until when each peer that has complained is excused. */
  readonly #excused = new Map<number, number>();
  #settledAt = Number.NEGATIVE_INFINITY;

  /** The sink is without chunks: it is not to blame that those below it are. */
  excuse(sink: number, now: number): void {
    this.#excused.set(sink, now + excusedMs);
  }

  /** The source is to blame, unless it is excused by then. */
  note({ sink, source }: Complaint, now: number): void {
    if (now < this.#settledAt) return;
    this.#open.set(`${sink} ${source}`, { sink, source });
    this.#judgeAt ??= now + gatherMs;
  }

  /** Places have changed: what is said now may still be of the old ones. */
  onMove(now: number): void {
    this.#settledAt = now + settleMs;
    this.#open.clear();
    this.#judgeAt = undefined;
  }

  deadline(): number | undefined {
    return this.#judgeAt;
  }

  /** Where the flow ends; nothing as long as others may still complain. */
  judge(now: number): readonly Complaint[] {
    if (this.#judgeAt === undefined || now < this.#judgeAt) return [];
    const open = [...this.#open.values()];
    this.#open.clear();
    this.#judgeAt = undefined;
    return open.filter(({ source }) => (this.#excused.get(source) ?? now) <= now);
  }
}
