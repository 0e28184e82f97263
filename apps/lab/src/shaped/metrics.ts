import type { Metric } from "../metrics.js";

/** Everything that a run in the lab can measure. */
export type ShapedMetric =
  | "ratio"
  | "ratio-of-all"
  | "seconds"
  | "late-seconds"
  | "root-egress"
  | "duplicates"
  | "root-memory"
  | "receiver-memory"
  | "cpu-time"
  | "foreign-cpu"
  | "command-time";

/** In the order of a report. */
export const shapedMetrics: Readonly<Record<ShapedMetric, Metric>> = {
  ratio: { label: "time until the last counted host has all ÷ F/B", unit: "×" },
  "ratio-of-all": { label: "same, until the last host of all", unit: "×" },
  seconds: { label: "time until the last counted host has all", unit: "s" },
  "late-seconds": { label: "time from joining late until all late hosts have all", unit: "s" },
  "root-egress": { label: "bytes on the root's link ÷ F", unit: "×" },
  duplicates: { label: "payload received twice", unit: "%" },
  "root-memory": { label: "peak memory of the root's process", unit: "MiB" },
  "receiver-memory": { label: "peak memory of the largest receiver", unit: "MiB" },
  "cpu-time": { label: "CPU time of all processes", unit: "s" },
  "foreign-cpu": { label: "cores taken by other programs", unit: "%" },
  "command-time": { label: "`send`, from start to exit", unit: "s" },
};

export const shapedMetricNames: readonly ShapedMetric[] = Object.keys(
  shapedMetrics,
) as ShapedMetric[];

/** What one run measured. What could not be measured is not there. */
export type ShapedMeasurement = Readonly<Partial<Record<ShapedMetric, number>>>;
