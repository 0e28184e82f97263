import { readFileSync } from "node:fs";

/** What Linux calls a TCP connection that stands. */
const established = "01";

/**
 * Whether a process's network namespace has a TCP connection that stands, from there to an address.
 * False once the process is gone.
 *
 * @param address - IPv4, dotted
 */
export function isConnectedTo(pid: number, address: string): boolean {
  try {
    return hasConnection(readFileSync(`/proc/${pid}/net/tcp`, "latin1"), address);
  } catch {
    return false;
  }
}

/** @param table - what `/proc/PID/net/tcp` shows */
export function hasConnection(table: string, address: string): boolean {
  const wanted = hexadecimal(address);
  return table.split("\n").some((line) => {
    const [, , remote, state] = line.trim().split(/\s+/);
    return state === established && remote?.startsWith(`${wanted}:`) === true;
  });
}

/** As that table has it, on the little-endian machines that Node runs on: last byte first. */
function hexadecimal(address: string): string {
  const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return bytes.toReversed().join("").toUpperCase();
}
