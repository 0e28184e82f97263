import { readFileSync } from "node:fs";

const settings = "/proc/sys/net/ipv4";

/** Where a host has it; each network namespace its own. */
export const congestionControlFile: string = `${settings}/tcp_congestion_control`;

/**
 * What Linux has unless somebody changes it, and so what most hosts send with. A machine that serves many
 * others may well have another: BBR, for one, takes what a shaper lets through at once for the rate of
 * the link where paths have no delay, and lets links run dry afterwards.
 */
const usual = "cubic";

/** How the hosts of a lab send: the usual way, else the machine's own; undefined where that is not known. */
export function congestionControlOfHosts(): string | undefined {
  try {
    const available = readFileSync(`${settings}/tcp_available_congestion_control`, "utf8");
    return chooseCongestionControl(available, readFileSync(congestionControlFile, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * @param available - as the kernel lists what is loaded, separated by blanks
 * @param own - the machine's
 */
export function chooseCongestionControl(available: string, own: string): string {
  return available.trim().split(" ").includes(usual) ? usual : own.trim();
}
