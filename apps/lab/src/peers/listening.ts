import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { WatchedProcess } from "../processes/watched-process.js";

const pollIntervalMs = 20;
const timeoutMs = 10_000;

/** What a socket that can be reached is said to be, in `/proc/PID/net/tcp` and `udp`. */
const listening = { tcp: "0A", udp: "07" } as const;
type Protocol = keyof typeof listening;

/**
 * Waits until something listens on a port of the host on which the process runs: these tools do
 * not say when they can be reached.
 *
 * @throws Error when nothing does for 10 s, or the process ends
 */
export async function untilListening(
  process: WatchedProcess,
  port: number,
  protocol: Protocol = "tcp",
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    if (isListening(tableOf(process, protocol), port, protocol)) return;
    await Promise.race([wait(pollIntervalMs), process.exited]);
    if (process.hasExited) await process.success();
  }
  throw new Error(`${process.name} does not listen on port ${port}`);
}

/** @param table - what `/proc/PID/net/tcp` holds: addresses are `IP:PORT`, in hexadecimal */
export function isListening(table: string, port: number, protocol: Protocol): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").some((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    return local.endsWith(suffix) && state === listening[protocol];
  });
}

function tableOf({ pid }: WatchedProcess, protocol: Protocol): string {
  try {
    return readFileSync(`/proc/${pid}/net/${protocol}`, "latin1");
  } catch {
    return "";
  }
}
