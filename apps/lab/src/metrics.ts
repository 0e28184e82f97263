/** One thing that is measured in a run. */
export interface Metric {
  /** What it is, in a table. */
  readonly label: string;
  readonly unit: string;
}

/** Everything that a run can measure. */
export type MetricName =
  | "slowest-receiver-rate"
  | "session-rate"
  | "plain-tcp-rate"
  | "plain-tcp-ratio"
  | "cp-rate"
  | "file-rate"
  | "cp-file-rate"
  | "command-time"
  | "cpu-time"
  | "foreign-cpu"
  | "sender-memory"
  | "receiver-memory"
  | "junk-rate"
  | "transfer-junk-rate"
  | "idle-growth"
  | "sender-growth"
  | "receiver-growth"
  | "intact-copies";

/** In the order of a report. */
export const metrics: Readonly<Record<MetricName, Metric>> = {
  "slowest-receiver-rate": { label: "rate of the slowest receiver", unit: "MB/s" },
  "session-rate": { label: "same, from the session's start", unit: "MB/s" },
  "plain-tcp-rate": { label: "baseline: plain TCP to each, unverified", unit: "MB/s" },
  "plain-tcp-ratio": { label: "slowest receiver ÷ plain TCP", unit: "×" },
  "cp-rate": { label: "baseline: cp", unit: "MB/s" },
  "file-rate": { label: "files to each receiver", unit: "files/s" },
  "cp-file-rate": { label: "baseline: cp -R", unit: "files/s" },
  "command-time": { label: "`send`, from start to exit", unit: "s" },
  "cpu-time": { label: "CPU time of all processes", unit: "s" },
  "foreign-cpu": { label: "cores taken by other programs", unit: "%" },
  "sender-memory": { label: "peak memory of the sender", unit: "MiB" },
  "receiver-memory": { label: "peak memory of the largest receiver", unit: "MiB" },
  "junk-rate": { label: "junk, offered to an idle receiver", unit: "datagrams/s" },
  "transfer-junk-rate": { label: "junk, offered during the transfer", unit: "datagrams/s" },
  "idle-growth": { label: "growth of that receiver's memory", unit: "MiB" },
  "sender-growth": { label: "peak of a flooded sender above that of another", unit: "MiB" },
  "receiver-growth": { label: "peak of a flooded receiver above that of another", unit: "MiB" },
  "intact-copies": { label: "copies with the right hash", unit: "copies" },
};

export const metricNames: readonly MetricName[] = Object.keys(metrics) as MetricName[];

/** What one run measured. What could not be measured on this system is not there. */
export type Measurement = Readonly<Partial<Record<MetricName, number>>>;
