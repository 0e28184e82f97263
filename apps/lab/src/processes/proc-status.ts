import { readFileSync } from "node:fs";

/** What the operating system counted for a process so far. */
export interface ProcessUsage {
  /** The most memory that it had in RAM at any time so far (VmHWM), shared libraries too. */
  readonly peakMemoryBytes: number;
  /** What it has in RAM now (VmRSS). */
  readonly memoryBytes: number;
  /** In user and system mode, of all its threads. */
  readonly cpuSeconds: number;
}

/** Linux counts CPU time in these, on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** @returns undefined where there is no /proc, and once the process is gone */
export function readUsage(pid: number): ProcessUsage | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return parseUsage(status, stat);
  } catch {
    return undefined;
  }
}

/**
 * CPU time of all processes that this one has started and that have ended, and of those that they
 * have waited for: unlike what is seen of running processes, it is whole. Undefined without /proc.
 */
export function endedChildrenCpuSeconds(): number | undefined {
  try {
    return parseChildrenCpu(readFileSync("/proc/self/stat", "latin1"));
  } catch {
    return undefined;
  }
}

export function parseChildrenCpu(stat: string): number {
  const fields = fieldsOf(stat);
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** @returns undefined for a process that has ended and was not collected yet: it has no memory */
export function parseUsage(status: string, stat: string): ProcessUsage | undefined {
  const peak = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  const now = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
  const fields = fieldsOf(stat);
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (peak === undefined || now === undefined || !Number.isFinite(ticks)) return undefined;
  return {
    peakMemoryBytes: Number(peak) * 1_024,
    memoryBytes: Number(now) * 1_024,
    cpuSeconds: ticks / ticksPerSecond,
  };
}

/** From the third on: the second is the program's name, which may hold spaces and brackets. */
function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
