import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import {
  addNamespaces,
  buildHost,
  buildSwitch,
  connect,
  cutOff,
  deleteNamespaces,
  findAgain,
  losePackets,
  plugIn,
  portOf,
  shapeEgress,
  shapeIngress,
  unplug,
} from "../src/network/commands.js";
import {
  chooseCongestionControl,
  congestionControlFile,
  congestionControlOfHosts,
} from "../src/network/congestion-control.js";
import { parseReceivedBytes, parseSentBytes } from "../src/network/counters.js";
import { LabNetwork } from "../src/network/network.js";
import { lackOfNetwork } from "../src/network/requirements.js";
import { nameHosts } from "../src/network/shape.js";

const shape = { linkRates: [50e6, undefined, 5e6] };
const hosts = nameHosts("lab-1", shape);
const [root] = hosts;

const lack = await lackOfNetwork();
if (lack !== undefined) console.warn(`networks are not built here: ${lack}`);

describe("the hosts of a network", () => {
  test("have a namespace, an address and a port of their own, the root the first", () => {
    expect(root).toEqual({ number: 0, namespace: "lab-1-host-0", address: "10.77.0.1" });
    expect(hosts.map(({ address }) => address)).toEqual(["10.77.0.1", "10.77.0.2", "10.77.0.3"]);
    expect(hosts.map(portOf)).toEqual(["port0", "port1", "port2"]);
  });

  test("of two labs are in namespaces that do not meet", () => {
    const others = nameHosts("lab-2", shape).map(({ namespace }) => namespace);
    for (const { namespace } of hosts) expect(others).not.toContain(namespace);
  });

  test("are not more than there are addresses", () => {
    const linkRates = Array.from({ length: 251 }, () => undefined);
    expect(() => nameHosts("lab", { linkRates })).toThrow(/251 hosts.*250/);
  });
});

describe("the commands that build a network", () => {
  test("join every host to the switch by a link of its own, whose ends are in their namespaces", () => {
    expect(buildSwitch(hosts)).toEqual([
      "link add switch address 02:00:00:00:00:fe type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
      "link set switch addrgenmode none up",
      "link add port0 type veth peer name eth0 netns lab-1-host-0",
      "link set port0 addrgenmode none master switch up",
      "link add port1 type veth peer name eth0 netns lab-1-host-1",
      "link set port1 addrgenmode none master switch up",
      "link add port2 type veth peer name eth0 netns lab-1-host-2",
      "link set port2 addrgenmode none master switch up",
    ]);
  });

  test("give a host its address, loopback, and a way for multicast", () => {
    expect(buildHost(root!)).toEqual([
      "link set lo up",
      "address add 10.77.0.1/24 dev eth0",
      "link set eth0 addrgenmode none up",
      "route add 230.0.0.0/8 dev eth0",
    ]);
  });

  test("limit what a host sends on its own end, and what it is sent on the switch's", () => {
    const limit = "root tbf rate 50000000bit burst 73728b latency 50ms";
    expect(shapeEgress(50e6)).toEqual([`qdisc add dev eth0 ${limit}`]);
    expect(shapeIngress(hosts, shape)).toEqual([
      `qdisc add dev port0 ${limit}`,
      "qdisc add dev port2 root tbf rate 5000000bit burst 73728b latency 50ms",
    ]);
  });

  test("cut a host off by its port alone: the host's own end stays up and says nothing", () => {
    expect(cutOff(hosts[2]!)).toEqual(["link set port2 down"]);
    expect(connect(hosts[2]!)).toEqual(["link set port2 up"]);
    expect([unplug(), plugIn()]).toEqual([["link set eth0 down"], ["link set eth0 up"]]);
  });

  test("lose what is sent to a host by an address in its place that is nobody's", () => {
    expect(losePackets([hosts[1]!])).toEqual([
      "neigh replace 10.77.0.2 lladdr 02:00:00:00:00:fe dev eth0 nud permanent",
    ]);
    expect(findAgain([hosts[1]!])).toEqual(["neigh del 10.77.0.2 dev eth0"]);
  });

  test("delete what they added", () => {
    expect(addNamespaces(["a", "b"])).toEqual(["netns add a", "netns add b"]);
    expect(deleteNamespaces(["a", "b"])).toEqual(["netns delete a", "netns delete b"]);
  });
});

describe("the bytes on a link", () => {
  test("are those that its shaper counted", () => {
    const shown = [
      { kind: "noqueue", bytes: 7 },
      { kind: "tbf", bytes: 70_168_056 },
    ];
    expect(parseSentBytes(JSON.stringify(shown))).toBe(70_168_056);
  });

  test("and those that came are what the device counted", () => {
    const shown = [{ ifname: "eth0", stats64: { rx: { bytes: 701 }, tx: { bytes: 5 } } }];
    expect(parseReceivedBytes(JSON.stringify(shown))).toBe(701);
    expect(() => parseReceivedBytes("[{}]")).toThrow(/no counters/);
  });

  test("are unknown without one", () => {
    expect(parseSentBytes('[{"kind":"noqueue"}]')).toBeUndefined();
  });
});

test("hosts send by CUBIC whatever the machine does, and as it does where there is none", () => {
  expect(chooseCongestionControl("reno bbr cubic\n", "bbr\n")).toBe("cubic");
  expect(chooseCongestionControl("reno bbr\n", "bbr\n")).toBe("bbr");
});

test.skipIf(lack !== undefined)("the hosts of a network send as the report says", async () => {
  await using network = await LabNetwork.build({ linkRates: [50e6, 50e6] });
  for (const host of network.hosts) {
    const { program, args } = network.commandOn(host, "cat", [congestionControlFile]);
    const { stdout } = await promisify(execFile)(program, args);
    expect(stdout.trim()).toBe(congestionControlOfHosts());
  }
});
