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
 * How links are limited. A burst is what may leave at once: 72 KiB are 12 ms at 50 Mbit/s, and what a host's
 * kernel hands to its link at once, 64 KiB and headers, passes whole. `tbf` has to cut what is larger, as a
 * network card does, and then each packet of 1.5 KB goes through all queues alone: the processors of one
 * machine then measure that. (Of 8 hosts at 50 Mbit/s that took two fifths of the machine; with 16 KiB at once
 * and bursts of 32 KiB a transfer took 10 to 20 % more processor time.) Packets wait for 50 ms at most, then they
 * are dropped, as a switch with small buffers does.
 */
export const shaping = { burstBytes: 73_728, latencyMs: 50 } as const;

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
        `link set ${port} addrgenmode none master ${bridge} up`,
      ];
    }),
  ];
}

/** For `ip -n HOST`. Without IPv6 addresses nothing is said on an idle link. */
export function buildHost({ address }: Host): Batch {
  return [
    "link set lo up",
    `address add ${address}/24 dev ${hostDevice}`,
    `link set ${hostDevice} addrgenmode none up`,
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
