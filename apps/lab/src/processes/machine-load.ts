import { cpus } from "node:os";

/** CPU time of all cores since the machine was started. */
export interface MachineTimes {
  readonly busySeconds: number;
  readonly totalSeconds: number;
}

export function readMachineTimes(): MachineTimes {
  let busyMs = 0;
  let idleMs = 0;
  for (const { times } of cpus()) {
    busyMs += times.user + times.nice + times.sys + times.irq;
    idleMs += times.idle;
  }
  return { busySeconds: busyMs / 1_000, totalSeconds: (busyMs + idleMs) / 1_000 };
}

/**
 * How much of the machine programs other than ours used between two readings, in percent of all
 * cores: what disturbed a measurement.
 */
export function foreignPercent(
  before: MachineTimes,
  after: MachineTimes,
  ownSeconds: number,
): number {
  const total = after.totalSeconds - before.totalSeconds;
  if (total <= 0) return 0;
  const foreign = after.busySeconds - before.busySeconds - ownSeconds;
  return Math.min(100, Math.max(0, (100 * foreign) / total));
}
