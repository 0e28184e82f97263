import type { Host, NetworkShape } from "./shape.js";

/**
 * What `ip` and `tc` are told, as data: each function gives lines of a `-batch`. They are run in
 * the order of this file.
 */
export type Batch = readonly string[];

/** The one link of every host. */
export const hostDevice = "eth0";

/** Where all links meet. A namespace of its own keeps it away from the machine's own bridges. */
const bridge = "switch";

/**
 * The switch's own Ethernet address. It has no IP address, so that what is sent there is lost, at
 * nobody else's expense.
 */
const nowhere = "02:00:00:00:00:fe";

/**
 * How links are limited. A burst is what may leave at once: 32 KiB are 5 ms at 50 Mbit/s. Larger ones
 * let hosts run ahead of their links, smaller ones cost more wake-ups (4 KiB made a plain TCP copy
 * 2 % slower on a busy machine; 16 to 128 KiB made no difference). Packets wait for 50 ms at most,
 * then they are dropped, as a switch with small buffers does.
 */
export const shaping = { burstBytes: 32_768, latencyMs: 50 } as const;

/**
 * What a host's kernel hands to its link at once; a network card cuts it into packets. `tbf` has to do that
 * itself with whatever is larger than a burst, and then each packet of 1.5 KB goes through all queues alone:
 * at the default of 64 KiB this took two fifths of the machine, of programs that write much at once only (8
 * hosts at 50 Mbit/s: 26 CPU seconds instead of 17; socat's small writes were never cut).
 */
const mostPacketBytes = 16_384;

/** All of UFTP's groups. There is no other route out of a lab. */
const multicastRange = "230.0.0.0/8";

/** The switch's end of a host's link. */
export function portOf({ number }: Host): string {
  return `port${number}`;
}

export function addNamespaces(namespaces: readonly string[]): Batch {
  return namespaces.map((namespace) => `netns add ${namespace}`);
}

/** For `ip -n SWITCH`. Without snooping, multicast reaches every port: nobody here asks for it. */
export function buildSwitch(hosts: readonly Host[]): Batch {
  return [
    `link add ${bridge} address ${nowhere} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    `link set ${bridge} addrgenmode none up`,
    ...hosts.flatMap((host) => {
      const port = portOf(host);
      return [
        `link add ${port} type veth peer name ${hostDevice} netns ${host.namespace}`,
        `link set ${port} addrgenmode none gso_max_size ${mostPacketBytes} master ${bridge} up`,
      ];
    }),
  ];
}

/** For `ip -n HOST`. Without IPv6 addresses nothing is said on an idle link. */
export function buildHost({ address }: Host): Batch {
  return [
    "link set lo up",
    `address add ${address}/24 dev ${hostDevice}`,
    `link set ${hostDevice} addrgenmode none gso_max_size ${mostPacketBytes} up`,
    `route add ${multicastRange} dev ${hostDevice}`,
  ];
}

/** For `tc -n HOST`: what the host sends. */
export function shapeEgress(bitsPerSecond: number): Batch {
  return [shape(hostDevice, bitsPerSecond)];
}

/** For `tc -n SWITCH`: what each host is sent. */
export function shapeIngress(hosts: readonly Host[], { linkRates }: NetworkShape): Batch {
  return hosts.flatMap((host) => {
    const rate = linkRates[host.number];
    return rate === undefined ? [] : [shape(portOf(host), rate)];
  });
}

/** For `ip -n SWITCH`: the host falls silent; nobody is told that it is gone. */
export function cutOff(host: Host): Batch {
  return [`link set ${portOf(host)} down`];
}

/** For `ip -n SWITCH`: what {@link cutOff} did is over. */
export function connect(host: Host): Batch {
  return [`link set ${portOf(host)} up`];
}

/** For `ip -n HOST`: its interface goes down, which its own programs are told. */
export function unplug(): Batch {
  return [`link set ${hostDevice} down`];
}

/** For `ip -n HOST`: what {@link unplug} did is over. */
export function plugIn(): Batch {
  return [`link set ${hostDevice} up`];
}

/** For `ip -n HOST`: whatever it sends to these hosts is lost, and nobody is told. */
export function losePackets(to: readonly Host[]): Batch {
  return to.map(
    ({ address }) => `neigh replace ${address} lladdr ${nowhere} dev ${hostDevice} nud permanent`,
  );
}

/** For `ip -n HOST`: what {@link losePackets} did is over. */
export function findAgain(hosts: readonly Host[]): Batch {
  return hosts.map(({ address }) => `neigh del ${address} dev ${hostDevice}`);
}

/** For `ss` on the host: it prints one line for every connection that it ends. */
export const resetConnections = ["--tcp", "--no-header", "--kill", "state", "established"] as const;

export function deleteNamespaces(namespaces: readonly string[]): Batch {
  return namespaces.map((namespace) => `netns delete ${namespace}`);
}

function shape(device: string, bitsPerSecond: number): string {
  const { burstBytes, latencyMs } = shaping;
  const rate = `rate ${Math.round(bitsPerSecond)}bit`;
  return `qdisc add dev ${device} root tbf ${rate} burst ${burstBytes}b latency ${latencyMs}ms`;
}
