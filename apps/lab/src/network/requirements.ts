import { LabNetwork } from "./network.js";

/** What a shaped link of the probe carries; any rate will do. */
const probeBitsPerSecond = 10_000_000;

/**
 * Why no lab can be built on this machine; undefined when one can. It is tried, with one host:
 * containers often have the programs and not the rights.
 */
export async function lackOfNetwork(): Promise<string | undefined> {
  if (process.platform !== "linux") return "it needs Linux's network namespaces";
  if (process.getuid?.() !== 0) return "it needs root, for network namespaces and shaped links";
  try {
    await using network = await LabNetwork.build({ linkRates: [probeBitsPerSecond] });
    return network.hosts.length === 1 ? undefined : "it has no host";
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const isMissing = why.includes("ENOENT");
    return isMissing ? "it needs iproute2 (ip, tc)" : `no network can be built here: ${why}`;
  }
}
