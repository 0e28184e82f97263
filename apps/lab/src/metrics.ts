/** One thing that is measured in a run. */
export interface Metric {
  /** What it is, in a table. */
  readonly label: string;
  readonly unit: string;
}

/** Everything a run can measure, in the order of a report. */
export const metrics = {
  "slowest-receiver-rate": { label: "rate of the slowest receiver", unit: "MB/s" },
  "session-rate": { label: "the same, without start-up of `send`", unit: "MB/s" },
  "plain-tcp-rate": { label: "baseline: plain TCP to one, unverified", unit: "MB/s" },
  "plain-tcp-ratio": { label: "slowest receiver ÷ plain TCP", unit: "×" },
  "cp-rate": { label: "baseline: cp", unit: "MB/s" },
  "file-rate": { label: "files to each receiver", unit: "files/s" },
  "cp-file-rate": { label: "baseline: cp -R", unit: "files/s" },
  "command-time": { label: "`send`, from start to exit", unit: "s" },
  "cpu-time": { label: "CPU time of all processes", unit: "s" },
  "sender-memory": { label: "peak memory of the sender", unit: "MiB" },
  "receiver-memory": { label: "peak memory of the largest receiver", unit: "MiB" },
  "intact-copies": { label: "complete copies with the right hash", unit: "copies" },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;

/** Their names, in the order of a report. */
export const metricNames: readonly MetricName[] = Object.keys(metrics) as MetricName[];

/** What one run measured. What could not be measured on this system is not there. */
export type Measurement = Readonly<Partial<Record<MetricName, number>>>;
