/** What one worker is to do: cases of one target, until the time is over. */
export interface Job {
  readonly target: string;
  readonly seed: number;
  readonly mostCases: number;
  readonly minutes: number;
  /** Where the worker says which case it is at: its place, from 1. */
  readonly at: Int32Array<SharedArrayBuffer>;
}

/** What became of a job. */
export interface Outcome {
  readonly cases: number;
  readonly accepted: number;
  readonly seconds: number;
  /** Processor time: other programs change it less than the time on the wall. */
  readonly cpuSeconds: number;
  readonly slowestMs: number;
  readonly slowestSeed: number;
  /**
   * Bytes of the heap and of buffers beside it after the last case, more than after the first
   * tenth.
   */
  readonly growthBytes: number;
  /** What was found: how to repeat it, and what happened; each kind once. */
  readonly findings: readonly string[];
}
