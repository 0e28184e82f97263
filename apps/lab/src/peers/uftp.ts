import { hostDevice } from "../network/commands.js";
import type { Host } from "../network/shape.js";
import { untilListening } from "./listening.js";
import type { Tool } from "./tool.js";

/** UFTP's own. */
const port = 1044;

/**
 * UFTP is told its rate. More of the link than this is lost on its way, as headers and its own
 * messages take the rest, and repeated at the end.
 */
const shareOfLink = 0.94;

/** Where links are not shaped: more is lost than arrives. */
const unshapedBitsPerSecond = 1_000_000_000;

/** Multicast: the root sends each byte once, and the switch makes the copies. */
export const uftp: Tool = {
  name: "uftp",
  about: `UFTP multicast at ${shareOfLink} of the link; packets have checksums, files have none`,
  requirements: [{ package: "uftp", probe: ["sh", "-c", "command -v uftp && command -v uftpd"] }],

  async start({ root, receivers, bitsPerSecond = unshapedBitsPerSecond, start }) {
    const daemons = receivers.map((station) =>
      start(station, "uftpd", ["-d", "-I", hostDevice, "-D", station.directory], {
        phrases: { complete: /File transfer complete/ },
      }),
    );
    await Promise.all(daemons.map((daemon) => untilListening(daemon, port, "udp")));
    const hosts = receivers.map(({ host }) => host);
    const sender = start(root, "uftp", senderArguments(root.file, hosts, bitsPerSecond));
    return {
      startedAtMs: sender.startedAtMs,
      completions: daemons.map(async (daemon) => (await daemon.first("complete")).atMs),
    };
  },
};

/** It is told who takes part, as all tools are here: else it would wait three seconds for more. */
export function senderArguments(
  file: string,
  hosts: readonly Host[],
  bitsPerSecond: number,
): readonly string[] {
  const kilobits = Math.floor((bitsPerSecond * shareOfLink) / 1_000);
  const ids = hosts.map(({ address }) => clientId(address));
  return ["-I", hostDevice, "-R", String(kilobits), "-H", ids.join(","), file];
}

/** UFTP's name of a host: its address, in hexadecimal. */
export function clientId(address: string): string {
  const octets = address.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"));
  return `0x${octets.join("").toUpperCase()}`;
}
